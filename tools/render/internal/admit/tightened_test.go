package admit

import "testing"

func TestPodTemplateOfAStatefulSetIsChecked(t *testing.T) {
	t.Parallel()
	const claims = "[{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]"
	change := func(path string, value any, more ...any) Result {
		object := parse(t, samples["apps/StatefulSet"].valid)
		set(t, object, path, value)
		for i := 0; i < len(more); i += 2 {
			set(t, object, more[i].(string), more[i+1])
		}
		return New(nil).Validate(object)
	}
	const containers = "spec.template.spec.containers"
	wantFaultAt(t, change(containers+".0.image", nil), containers+"[0].image", "Required value")
	wantFaultAt(t, change(containers+".0.volumeMounts", parseValue(t, "[{name: data, mountPath: /data}]")),
		containers+"[0].volumeMounts[0].name", "Not found")
	wantPass(t, change(containers+".0.volumeMounts", parseValue(t, "[{name: data, mountPath: /data}]"),
		"spec.volumeClaimTemplates", parseValue(t, claims)))
	wantFaultAt(t, change("spec.volumeClaimTemplates", parseValue(t, "[{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]")),
		"spec.volumeClaimTemplates[0].spec.resources[storage]", "Required value")
}

func TestScaleTargetOfAnAutoscalerNeedsAGroup(t *testing.T) {
	t.Parallel()
	for version, part := range map[string]any{"v1": "must specify API group", "a/b/c": "unexpected GroupVersion string"} {
		object := parse(t, samples["autoscaling/HorizontalPodAutoscaler"].valid)
		set(t, object, "spec.scaleTargetRef.apiVersion", version)
		wantFaultAt(t, New(nil).Validate(object), "spec.scaleTargetRef.apiVersion", part.(string))
	}
}

func TestScheduleThatPanicsTheParserIsRefused(t *testing.T) {
	t.Parallel()
	object := parse(t, samples["batch/CronJob"].valid)
	set(t, object, "spec.schedule", "TZ=UTC")
	wantFaultAt(t, New(nil).Validate(object), "spec.schedule", "is no schedule")
}
