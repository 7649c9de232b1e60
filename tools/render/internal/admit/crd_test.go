package admit

import (
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
)

// broken returns the definition of widgets with one text replaced.
func broken(t *testing.T, old, replacement string) string {
	t.Helper()
	if !strings.Contains(widgets, old) {
		t.Fatalf("the definition does not contain %q", old)
	}
	return strings.Replace(widgets, old, replacement, 1)
}

func TestValidDefinitionPasses(t *testing.T) {
	t.Parallel()
	got := validate(t, widgets, widgets)
	wantPass(t, got)
	if len(got.Warnings)+len(got.Newer) > 0 {
		t.Errorf("warnings %q, newer %q", texts(got.Warnings), texts(got.Newer))
	}
}

func TestBrokenDefinitionIsRefused(t *testing.T) {
	t.Parallel()
	const schema = "spec.versions[2].schema.openAPIV3Schema"
	for name, test := range map[string]struct{ old, replacement, at, part string }{
		"name":              {"widgets.example.com", "gadgets.example.com", "metadata.name", "must be spec.names.plural"},
		"two storages":      {"served: true, storage: false", "served: true, storage: true", "spec.versions", "exactly one version marked as storage"},
		"scope":             {"scope: Namespaced", "scope: Everywhere", "spec.scope", "Unsupported value"},
		"misspelled":        {"storage: true\n", "storage: true\n    aditionalPrinterColumns: []\n", "spec.versions[2].aditionalPrinterColumns", "additionalPrinterColumns"},
		"not structural":    {"size: {type: integer, minimum: 1", "size: {minimum: 1", schema + ".properties[spec].properties[size].type", "Required value"},
		"rule syntax":       {"self.minimum <= self.size", "self.minimum <=", schema + ".properties[spec].x-kubernetes-validations[0].rule", "Syntax error"},
		"rule field":        {"self.minimum <= self.size", "self.minimal <= self.size", schema + ".properties[spec].x-kubernetes-validations[0].rule", "undefined field"},
		"rule type":         {"self.minimum <= self.size", "self.size", schema + ".properties[spec].x-kubernetes-validations[0].rule", "must evaluate to a bool"},
		"default of type":   {"default: 10", "default: ten", schema + ".properties[spec].properties[minimum].default", "must be of type integer"},
		"map keys":          {"x-kubernetes-list-map-keys: [name]", "x-kubernetes-list-map-keys: [nom]", schema + ".properties[spec].properties[ports].x-kubernetes-list-map-keys", "must all be names of item properties"},
		"wrong type":        {"served: true\n", "served: maybe\n", "spec.versions[2].served", "must be true or false"},
		"protected group":   {"group: example.com", "group: example.k8s.io", "metadata.annotations[api-approved.kubernetes.io]", "protected groups must have approval"},
		"no schema at all":  {", schema: {openAPIV3Schema: {type: object}}}\n  - {name: v1beta1", "}\n  - {name: v1beta1", "spec.versions[0].schema.openAPIV3Schema", "schemas are required"},
		"group of a number": {"group: example.com", "group: 5", "spec.group", "must be a string"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manifest := broken(t, test.old, test.replacement)
			wantFaultAt(t, validate(t, manifest, manifest), test.at, test.part)
		})
	}
}

func TestBrokenDefinitionLeavesItsObjectsUncheckedAndOthersAlone(t *testing.T) {
	t.Parallel()
	good := strings.NewReplacer("Widget", "Gadget", "widgets", "gadgets").Replace(widgets)
	for name, bad := range map[string]string{
		"not structural": broken(t, "size: {type: integer, minimum: 1", "size: {minimum: 1"),
		"no schema":      broken(t, "    schema:\n      openAPIV3Schema:\n        type: object", "    bogus:\n      openAPIV3Schema:\n        type: object"),
		"schema of text": broken(t, "    schema:\n      openAPIV3Schema:\n        type: object", "    schema: text\n    other:\n      a:\n        type: object"),
		"old API":        broken(t, "apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1"),
		"preserving":     broken(t, "scope: Namespaced", "scope: Namespaced\n  preserveUnknownFields: true"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := New(parseAll(t, bad, good))
			wantUnchecked(t, v.Validate(parse(t, widget("{size: 20}"))), "the definition widgets.example.com cannot be used")
			gadget := strings.Replace(widget("{size: 5}"), "Widget", "Gadget", 1)
			wantFaultAt(t, v.Validate(parse(t, gadget)), "spec.size", "size must not be below minimum")
		})
	}
}

func TestLaterDefinitionOfAKindCounts(t *testing.T) {
	t.Parallel()
	stricter := strings.Replace(widgets, "maximum: 100", "maximum: 15", 1)
	wantPass(t, validate(t, widget("{size: 20}"), stricter, widgets))
	wantFaultAt(t, validate(t, widget("{size: 20}"), widgets, stricter), "spec.size", "less than or equal to 15")
}

func TestNothingIsDecodedBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	v := New(parseAll(t, widgets))
	decoded := 0
	definition := v.definitions[gk("example.com", "Widget")]
	original := definition.decode
	definition.decode = func() (*apiextensions.CustomResourceDefinition, error) {
		decoded++
		return original()
	}
	v.Validate(parse(t, deploymentManifest))
	v.Validate(parse(t, "{apiVersion: example.com/v1alpha1, kind: Widget, metadata: {name: a, namespace: ns}}"))
	if decoded != 0 {
		t.Errorf("decoded %d times for objects of other kinds and versions", decoded)
	}
	for range 3 {
		wantPass(t, v.Validate(parse(t, widget("{size: 20}"))))
	}
	if decoded != 1 {
		t.Errorf("decoded %d times for three objects of one version", decoded)
	}
}
