package images

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestParseTakesAnImageNameApart(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]Reference{
		"app":                               {Name: "app"},
		"app:1.2":                           {Name: "app", Tag: "1.2"},
		"team/app:latest":                   {Name: "team/app", Tag: "latest"},
		"host.example.com/team/app:1":       {Name: "host.example.com/team/app", Tag: "1"},
		"localhost:5000/app":                {Name: "localhost:5000/app"},
		"localhost:5000/app:1":              {Name: "localhost:5000/app", Tag: "1"},
		"app@sha256:abc":                    {Name: "app", Digest: "sha256:abc"},
		"localhost:5000/app:1@sha256:abc":   {Name: "localhost:5000/app", Tag: "1", Digest: "sha256:abc"},
		"app:":                              {Name: "app"},
		"":                                  {},
		"{{workflow.parameters.image}}":     {Name: "{{workflow.parameters.image}}"},
		"[2001:db8::1]:5000/app":            {Name: "[2001:db8::1]:5000/app"},
		"host.example.com:443/a/b/c/d:v1-x": {Name: "host.example.com:443/a/b/c/d", Tag: "v1-x"},
	} {
		if diff := cmp.Diff(want, Parse(image)); diff != "" {
			t.Errorf("%q:\n%s", image, diff)
		}
	}
}

func TestOfFindsEveryContainer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		object string
		want   []Use
	}{
		"pod": {`
kind: Pod
spec:
  containers: [{image: a}, {image: b}]
  initContainers: [{image: c}]
  ephemeralContainers: [{image: d}]`, []Use{
			{"a", "spec.containers[0].image"}, {"b", "spec.containers[1].image"},
			{"d", "spec.ephemeralContainers[0].image"}, {"c", "spec.initContainers[0].image"},
		}},
		"cron job": {`
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: a}]}}}}}`, []Use{
			{"a", "spec.jobTemplate.spec.template.spec.containers[0].image"},
		}},
		"workflow template": {`
kind: WorkflowTemplate
spec:
  templates:
  - container: {image: a}
  - script: {image: b}
    sidecars: [{image: c}]
  - containerSet: {containers: [{image: d}]}`, []Use{
			{"a", "spec.templates[0].container.image"}, {"b", "spec.templates[1].script.image"},
			{"c", "spec.templates[1].sidecars[0].image"}, {"d", "spec.templates[2].containerSet.containers[0].image"},
		}},
		"nothing that runs": {`
kind: ConfigMap
data: {image: a, containers: "image: b"}`, nil},
		"wrong shapes": {`
spec: {containers: {image: a}, initContainers: [a, {image: 1}, {image: }], container: [{image: b}]}`, nil},
	} {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(test.object), &object); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, Of(object)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
