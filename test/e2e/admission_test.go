package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/platform/kube"
)

// pod is one that every rule allows.
const pod = `
apiVersion: v1
kind: Pod
metadata: {generateName: probe-, namespace: training}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: main
      image: localhost/pipelines:0.1.0
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
`

func TestTheAPIServerRefusesWhatNobodyShouldRun(t *testing.T) {
	p := given(t)
	const ours = "localhost/pipelines:0.1.0"
	for _, bad := range []struct{ name, old, with, says string }{
		{"nothing, so this pod is fine", "", "", ""},
		{"a privileged container", "allowPrivilegeEscalation: false", "privileged: true", "PodSecurity"},
		{"a container that runs as root", "runAsNonRoot: true, runAsUser: 10001, ", "", "PodSecurity"},
		{"a folder of the node", "  containers:", "  volumes: [{name: v, hostPath: {path: /}}]\n  containers:", "PodSecurity"},
		{"the tag latest", ours, "localhost/pipelines:latest", "the tag latest moves: localhost/pipelines:latest"},
		{"no tag", ours, "localhost/pipelines", "neither a tag nor a digest: localhost/pipelines"},
		{"a port that is no tag", ours, "localhost:5000/pipelines", "neither a tag nor a digest"},
		{"a foreign registry", ours, "docker.io/library/busybox:1.36", "not from a listed registry: docker.io/library/busybox:1.36"},
		{"a registry that only begins like ours", ours, "localhost.example.com/pipelines:1", "not from a listed registry"},
		{
			"an init container of a foreign registry", "  containers:",
			"  initContainers: [{name: i, image: 'docker.io/a/b:1', securityContext: {allowPrivilegeEscalation: false, " +
				"capabilities: {drop: [ALL]}}, resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}}]\n  containers:",
			"not from a listed registry",
		},
	} {
		t.Run(bad.name, func(t *testing.T) {
			var content map[string]any
			if err := yaml.Unmarshal([]byte(strings.Replace(pod, bad.old, bad.with, 1)), &content); err != nil {
				t.Fatal(err)
			}
			_, err := p.Objects.Resource(kube.Pods).Namespace("training").Create(t.Context(),
				&unstructured.Unstructured{Object: content}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			switch {
			case bad.says == "" && err != nil:
				t.Errorf("refused: %v; want it allowed", err)
			case bad.says != "" && (err == nil || !strings.Contains(err.Error(), bad.says)):
				t.Errorf("error = %v; want it refused with %q", err, bad.says)
			}
		})
	}
}
