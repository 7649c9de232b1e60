package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/kube"
)

// What people push by mistake, and what Argo CD says of it.
var badManifests = []struct {
	name string
	make func(*testing.T, *repository)
	says string
}{
	{"no YAML", func(t *testing.T, r *repository) {
		t.Helper()
		r.write(t, probeFolder+"probe.yaml", "apiVersion: v1\nkind: [ConfigMap\n")
	}, "yaml"},
	{"a file that is not there", func(t *testing.T, r *repository) {
		t.Helper()
		r.edit(t, probeFolder+"kustomization.yaml", "  - probe.yaml\n", "  - prob.yaml\n")
	}, "prob.yaml"},
	{"a value of the wrong type", func(t *testing.T, r *repository) {
		t.Helper()
		r.write(t, probeFolder+"probe.yaml",
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: probe, namespace: training}\ndata: {value: [1]}\n")
	}, "data.value"},
	{"a kind that the project does not allow", func(t *testing.T, r *repository) {
		t.Helper()
		r.write(t, probeFolder+"probe.yaml",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: probe, namespace: training}\n")
	}, "not permitted"},
	{"a namespace that the project does not allow", func(t *testing.T, r *repository) {
		t.Helper()
		r.write(t, probeFolder+"probe.yaml",
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: probe, namespace: kube-system}\n")
	}, "not permitted"},
	{"nothing at all", func(t *testing.T, r *repository) {
		t.Helper()
		r.write(t, probeFolder+"kustomization.yaml",
			"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")
	}, "kustomization.yaml is empty"},
}

func TestABadManifestLeavesTheLastGoodRunning(t *testing.T) {
	p := given(t)
	p.git.probe(t, "good")
	good := p.git.commit(t, "add the probe")
	p.git.push(t)
	p.untilProbe(t, "good")
	p.untilLive(t, good)
	before := p.versions(t)

	for _, bad := range badManifests {
		t.Run(bad.name, func(t *testing.T) {
			bad.make(t, p.git)
			p.git.commit(t, "push "+bad.name)
			p.git.push(t)
			p.application(t, "training", "says what is wrong", func(a argocd.Application) bool {
				return strings.Contains(a.Trouble(), bad.says)
			})
			if after := p.versions(t); after != before {
				t.Errorf("objects were changed:\n%s\nwant\n%s", after, before)
			}
			p.git.reset(t, good)
			p.git.push(t)
			p.untilLive(t, p.git.head(t))
			if after := p.versions(t); after != before {
				t.Errorf("after the repair objects are\n%s\nwant\n%s", after, before)
			}
		})
	}
}

// versions lists what the Application `training` made, each with the version that any write would change.
func (p *platform) versions(t *testing.T) string {
	t.Helper()
	var all []string
	for _, kind := range []string{"configmaps", "limitranges", "resourcequotas", "serviceaccounts"} {
		list, err := p.Objects.Resource(configMaps.GroupVersion().WithResource(kind)).Namespace("training").
			List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range list.Items {
			// A quota's status follows the pods.
			if _, ours := object.GetAnnotations()["argocd.argoproj.io/tracking-id"]; ours && kind != "resourcequotas" {
				all = append(all, kind+"/"+object.GetName()+" "+object.GetResourceVersion())
			}
		}
	}
	if len(all) < 3 {
		t.Fatalf("the Application made %v; want more", all)
	}
	return strings.Join(all, "\n")
}

func TestAnImageThatIsNotThereLeavesTheOldPodsServing(t *testing.T) {
	p := given(t)
	before, err := p.List(t.Context(), kube.Pods, "inference", "app.kubernetes.io/name=inference-api")
	if err != nil || len(before) == 0 {
		t.Fatalf("pods of the service: %d, %v; want some", len(before), err)
	}
	p.git.edit(t, "apps/inference-api/overlays/local/kustomization.yaml",
		"  - name: inference-api\n    newTag: 0.1.0\n", "  - name: inference-api\n    newTag: 0.1.0-missing\n")
	p.git.commit(t, "release an image that nobody built")
	p.git.push(t)
	p.application(t, "inference-api", "is rolled out and waits", func(a argocd.Application) bool {
		return a.Status.Sync.Status == "Synced" && a.Status.Health.Status == "Progressing"
	})
	if _, version, err := p.pages.Predict(t.Context(), p.example(t)); err != nil || version == "" {
		t.Errorf("the service: version %q, %v; want an answer of the old pods", version, err)
	}
	still, err := p.Get(t.Context(), kube.Pods, "inference", before[0].GetName())
	if err != nil || still == nil || still.GetDeletionTimestamp() != nil {
		t.Errorf("the old pod: %v, %v; want it there", still, err)
	}
}

// example is the body of a request.
func (p *platform) example(t *testing.T) []byte {
	t.Helper()
	body, err := p.pages.Example(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return body
}
