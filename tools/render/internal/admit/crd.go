package admit

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// definitionKind is the kind of custom resource definitions.
var definitionKind = gk("apiextensions.k8s.io", "CustomResourceDefinition")

// definition is one custom resource definition, as far as it is needed: names at once, schemas on first use.
type definition struct {
	name     string
	kind     schema.GroupKind
	scope    Scope
	broken   string // why no object of the kind can be validated; "" if none is known yet
	versions map[string]*definedVersion

	decode func() (*apiextensions.CustomResourceDefinition, error)
}

// definedVersion is one version of a definition.
type definedVersion struct {
	served  bool
	warning string // what the API server says to whoever uses the version; "" if nothing
	compile func() (*compiled, error)
}

// newDefinition indexes a custom resource definition. It returns nil for what names no kind: such an object can only be
// reported, by validating it. Values of wrong types are read as absent for the same reason.
func newDefinition(u *unstructured.Unstructured) *definition {
	if u == nil || text(u.Object, "kind") != definitionKind.Kind {
		return nil
	}
	object := u.Object
	gv, err := schema.ParseGroupVersion(text(object, "apiVersion"))
	if err != nil || gv.Group != definitionKind.Group {
		return nil
	}
	d := &definition{
		name:     text(object, "metadata", "name"),
		kind:     gk(text(object, "spec", "group"), text(object, "spec", "names", "kind")),
		scope:    ScopeUnknown,
		versions: map[string]*definedVersion{},
	}
	if d.kind.Group == "" || d.kind.Kind == "" {
		return nil
	}
	switch text(object, "spec", "scope") {
	case string(apiextensionsv1.NamespaceScoped):
		d.scope = Namespaced
	case string(apiextensionsv1.ClusterScoped):
		d.scope = Cluster
	}
	if gv.Version != apiextensionsv1.SchemeGroupVersion.Version {
		d.broken = fmt.Sprintf("it is written for %s, which is not served", gv)
	}
	d.decode = sync.OnceValues(func() (*apiextensions.CustomResourceDefinition, error) {
		return decodeDefinition(object)
	})
	d.addVersions(object)
	return d
}

// addVersions indexes the versions of a definition.
func (d *definition) addVersions(object map[string]any) {
	list, _, _ := unstructured.NestedFieldNoCopy(object, "spec", "versions")
	versions, _ := list.([]any)
	for _, entry := range versions {
		fields, _ := entry.(map[string]any)
		name := text(fields, "name")
		if name == "" {
			continue
		}
		served, _ := fields["served"].(bool)
		v := &definedVersion{served: served}
		v.compile = sync.OnceValues(func() (c *compiled, err error) {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("compiling the schema panicked: %v", r)
				}
			}()
			return d.compileVersion(name)
		})
		if deprecated, _ := fields["deprecated"].(bool); deprecated {
			v.warning = text(fields, "deprecationWarning")
			if v.warning == "" {
				v.warning = d.deprecation(name, versions)
			}
		}
		d.versions[name] = v
	}
}

// deprecation returns the API server's default warning about a deprecated version.
func (d *definition) deprecation(name string, versions []any) string {
	best := ""
	for _, entry := range versions {
		fields, _ := entry.(map[string]any)
		served, _ := fields["served"].(bool)
		deprecated, _ := fields["deprecated"].(bool)
		other := text(fields, "name")
		if served && !deprecated && version.CompareKubeAwareVersionStrings(name, other) < 0 &&
			(best == "" || version.CompareKubeAwareVersionStrings(best, other) < 0) {
			best = other
		}
	}
	warning := fmt.Sprintf("%s/%s %s is deprecated", d.kind.Group, name, d.kind.Kind)
	if best != "" {
		warning += fmt.Sprintf("; use %s/%s %s", d.kind.Group, best, d.kind.Kind)
	}
	return warning
}

// serves reports whether a version exists and is served.
func (d *definition) serves(name string) bool {
	v, ok := d.versions[name]
	return ok && v.served && d.broken == ""
}

// servedNames returns the versions that are served, newest first.
func (d *definition) servedNames() (names []string) {
	for name, v := range d.versions {
		if v.served {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
	return names
}

// notServed returns the result of an object of a version that its definition does not serve.
func (d *definition) notServed(kind schema.GroupVersionKind) Result {
	message := fmt.Sprintf("%s does not serve version %q", d.name, kind.Version)
	if names := d.servedNames(); len(names) > 0 {
		message += "; it serves " + strings.Join(names, ", ")
	} else {
		message += "; it serves none"
	}
	return failed("apiVersion", message, kind.GroupVersion().String())
}

// decodeDefinition reads a definition as the API server stores it. It is not strict: an unknown field is a fault of the
// definition, and no reason to leave its custom resources unchecked.
func decodeDefinition(object map[string]any) (*apiextensions.CustomResourceDefinition, error) {
	var n normaliser
	copied, bad := n.object(object)
	if bad != nil {
		return nil, fmt.Errorf("copying it: %w", bad)
	}
	data, err := json.Marshal(copied)
	if err != nil {
		return nil, fmt.Errorf("encoding it: %w", err)
	}
	kind := definitionKind.WithVersion(apiextensionsv1.SchemeGroupVersion.Version)
	decoded, err := apiextensionsFamily().decode(data, kind)
	crd, ok := decoded.(*apiextensions.CustomResourceDefinition)
	if ok {
		return crd, nil
	}
	if err == nil {
		err = errors.New("not a definition")
	}
	return nil, fmt.Errorf("decoding it: %w", err)
}

// text returns the string at a path of an object, or "".
func text(object map[string]any, path ...string) string {
	value, _, _ := unstructured.NestedFieldNoCopy(object, path...)
	found, _ := value.(string)
	return found
}
