package admit

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"

	structuraldefaulting "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Update is what the API server would say to a change of an object.
type Update struct {
	Refused []Fault // why this change is refused, although creating the new object might not be; sorted by path
	Same    bool    // both manifests mean the same object: only the spelling of a default differs
	Reason  string  // why nothing is known; "" if it is
}

func unknownUpdate(format string, args ...any) Update {
	return Update{Reason: fmt.Sprintf(format, args...)}
}

// ValidateUpdate says what the API server would say to an update that turns the object of one manifest into that of
// another. Faults that creating the new object would have too are left out: Validate returns them. What the cluster
// adds to a manifest (an allocated address, a generated selector, a bound volume) is taken to be there.
func (v *Validator) ValidateUpdate(from, to *unstructured.Unstructured) (update Update) {
	defer func() {
		if r := recover(); r != nil {
			update = unknownUpdate("validating panicked: %v at %s", r, panicSite(debug.Stack()))
		}
	}()
	old, fresh, reason := v.pair(from, to)
	if reason != "" {
		return Update{Reason: reason}
	}
	ctx := updateContext(fresh)
	old.prepare(ctx)
	fresh.prepare(ctx)
	inhabit(old.object, fresh.object)
	whole := old.kind == fresh.kind && len(old.taken)+len(fresh.taken) == 0
	update.Same = whole && equality.Semantic.DeepEqual(old.object, fresh.object)
	if update.Same {
		return update
	}
	by := updaterOf(fresh.strategy)
	if by == nil {
		return unknownUpdate("updates of %s are not known to this tool", fresh.kind.Kind)
	}
	by.PrepareForUpdate(ctx, fresh.object, old.object)
	var faults []Fault
	for _, e := range by.ValidateUpdate(ctx, fresh.object, old.object) {
		faults = append(faults, fromFieldError(e))
	}
	faults, _ = excuse(faults, append(old.taken, fresh.taken...))
	if len(faults) > 0 {
		update.Refused = ordered(without(faults, v.Validate(to).Faults))
	}
	return update
}

// without takes out the faults that are among others.
func without(faults, others []Fault) []Fault {
	return slices.DeleteFunc(faults, func(f Fault) bool {
		return slices.ContainsFunc(others, func(o Fault) bool { return o.Path == f.Path && o.Message == f.Message })
	})
}

// decoded is an object in the form in which a strategy takes it.
type decoded struct {
	kind     schema.GroupVersionKind
	object   runtime.Object
	strategy rest.RESTCreateStrategy
	taken    []Fault // fields that are newer than the library
}

// prepare makes the object look as it does when it has been created.
func (d *decoded) prepare(ctx context.Context) {
	m, err := meta.Accessor(d.object)
	if err != nil {
		return
	}
	prepareMeta(d.strategy, m)
	d.strategy.PrepareForCreate(ctx, d.object)
	m.SetResourceVersion("1") // an update must name the version it is based on
}

func updateContext(d *decoded) context.Context {
	namespace := ""
	if m, err := meta.Accessor(d.object); err == nil {
		namespace = m.GetNamespace()
	}
	ctx := request.WithNamespace(context.Background(), namespace)
	return request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true, Verb: "update", APIGroup: d.kind.Group, APIVersion: d.kind.Version, Namespace: namespace,
	})
}

// pair decodes both manifests.
func (v *Validator) pair(from, to *unstructured.Unstructured) (old, fresh *decoded, reason string) {
	if old, reason = v.decode(from); reason != "" {
		return nil, nil, reason
	}
	if fresh, reason = v.decode(to); reason != "" {
		return nil, nil, reason
	}
	if old.kind.GroupKind() != fresh.kind.GroupKind() {
		return nil, nil, "the two are of different kinds"
	}
	return old, fresh, ""
}

func (v *Validator) decode(u *unstructured.Unstructured) (*decoded, string) {
	var n normaliser
	object, bad := n.object(u.Object)
	if bad != nil {
		return nil, bad.Error()
	}
	kind, faults := typeOf(object)
	if len(faults) > 0 {
		return nil, faults[0].String()
	}
	if n, ok := natives[kind.GroupKind()]; ok {
		return decodeNative(n, kind, object)
	}
	d, ok := v.definitions[kind.GroupKind()]
	if !ok {
		return nil, fmt.Sprintf("no schema of %s %s is known", kind.GroupVersion(), kind.Kind)
	}
	return d.decodeCustom(kind, object)
}

func decodeNative(n native, kind schema.GroupVersionKind, object map[string]any) (*decoded, string) {
	family := n.family()
	prototype, err := family.scheme.New(kind)
	if err != nil {
		return nil, err.Error()
	}
	taken := planFor(reflect.TypeOf(prototype)).strip(object, nil)
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err.Error()
	}
	internal, err := family.decode(data, kind)
	if _, strict := runtime.AsStrictDecodingError(err); internal == nil || err != nil && !strict {
		return nil, "it does not decode" // Validate says where; the reason may hold a value of a Secret
	}
	return &decoded{kind: kind, object: internal, strategy: n.strategy(), taken: taken}, ""
}

func (d *definition) decodeCustom(kind schema.GroupVersionKind, object map[string]any) (*decoded, string) {
	version, ok := d.versions[kind.Version]
	if d.broken != "" || !ok || !version.served {
		return nil, fmt.Sprintf("%s does not serve version %s", d.name, kind.Version)
	}
	c, err := version.compile()
	if err != nil {
		return nil, err.Error()
	}
	u := &unstructured.Unstructured{Object: object}
	if _, refused := c.coerce(u); len(refused) > 0 {
		return nil, refused[0].String()
	}
	structuraldefaulting.Default(u.Object, c.schema)
	return &decoded{kind: kind, object: u, strategy: c.strategy}, ""
}
