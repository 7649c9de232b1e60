package admit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const deploymentManifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ns}\nspec:" + selectedTemplate

// spoiled returns the result for a deployment in which one value is changed.
func spoiled(t *testing.T, path string, value any) Result {
	t.Helper()
	object := parse(t, deploymentManifest)
	set(t, object, path, value)
	return New(nil).Validate(object)
}

func TestMisspelledFieldIsNamedWithItsPath(t *testing.T) {
	t.Parallel()
	wantFaults(t, spoiled(t, "spec.template.spec.containers.0.imagePulPolicy", "Always"), Fault{
		Path:    "spec.template.spec.containers[0].imagePulPolicy",
		Message: `unknown field "imagePulPolicy"; did you mean "imagePullPolicy"?`,
		Value:   "imagePulPolicy",
	})
	wantFaults(t, spoiled(t, "spec.zzz", "x"), Fault{Path: "spec.zzz", Message: `unknown field "zzz"`, Value: "zzz"})
	wantFaultAt(t, spoiled(t, "spec.Replicas", int64(1)), "spec.Replicas", "unknown field")
	wantFaultAt(t, spoiled(t, "metadata.label", "x"), "metadata.label", `did you mean "labels"?`)
}

func TestReplicasOfWrongTypeIsRefused(t *testing.T) {
	t.Parallel()
	wantFaults(t, spoiled(t, "spec.replicas", "apples"), Fault{
		Path:    "spec.replicas",
		Message: `Invalid value: must be a whole number of 32 bits, not the string "apples"`,
		Value:   "apples",
	})
	wantFaultAt(t, spoiled(t, "spec.replicas", 1.5), "spec.replicas", "not the number 1.5")
	wantFaultAt(t, spoiled(t, "spec.replicas", int64(1)<<40), "spec.replicas", "32 bits")
	wantFaultAt(t, spoiled(t, "spec.replicas", int64(-1)), "spec.replicas", "must be greater than or equal to 0")
}

func TestEveryValueOfWrongTypeIsFoundAtItsPlace(t *testing.T) {
	t.Parallel()
	got := validate(t, `
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: ns, labels: {version: 1}}
spec:
  containers:
  - {name: a, image: nginx}
  - name: b
    image: nginx
    ports: {http: 80}
    env: [{name: DEBUG, value: true}]
    resources: {limits: {memory: lots}}
`)
	wantFaults(t, got,
		Fault{Path: "metadata.labels[version]", Message: "Invalid value: must be a string, not the number 1; quote it in YAML", Value: "1"},
		Fault{
			Path: "spec.containers[1].env[0].value", Value: "true",
			Message: "Invalid value: must be a string, not the boolean true; quote it in YAML",
		},
		Fault{Path: "spec.containers[1].ports", Message: "Invalid value: must be a list, not an object"},
		Fault{
			Path: "spec.containers[1].resources.limits[memory]", Value: "lots",
			Message: "Invalid value: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
		},
	)
}

func TestServiceAccountNameIsChecked(t *testing.T) {
	t.Parallel()
	wantFaultAt(t, spoiled(t, "spec.template.spec.serviceAccountName", "MLflow_Server"),
		"spec.template.spec.serviceAccountName", "RFC 1123 subdomain")
}

func TestHandWrittenRulesAreEnforced(t *testing.T) {
	t.Parallel()
	const spec = "spec.template.spec"
	tests := map[string]struct {
		path  string
		value any
		at    string
		part  string
	}{
		"request above limit": {
			spec + ".containers.0.resources", parseValue(t, "{requests: {cpu: 2}, limits: {cpu: 1}}"),
			spec + ".containers[0].resources.requests", "must be less than or equal to cpu limit",
		},
		"volume mount without a volume": {
			spec + ".containers.0.volumeMounts", parseValue(t, "[{name: data, mountPath: /data}]"),
			spec + ".containers[0].volumeMounts[0].name", "Not found",
		},
		"two containers of one name": {
			spec + ".initContainers", parseValue(t, "[{name: web, image: nginx}]"),
			spec + ".initContainers[0].name", "Duplicate value",
		},
		"two env sources": {
			spec + ".containers.0.env",
			parseValue(t, "[{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: s, key: k}}}]"),
			spec + ".containers[0].env[0].valueFrom", "may not have more than one field",
		},
		"restart policy of a job in a deployment": {
			spec + ".restartPolicy", "OnFailure", spec + ".restartPolicy", `supported values: "Always"`,
		},
		"rolling update that cannot move": {
			"spec.strategy", parseValue(t, "{rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}"),
			"spec.strategy.rollingUpdate.maxUnavailable", "may not be 0 when",
		},
		"probe without a check": {
			spec + ".containers.0.readinessProbe", parseValue(t, "{periodSeconds: 5}"),
			spec + ".containers[0].readinessProbe", "must specify a handler type",
		},
		"GPU request without a limit": {
			spec + ".containers.0.resources", parseValue(t, "{requests: {nvidia.com/gpu: 1}}"),
			spec + ".containers[0].resources.limits", "Limit must be set for non overcommitable resources",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFaultAt(t, spoiled(t, test.path, test.value), test.at, test.part)
		})
	}
}

// parseValue reads a YAML value.
func parseValue(t *testing.T, text string) any {
	t.Helper()
	return parse(t, "value: "+text).Object["value"]
}

func TestNamesAreCheckedAndGenerateNameIsEnough(t *testing.T) {
	t.Parallel()
	wantFaultAt(t, spoiled(t, "metadata.name", "Web_1"), "metadata.name", "RFC 1123")
	wantFaultAt(t, spoiled(t, "metadata.name", nil), "metadata.name", "name or generateName is required")
	wantPass(t, validate(t, `{apiVersion: batch/v1, kind: Job, metadata: {generateName: train-, namespace: ns},
		spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: nginx}]}}}}`))
	wantFaultAt(t, validate(t, "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: Train_, namespace: ns}}"),
		"metadata.generateName", "RFC 1123")
}

func TestNamespacedObjectWithoutNamespaceIsRefused(t *testing.T) {
	t.Parallel()
	wantFaults(t, spoiled(t, "metadata.namespace", nil), Fault{Path: "metadata.namespace", Message: "Required value"})
}

func TestNamespaceOfAClusterScopedObjectIsPointedOut(t *testing.T) {
	t.Parallel()
	got := validate(t, "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}")
	wantPass(t, got)
	want := []Fault{{Path: "metadata.namespace", Message: "not used: the kind is cluster-scoped", Value: "b"}}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Fatalf("warnings (-want +got):\n%s", diff)
	}
}

func TestServicesPassWithoutAllocatedAddresses(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]string{
		"cluster IP":                     "{selector: {app: web}, ports: [{port: 80}]}",
		"headless":                       "{clusterIP: None, selector: {app: web}, ports: [{port: 80}]}",
		"headless without selector":      "{clusterIP: None, ports: [{port: 80}]}",
		"node port":                      "{type: NodePort, selector: {app: web}, ports: [{port: 80}]}",
		"load balancer, local traffic":   "{type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80}]}",
		"external name":                  "{type: ExternalName, externalName: example.com}",
		"dual stack":                     "{ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6], selector: {app: web}, ports: [{port: 80}]}",
		"fixed address without families": "{clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 53}]}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := validate(t, "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns}, spec: "+spec+"}")
			wantPass(t, got)
			if len(got.Warnings) > 0 {
				t.Errorf("warnings: %q", texts(got.Warnings))
			}
		})
	}
}

func TestServicesThatCannotBeAllocatedAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ spec, at, part string }{
		"two families, one stack": {
			"{ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}", "spec.ipFamilyPolicy", "multiple IP families",
		},
		"bad address":      {"{clusterIP: ten, ports: [{port: 80}]}", "spec.clusterIPs[0]", "must be a valid IP address"},
		"no ports":         {"{selector: {app: web}}", "spec.ports", "Required value"},
		"unnamed ports":    {"{ports: [{port: 80}, {port: 81}]}", "spec.ports[0].name", "Required value"},
		"nodePort without": {"{ports: [{port: 80, nodePort: 30080}]}", "spec.ports[0].nodePort", "may not be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := validate(t, "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns}, spec: "+test.spec+"}")
			wantFaultAt(t, got, test.at, test.part)
		})
	}
}

func TestWarningsOfTheAPIServerAreReported(t *testing.T) {
	t.Parallel()
	got := spoiled(t, "spec.template.spec.containers.0.env", parseValue(t, "[{name: A, value: x}, {name: A, value: z}]"))
	wantPass(t, got)
	want := []Fault{{
		Path:    "spec.template.spec.containers[0].env[1]",
		Message: `hides previous definition of "A", which may be dropped when using apply`,
	}}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Fatalf("warnings (-want +got):\n%s", diff)
	}
	got = validate(t, `{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns},
		spec: {type: NodePort, ports: [{port: 80, nodePort: 8080}]}}`)
	want = []Fault{{Path: "spec.ports[0].nodePort", Message: "8080 is outside the default range 30000-32767"}}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Fatalf("warnings (-want +got):\n%s", diff)
	}
}

func TestSecretValuesAreNeverPrinted(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"data: {token: hunter-2!}", "data: {token: 31337}", "stringData: {pin: 31337}", "data: hunter-2!",
		"data: {tls.crt: aHVudGVyLTI=}, type: kubernetes.io/tls", "data: {.dockerconfigjson: aHVudGVyLTI=}, type: kubernetes.io/dockerconfigjson",
	} {
		got := validate(t, "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}, "+data+"}")
		if got.Status != Fail {
			t.Errorf("%s: got %v", data, got.Status)
		}
		for _, fault := range got.Faults {
			if containsAny(fault.String()+fault.Value, "hunter", "31337", "aHVu") {
				t.Errorf("%s: printed as %q, value %q", data, fault, fault.Value)
			}
		}
	}
}

func TestTheObjectIsNotChanged(t *testing.T) {
	t.Parallel()
	for _, manifest := range []string{
		deploymentManifest,
		"{apiVersion: v1, kind: Pod, metadata: {generateName: a-, namespace: ns}, spec: {hostnameOverride: x, containers: [{name: a, image: a}]}}",
	} {
		object := parse(t, manifest)
		before := object.DeepCopy()
		New(nil).Validate(object)
		if diff := cmp.Diff(before, object, cmp.AllowUnexported(unstructured.Unstructured{})); diff != "" {
			t.Errorf("changed (-before +after):\n%s", diff)
		}
	}
}
