package admit

import (
	"go/build"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// benchmarkObject reports how many times a second one object is validated.
func benchmarkObject(b *testing.B, manifest string, crds ...string) {
	b.Helper()
	v, u := New(parseAll(b, crds...)), parse(b, manifest)
	wantPass(b, v.Validate(u))
	b.ReportAllocs()
	for b.Loop() {
		v.Validate(u)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}

func BenchmarkDeployment(b *testing.B) { benchmarkObject(b, deploymentManifest) }

func BenchmarkConfigMap(b *testing.B) { benchmarkObject(b, samples["/ConfigMap"].valid) }

func BenchmarkCustomResource(b *testing.B) {
	benchmarkObject(b, widget("{size: 20, color: red, tags: [a, b], ports: [{name: http, port: 80}]}"), widgets)
}

// hugeDefinitions are definitions of upstream projects, read from the module cache; a benchmark is skipped where the
// cache does not hold them.
var hugeDefinitions = map[string]string{
	"argo-cd applications 0.4 MB":   "github.com/argoproj/argo-cd/v2@v2.14.21/manifests/crds/application-crd.yaml",
	"argo-cd applicationsets 1 MB":  "github.com/argoproj/argo-cd/v2@v2.14.21/manifests/crds/applicationset-crd.yaml",
	"argo-workflows templates 1 MB": "github.com/argoproj/argo-workflows/v3@v3.7.17/manifests/base/crds/full/argoproj.io_workflowtemplates.yaml",
	"argo-workflows workflows 3 MB": "github.com/argoproj/argo-workflows/v3@v3.7.17/manifests/base/crds/full/argoproj.io_workflows.yaml",
}

func benchmarkDefinitions(b *testing.B, run func(b *testing.B, u *unstructured.Unstructured)) {
	b.Helper()
	for name, path := range hugeDefinitions {
		data, err := os.ReadFile(filepath.Join(build.Default.GOPATH, "pkg", "mod", path))
		b.Run(name, func(b *testing.B) {
			if err != nil {
				b.Skip(err)
			}
			u := &unstructured.Unstructured{}
			if err := yaml.Unmarshal(data, &u.Object); err != nil {
				b.Fatal(err)
			}
			run(b, u)
		})
	}
}

func BenchmarkValidateDefinition(b *testing.B) {
	benchmarkDefinitions(b, func(b *testing.B, u *unstructured.Unstructured) {
		v := New(nil)
		for b.Loop() {
			wantPass(b, v.Validate(u))
		}
	})
}

func BenchmarkCompileDefinition(b *testing.B) {
	benchmarkDefinitions(b, func(b *testing.B, u *unstructured.Unstructured) {
		for b.Loop() {
			for _, version := range newDefinition(u).versions {
				if _, err := version.compile(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
