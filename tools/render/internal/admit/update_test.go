package admit

import (
	"strings"
	"testing"
)

const (
	theDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ns}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}`
	jobManifest = `
apiVersion: batch/v1
kind: Job
metadata: {name: job, namespace: ns}
spec:
  backoffLimit: 1
  template:
    spec: {restartPolicy: Never, containers: [{name: job, image: "job:1"}]}`
	claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: ns}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}`
	serviceManifest = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ns}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]`
	account = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: ns}`
	immutableSecret = `
apiVersion: v1
kind: Secret
metadata: {name: web, namespace: ns}
immutable: true
data: {password: aHVudGVyMg==}`
	widgetCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets, singular: theWidget, listKind: WidgetList}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size:
                type: integer
                default: 1
                x-kubernetes-validations:
                - {rule: self == oldSelf, message: size never changes}
              free: {type: string}`
	theWidget = `
apiVersion: example.com/v1
kind: Widget
metadata: {name: web, namespace: ns}
spec: {size: 1, free: a}`
)

// TestAnUpdateIsJudgedAsTheAPIServerWould changes one text of a manifest. What the
// cluster has added to the live object must neither hide a refusal nor cause one.
func TestAnUpdateIsJudgedAsTheAPIServerWould(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ manifest, from, to, refused string }{
		"image of a Deployment":           {theDeployment, "web:1", "web:2", ""},
		"selector of a Deployment":        {theDeployment, "{app: web}", "{app: front}", "spec.selector: Invalid value: field is immutable"},
		"backoff of a Job":                {jobManifest, "backoffLimit: 1", "backoffLimit: 2", ""},
		"image of a Job":                  {jobManifest, "job:1", "job:2", "spec.template: "},
		"growing claim":                   {claim, "1Gi", "2Gi", ""},
		"shrinking claim":                 {claim, "1Gi", "1Mi", "spec.resources.requests.storage: Forbidden: field can not be less than"},
		"access mode of a claim":          {claim, "ReadWriteOnce", "ReadWriteMany", "spec: "},
		"target port of a Service":        {serviceManifest, "8080", "8081", ""},
		"headless Service from another":   {serviceManifest, "spec:", "spec:\n  clusterIP: None", "spec.clusterIPs[0]: "},
		"fixed address of a Service":      {serviceManifest, "spec:", "spec:\n  clusterIP: 10.0.0.99", "spec.clusterIPs[0]: "},
		"type of a Service":               {serviceManifest, "spec:", "spec:\n  type: NodePort", ""},
		"annotation of a ServiceAccount":  {account, "name: web,", "name: web, annotations: {a: b},", ""},
		"data of an immutable Secret":     {immutableSecret, "aHVudGVyMg==", "aHVudGVyMw==", "data: Forbidden: field is immutable when `immutable` is set"},
		"scope of a definition":           {widgetCRD, "Namespaced", "Cluster", "spec.scope: "},
		"description in a definition":     {widgetCRD, "{type: string}", "{type: string, description: d}", ""},
		"free field of a custom resource": {theWidget, "free: a", "free: b", ""},
		"field with a transition rule":    {theWidget, "size: 1", "size: 2", "spec.size: Invalid value: \"integer\": size never changes"},
		"a new object that is invalid":    {theDeployment, "web:1", "", ""}, // Validate says so
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := New(parseAll(t, widgetCRD))
			u := v.ValidateUpdate(parse(t, c.manifest), parse(t, strings.ReplaceAll(c.manifest, c.from, c.to)))
			if u.Reason != "" || u.Same {
				t.Fatalf("not judged: %+v", u)
			}
			got := strings.Join(texts(u.Refused), "\n")
			if (c.refused == "") != (got == "") || !strings.Contains(got, c.refused) {
				t.Errorf("refused %q, want %q", got, c.refused)
			}
			if strings.Contains(got, "aHVudGVy") || strings.Contains(got, "hunter") {
				t.Errorf("the value of a Secret is shown: %s", got)
			}
		})
	}
}

func TestADefaultSpeltOutIsTheSameObject(t *testing.T) {
	t.Parallel()
	v := New(parseAll(t, widgetCRD))
	for manifest, change := range map[string][2]string{
		theDeployment:   {"spec:\n  selector", "spec:\n  replicas: 1\n  selector"},
		serviceManifest: {"targetPort: 8080", "targetPort: 8080, protocol: TCP"},
		theWidget:       {"size: 1, ", ""},
	} {
		u := v.ValidateUpdate(parse(t, manifest), parse(t, strings.Replace(manifest, change[0], change[1], 1)))
		if !u.Same {
			t.Errorf("%s: %+v", change[1], u)
		}
	}
	u := v.ValidateUpdate(parse(t, theDeployment), parse(t, strings.Replace(theDeployment, "spec:\n  selector", "spec:\n  replicas: 2\n  selector", 1)))
	if u.Same {
		t.Error("two replicas are not one")
	}
}

func TestAnUpdateOfAnUnknownKindIsNotJudged(t *testing.T) {
	t.Parallel()
	u := New(nil).ValidateUpdate(parse(t, theWidget), parse(t, strings.Replace(theWidget, "size: 1", "size: 2", 1)))
	if u.Reason == "" || u.Same || len(u.Refused) > 0 {
		t.Errorf("%+v", u)
	}
}
