package admit

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	structuraldefaulting "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	structuralpruning "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
)

// compiled is one version of a custom resource definition, ready to validate objects.
type compiled struct {
	schema   *structuralschema.Structural
	strategy rest.RESTCreateStrategy
}

// compileVersion does what the API server does when it starts to serve a version (apiextensions-apiserver,
// getOrCreateServingInfoFor). Most of the time goes into its CEL rules.
func (d *definition) compileVersion(name string) (*compiled, error) {
	crd, err := d.decode()
	if err != nil {
		return nil, err
	}
	if crd.Spec.PreserveUnknownFields != nil && *crd.Spec.PreserveUnknownFields {
		return nil, fmt.Errorf("spec.preserveUnknownFields is true, which apiextensions.k8s.io/v1 does not accept")
	}
	source, err := apiextensions.GetSchemaForVersion(crd, name)
	if err != nil {
		return nil, fmt.Errorf("finding the schema of version %s: %w", name, err)
	}
	if source == nil || source.OpenAPIV3Schema == nil {
		return nil, fmt.Errorf("version %s has no schema", name)
	}
	structural, err := structuralschema.NewStructural(source.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of version %s: %w", name, err)
	}
	if errs := structuralschema.ValidateStructural(field.NewPath("openAPIV3Schema"), structural); len(errs) > 0 {
		return nil, fmt.Errorf("the schema of version %s is not structural: %w", name, errs[0])
	}
	structural = structural.DeepCopy() // NewStructural shares defaults with the definition
	if err := structuraldefaulting.PruneDefaults(structural); err != nil {
		return nil, fmt.Errorf("pruning the defaults of version %s: %w", name, err)
	}
	validator, _, err := validation.NewSchemaValidator(source.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("preparing the schema of version %s: %w", name, err)
	}
	var status *apiextensions.CustomResourceSubresourceStatus
	var scale *apiextensions.CustomResourceSubresourceScale
	subresources, err := apiextensions.GetSubresourcesForVersion(crd, name)
	if err != nil {
		return nil, fmt.Errorf("finding the subresources of version %s: %w", name, err)
	}
	if subresources != nil {
		status, scale = subresources.Status, subresources.Scale
	}
	kind := d.kind.WithVersion(name)
	namespaced := crd.Spec.Scope == apiextensions.NamespaceScoped
	// The validator of the status subresource and selectable fields play no part in creating an object.
	strategy := customresource.NewStrategy(nil, namespaced, kind, validator, nil, structural, status, scale, nil)
	return &compiled{schema: structural, strategy: strategy}, nil
}

// validate validates an object of the defined kind. It changes the object.
func (d *definition) validate(kind schema.GroupVersionKind, object map[string]any) Result {
	if d.broken != "" {
		return unchecked("the definition %s cannot be used: %s", d.name, d.broken)
	}
	v, ok := d.versions[kind.Version]
	if !ok || !v.served {
		return d.notServed(kind)
	}
	c, err := v.compile()
	if err != nil {
		return unchecked("the definition %s cannot be used: %v", d.name, err)
	}
	var warnings []Fault
	if v.warning != "" {
		warnings = append(warnings, Fault{Path: "apiVersion", Message: v.warning, Value: kind.GroupVersion().String()})
	}
	result := c.validate(kind, object)
	result.Warnings = ordered(append(result.Warnings, warnings...))
	return result
}

// validate decodes, defaults and validates an object as the API server does with a custom resource.
func (c *compiled) validate(kind schema.GroupVersionKind, object map[string]any) Result {
	u := &unstructured.Unstructured{Object: object}
	unknown, refused := c.coerce(u)
	if len(refused) > 0 {
		return settled(refused, nil, nil)
	}
	var faults []Fault
	for _, path := range unknown {
		siblings := schemaSiblings(c.schema)
		if steps := fieldSteps(path); steps[0] == "metadata" {
			siblings = goSiblings(reflect.TypeFor[metav1.PartialObjectMetadata]())
		}
		faults = append(faults, unknownFault(path, siblings))
	}
	structuraldefaulting.Default(u.Object, c.schema)
	complaints, warnings := create(c.strategy, kind, u)
	for i := range complaints {
		complaints[i].Value = valueAt(u.Object, complaints[i].Path)
	}
	standing, newer := excuse(append(faults, complaints...), nil)
	return settled(standing, warnings, newer)
}

// coerce brings an object into the form in which it is stored and returns the fields it had to drop. It repeats the
// unexported unstructuredSchemaCoercer.apply of the API server, strictly.
func (c *compiled) coerce(u *unstructured.Unstructured) (unknown []string, refused []Fault) {
	apiVersion, kind := u.GetAPIVersion(), u.GetKind()
	objectMeta, found, unknownMeta, err := schemaobjectmeta.GetObjectMetaWithOptions(u.Object,
		schemaobjectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		refused = mismatches(reflect.TypeFor[metav1.ObjectMeta](), u.Object["metadata"], field.NewPath("metadata"))
		if len(refused) == 0 {
			refused = []Fault{{Path: "metadata", Message: err.Error()}}
		}
		return nil, refused
	}
	unknown = append(unknown, unknownMeta...)
	unknown = append(unknown, structuralpruning.PruneWithOptions(u.Object, c.schema, true,
		structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	structuraldefaulting.PruneNonNullableNullsWithoutDefaults(u.Object, c.schema)

	invalid, unknownEmbedded := schemaobjectmeta.CoerceWithOptions(nil, u.Object, c.schema, false,
		schemaobjectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if invalid != nil {
		return nil, []Fault{fromFieldError(invalid)}
	}
	unknown = append(unknown, unknownEmbedded...)

	u.SetKind(kind)
	u.SetAPIVersion(apiVersion)
	if found {
		if err := schemaobjectmeta.SetObjectMeta(u.Object, objectMeta); err != nil {
			return nil, []Fault{{Path: "metadata", Message: err.Error()}}
		}
	}
	return unknown, nil
}

// valueAt returns the scalar at a field path, shortened; "" if there is none. The library's own errors about custom
// resources carry the value's type in its place.
func valueAt(object map[string]any, path string) string {
	var at any = object
	for _, step := range strings.Split(path, ".") {
		name, indices, _ := strings.Cut(step, "[")
		fields, _ := at.(map[string]any)
		at = fields[name]
		for indices != "" {
			index, rest, _ := strings.Cut(indices, "]")
			i, err := strconv.Atoi(index)
			list, _ := at.([]any)
			if err != nil || i < 0 || i >= len(list) {
				return ""
			}
			at, indices = list[i], strings.TrimPrefix(rest, "[")
		}
	}
	found, _ := scalarText(at)
	return short(found)
}
