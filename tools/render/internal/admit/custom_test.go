package admit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// widgets defines a custom resource that uses every part of a schema that the API server checks.
const widgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - {name: v1alpha1, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
  - {name: v1beta1, served: true, storage: false, deprecated: true, schema: {openAPIV3Schema: {type: object}}}
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          status: {type: object, required: [phase], properties: {phase: {type: string}, replicas: {type: integer}}}
          spec:
            type: object
            required: [size]
            x-kubernetes-validations:
            - {rule: 'self.minimum <= self.size', message: size must not be below minimum, fieldPath: .size}
            properties:
              size: {type: integer, minimum: 1, maximum: 100}
              minimum: {type: integer, default: 10}
              replicas: {type: integer}
              color: {type: string, enum: [red, green]}
              tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, required: [name], properties: {name: {type: string}, port: {x-kubernetes-int-or-string: true}}}
              limits: {type: object, additionalProperties: {type: object, properties: {soft: {type: integer}}}}
              anything: {type: object, x-kubernetes-preserve-unknown-fields: true}
              template:
                type: object
                x-kubernetes-embedded-resource: true
                x-kubernetes-preserve-unknown-fields: true
`

// widget returns a manifest of a custom resource with the given spec.
func widget(spec string) string {
	return "{apiVersion: example.com/v1, kind: Widget, metadata: {name: a, namespace: ns}, spec: " + spec + "}"
}

func TestValidCustomResourcePasses(t *testing.T) {
	t.Parallel()
	got := validate(t, widget(`{size: 20, color: red, tags: [a, b], ports: [{name: http, port: 80}, {name: tls, port: https}],
		limits: {cpu: {soft: 1}}, anything: {goes: {here: 1}}, template: {apiVersion: v1, kind: Pod, metadata: {name: x}}}`), widgets)
	wantPass(t, got)
	if len(got.Warnings)+len(got.Newer) > 0 {
		t.Errorf("warnings %q, newer %q", texts(got.Warnings), texts(got.Newer))
	}
}

func TestCelRuleOfACustomResourceIsEnforced(t *testing.T) {
	t.Parallel()
	// The rule compares with the default of a field that is not set, so defaulting has to come first.
	wantFaults(t, validate(t, widget("{size: 5}"), widgets),
		Fault{Path: "spec.size", Message: `Invalid value: "object": size must not be below minimum`, Value: "5"})
	wantPass(t, validate(t, widget("{size: 5, minimum: 5}"), widgets))
}

func TestSchemaOfACustomResourceIsEnforced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ spec, at, part string }{
		"misspelled field":         {"{size: 20, colour: red}", "spec.colour", `unknown field "colour"; did you mean "color"?`},
		"misspelled field in list": {"{size: 20, ports: [{name: a}, {name: b, prot: 1}]}", "spec.ports[1].prot", `did you mean "port"?`},
		"misspelled field in map":  {"{size: 20, limits: {cpu: {sot: 1}}}", "spec.limits.cpu.sot", `did you mean "soft"?`},
		"wrong type":               {"{size: big}", "spec.size", "must be of type integer"},
		"missing":                  {"{color: red}", "spec.size", "Required value"},
		"above maximum":            {"{size: 200}", "spec.size", "should be less than or equal to 100"},
		"not in enumeration":       {"{size: 20, color: blue}", "spec.color", `supported values: "red", "green"`},
		"repeated in a set":        {"{size: 20, tags: [a, a]}", "spec.tags[1]", "Duplicate value"},
		"repeated key of a map":    {"{size: 20, ports: [{name: a}, {name: a}]}", "spec.ports[1]", "Duplicate value"},
		"neither int nor string":   {"{size: 20, ports: [{name: a, port: true}]}", "spec.ports[0].port", "must be of type"},
		"embedded without kind":    {"{size: 20, template: {apiVersion: v1}}", "spec.template.kind", "must not be empty"},
		"embedded metadata":        {"{size: 20, template: {apiVersion: v1, kind: Pod, metadata: {name: '/'}}}", "spec.template.metadata.name", "Invalid value"},
		"negative scale":           {"{size: 20, replicas: -1}", "spec.replicas", "should be a non-negative integer"},
		"spec is a list":           {"[1]", "spec", "must be of type object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFaultAt(t, validate(t, widget(test.spec), widgets), test.at, test.part)
		})
	}
}

func TestMetadataOfACustomResourceIsEnforced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ metadata, at, part string }{
		"no namespace":    {"{name: a}", "metadata.namespace", "Required value"},
		"bad name":        {"{name: A_B, namespace: ns}", "metadata.name", "RFC 1123"},
		"bad label":       {"{name: a, namespace: ns, labels: {a b: c}}", "metadata.labels", "name part must consist of"},
		"label of number": {"{name: a, namespace: ns, labels: {version: 1}}", "metadata.labels[version]", "quote it in YAML"},
		"unknown field":   {"{name: a, namespace: ns, annotation: {a: b}}", "metadata.annotation", `did you mean "annotations"?`},
		"not an object":   {"5", "metadata", "must be an object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manifest := "{apiVersion: example.com/v1, kind: Widget, metadata: " + test.metadata + ", spec: {size: 20}}"
			wantFaultAt(t, validate(t, manifest, widgets), test.at, test.part)
		})
	}
}

func TestStatusOfACustomResourceIsDroppedAsOnCreate(t *testing.T) {
	t.Parallel()
	object := parse(t, widget("{size: 20}"))
	set(t, object, "status", map[string]any{"replicas": int64(3)}) // lacks the required phase
	wantPass(t, New(parseAll(t, widgets)).Validate(object))
}

func TestVersionThatIsNotServedIsRefused(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1alpha1", "v9"} {
		got := validate(t, "{apiVersion: example.com/"+version+", kind: Widget, metadata: {name: a, namespace: ns}}", widgets)
		wantFaults(t, got, Fault{
			Path: "apiVersion", Value: "example.com/" + version,
			Message: `widgets.example.com does not serve version "` + version + `"; it serves v1, v1beta1`,
		})
	}
}

func TestDeprecatedVersionOfACustomResourceIsWarnedOf(t *testing.T) {
	t.Parallel()
	manifest := "{apiVersion: example.com/v1beta1, kind: Widget, metadata: {name: a, namespace: ns}}"
	for definition, want := range map[string]string{
		widgets: "apiVersion: example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget",
		strings.Replace(widgets, "deprecated: true", "deprecated: true, deprecationWarning: use something else", 1): "apiVersion: use something else",
	} {
		got := validate(t, manifest, definition)
		wantPass(t, got)
		if diff := cmp.Diff([]string{want}, texts(got.Warnings)); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	}
}

func TestPreservedUnknownFieldsAreAccepted(t *testing.T) {
	t.Parallel()
	// The definitions that Argo Workflows ships for clusters look like this.
	light := `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: flows.example.com}, spec: {
		group: example.com, scope: Namespaced, names: {kind: Flow, plural: flows}, versions: [{name: v1, served: true, storage: true,
		schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true, x-kubernetes-map-type: atomic,
		properties: {apiVersion: {type: string}, kind: {type: string}, metadata: {type: object}}}}}]}}`
	wantPass(t, validate(t, "{apiVersion: example.com/v1, kind: Flow, metadata: {name: a, namespace: ns}, anything: {goes: [1]}}", light))
}

func TestCostOfCelRulesIsLimited(t *testing.T) {
	t.Parallel()
	costly := `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: grids.example.com}, spec: {
		group: example.com, scope: Namespaced, names: {kind: Grid, plural: grids}, versions: [{name: v1, served: true, storage: true,
		schema: {openAPIV3Schema: {type: object, properties: {rows: {type: array, items: {type: integer},
		x-kubernetes-validations: [{rule: 'self.all(a, self.all(b, self.all(c, a + b + c > 0)))'}]}}}}}]}}`
	rows := strings.Repeat("1, ", 500) + "1"
	manifest := "{apiVersion: example.com/v1, kind: Grid, metadata: {name: a, namespace: ns}, rows: [" + rows + "]}"
	wantFaultAt(t, validate(t, manifest, costly), "rows", "cost limit exceeded")
	wantFaultAt(t, validate(t, costly), "spec.validation.openAPIV3Schema.properties[rows].x-kubernetes-validations[0].rule", "estimated rule cost")
}
