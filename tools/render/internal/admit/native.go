package admit

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// family is the set of types one API server component knows, with its strict JSON decoder.
type family struct {
	scheme *runtime.Scheme
	codecs serializer.CodecFactory
	strict runtime.Serializer
}

// newFamily prepares strict decoding, which the API server uses for fieldValidation=Strict.
func newFamily(scheme *runtime.Scheme, codecs serializer.CodecFactory) *family {
	info, _ := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
	return &family{scheme: scheme, codecs: codecs, strict: info.StrictSerializer}
}

// decode reads JSON as the API server does: strictly, then defaulted, then converted to the internal type. The object
// may be valid even if err is a strict decoding error.
func (f *family) decode(data []byte, kind schema.GroupVersionKind) (runtime.Object, error) {
	internal := schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal}
	object, _, err := f.codecs.DecoderToVersion(f.strict, internal).Decode(data, &kind, nil)
	return object, err
}

// validateNative validates an object of a built-in kind. It may change the object.
func validateNative(n native, kind schema.GroupVersionKind, object map[string]any) Result {
	family := n.family()
	prototype, err := family.scheme.New(kind)
	if err != nil {
		return failed("apiVersion", err.Error(), kind.GroupVersion().String())
	}
	goType := reflect.TypeOf(prototype)
	taken := planFor(goType).strip(object, nil)

	data, err := json.Marshal(object)
	if err != nil {
		return failed("", fmt.Sprintf("encoding the object as JSON: %v", err), "")
	}
	decoded, err := family.decode(data, kind)
	var faults []Fault
	if strict, ok := runtime.AsStrictDecodingError(err); ok && decoded != nil {
		for _, each := range strict.Errors() {
			faults = append(faults, strictFault(each, goSiblings(goType)))
		}
	} else if err != nil {
		return settled(undecodable(goType, kind, object, err), nil, taken)
	}

	complaints, warnings := create(n.strategy(), kind, decoded)
	standing, newer := excuse(append(faults, complaints...), taken)
	return settled(standing, warnings, newer)
}

// undecodable returns why an object does not decode into its API type.
func undecodable(goType reflect.Type, kind schema.GroupVersionKind, object map[string]any, err error) []Fault {
	faults := mismatches(goType, object, nil)
	if len(faults) == 0 {
		return []Fault{{Message: err.Error()}}
	}
	if kind.Group == "" && kind.Kind == "Secret" {
		hideSecrets(faults)
	}
	return faults
}

// hideSecrets takes the values out of faults about a Secret's data, because reports of this package are published.
func hideSecrets(faults []Fault) {
	for i, fault := range faults {
		switch {
		case strings.HasPrefix(fault.Path, "data"):
			faults[i] = Fault{Path: fault.Path, Message: "Invalid value: must be a base64 string"}
		case strings.HasPrefix(fault.Path, "stringData"):
			faults[i] = Fault{Path: fault.Path, Message: "Invalid value: must be a string"}
		}
	}
}

// placeholderUID stands for the unique identifier that the API server assigns; a fixed one keeps results repeatable.
const placeholderUID = "00000000-0000-0000-0000-000000000000"

// create does what the API server does between decoding and storing an object: rest.BeforeCreate and what surrounds it.
// It is spelled out because BeforeCreate hides field errors in a status. The object is changed.
func create(s rest.RESTCreateStrategy, kind schema.GroupVersionKind, object runtime.Object) (faults, warnings []Fault) {
	m, err := meta.Accessor(object)
	if err != nil {
		return []Fault{{Message: err.Error()}}, nil
	}
	warnings = prepareMeta(s, m)

	ctx := request.WithNamespace(context.Background(), m.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: kind.Group, APIVersion: kind.Version, Namespace: m.GetNamespace(),
	})
	s.PrepareForCreate(ctx, object)
	errs := s.Validate(ctx, object)
	if len(errs) == 0 {
		// The API server runs this check only after the kind's own, whose messages are more specific.
		errs = validation.ValidateObjectMetaAccessor(m, s.NamespaceScoped(), path.ValidatePathSegmentName,
			field.NewPath("metadata"))
	}
	for _, each := range errs {
		fault := fromFieldError(each)
		if fault.Path == "" && strings.Contains(fault.Message, "some validation rules were not checked") {
			warnings = append(warnings, fault) // says nothing about the object itself
			continue
		}
		faults = append(faults, fault)
	}
	if len(errs) == 0 {
		for _, text := range s.WarningsOnCreate(ctx, object) {
			warnings = append(warnings, fromWarning(text))
		}
		s.Canonicalize(object)
	}
	return faults, warnings
}

// prepareMeta sets the metadata that the API server sets before validation.
func prepareMeta(s rest.RESTCreateStrategy, m metav1.Object) (warnings []Fault) {
	rest.WipeObjectMetaSystemFields(m)
	m.SetUID(placeholderUID)
	if m.GetName() == "" && m.GetGenerateName() != "" {
		m.SetName(generatedName(m.GetGenerateName()))
	}
	if !s.NamespaceScoped() && m.GetNamespace() != "" {
		// The API server clears it without a word; whoever wrote it expected something to happen.
		warnings = append(warnings, Fault{
			Path: "metadata.namespace", Message: "not used: the kind is cluster-scoped", Value: short(m.GetNamespace()),
		})
		m.SetNamespace("")
	}
	return warnings
}

// generatedName returns a name as long as the API server's, but always the same one.
func generatedName(base string) string {
	const maxBase = 63 - len("xxxxx")
	if len(base) > maxBase {
		base = base[:maxBase]
	}
	return base + "xxxxx"
}
