// Package kust builds a Kustomize folder as Argo CD does, from a view of the
// repository: the Application's overrides are edited into the kustomization in
// memory, remote bases are read from the Go module cache, and neither a
// network nor another program is ever used.
package kust

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// Resource is one object of a build and the file that introduced it.
type Resource struct {
	Object *unstructured.Unstructured
	File   string // path in the tree; "" when kustomize does not know
}

// Builder builds folders of one repository. It is safe for concurrent use.
type Builder struct {
	Modules *gomod.Modules
	// AnyFile lifts the rule that a file must lie below its kustomization
	// (--load-restrictor LoadRestrictionsNone in argocd-cm).
	AnyFile bool
}

// schemaLock guards kustomize's process-wide OpenAPI schema: a build with an
// `openapi:` field replaces it for everyone (kubernetes-sigs/kustomize#5805).
var schemaLock sync.RWMutex

// warm parses kustomize's built-in schema once, about 40 ms, before builds race
// for it (kubernetes-sigs/kustomize#4824).
var warm = sync.OnceFunc(func() { openapi.Schema() })

// Build returns the objects of the folder dir in the order of `kustomize build`.
// A *NotOffline error says that the folder needs a network or a program.
func (b *Builder) Build(v *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize,
	env *v1alpha1.Env,
) ([]Resource, error) {
	if _, err := b.prepare(v, dir, o, env, b.Modules.Find); err != nil {
		return nil, err
	}
	own, custom, err := askOrigins(v, dir)
	if err != nil {
		return nil, err
	}
	resources, err := b.run(v, dir, custom)
	if err != nil {
		return nil, explain(v, dir, err)
	}
	out := make([]Resource, 0, len(resources))
	for _, r := range resources {
		one, err := convert(r, dir, own)
		if err != nil {
			return nil, explain(v, dir, err)
		}
		out = append(out, one)
	}
	return out, nil
}

// prepare edits the overrides into the folder's kustomization, and walks all that
// it leads to.
func (b *Builder) prepare(v *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize, env *v1alpha1.Env,
	find func(repo, ref string) (string, error),
) (*graph, error) {
	file, err := findFile(v, dir)
	if err != nil {
		return nil, err
	}
	if _, _, err := readFile(v, file); err != nil {
		return nil, err // before an edit of it fails without a line
	}
	if err := override(v, dir, o, env); err != nil {
		return nil, err
	}
	g := &graph{view: v, find: find, done: map[string]bool{}, anyFile: b.AnyFile}
	return g, g.walk(dir, nil)
}

// Inputs is where everything is that a build may read.
type Inputs struct {
	Folders []string // with all below them
	Files   []string // in those folders: what the kustomizations name
}

// Inputs finds the inputs of a build without building. Kustomize reads no file
// outside of the folders of its kustomizations, unless that rule is lifted; then
// it returns nil, for anything may be read.
func (b *Builder) Inputs(v *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize,
	env *v1alpha1.Env,
) (*Inputs, error) {
	if b.AnyFile {
		return nil, nil
	}
	g, err := b.prepare(v, dir, o, env, b.Modules.Peek)
	if err != nil {
		return nil, err
	}
	in := &Inputs{Folders: slices.Sorted(maps.Keys(g.done)), Files: g.files}
	for _, folder := range in.Folders {
		file, err := findFile(v, folder)
		if err != nil {
			return nil, err
		}
		in.Files = append(in.Files, file)
	}
	return in, nil
}

// askOrigins makes kustomize annotate each object with the file it came from.
// own says that the folder asks for that itself, custom that it brings a schema.
func askOrigins(v *tree.View, dir string) (own, custom bool, err error) {
	err = change(v, dir, func(k map[string]any) error {
		meta, _ := k["buildMetadata"].([]any)
		for _, m := range meta {
			own = own || m == types.OriginAnnotations
		}
		_, custom = k["openapi"]
		if !own {
			k["buildMetadata"] = append(meta, types.OriginAnnotations)
		}
		return nil
	})
	return own, custom, err
}

func (b *Builder) run(v *tree.View, dir string, customSchema bool) ([]*resource.Resource, error) {
	warm()
	if customSchema {
		schemaLock.Lock()
		defer schemaLock.Unlock()
		openapi.ResetOpenAPI()
		defer func() {
			openapi.ResetOpenAPI()
			openapi.Schema()
		}()
	} else {
		schemaLock.RLock()
		defer schemaLock.RUnlock()
	}
	opts := krusty.MakeDefaultOptions()
	opts.Reorder = krusty.ReorderOptionUnspecified // what the CLI does
	if b.AnyFile {
		opts.LoadRestrictions = types.LoadRestrictionsNone
	}
	m, err := krusty.MakeKustomizer(opts).Run(v, "/"+strings.TrimPrefix(dir, "."))
	if err != nil {
		return nil, err
	}
	return m.Resources(), nil
}

func convert(r *resource.Resource, dir string, keepOrigin bool) (Resource, error) {
	origin, err := r.GetOrigin()
	if err != nil {
		return Resource{}, err
	}
	if !keepOrigin {
		if err := r.SetOrigin(nil); err != nil {
			return Resource{}, err
		}
	}
	data, err := r.MarshalJSON()
	if err != nil {
		return Resource{}, fmt.Errorf("%s: %w", r.CurId(), err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		return Resource{}, fmt.Errorf("%s: %w", r.CurId(), err)
	}
	if len(u.GetAnnotations()) == 0 { // left empty by SetOrigin
		unstructured.RemoveNestedField(u.Object, "metadata", "annotations")
	}
	out := Resource{Object: u}
	if origin != nil {
		from := origin.Path
		if from == "" {
			from = origin.ConfiguredIn
		}
		if from != "" {
			out.File = path.Join(dir, from)
		}
	}
	return out, nil
}

// IsNotOffline finds a *NotOffline in an error.
func IsNotOffline(err error) (*NotOffline, bool) {
	var n *NotOffline
	ok := errors.As(err, &n)
	return n, ok
}
