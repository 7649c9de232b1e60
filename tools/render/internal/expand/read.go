package expand

import (
	"fmt"
	"reflect"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/decode"
	"example.com/mlops-platform/tools/render/internal/tree"
	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// controlPlane is where Argo CD is installed unless somebody chose otherwise:
// a root file without a namespace is applied there.
const controlPlane = "argocd"

// readObjects reads the objects of one YAML file.
func readObjects(t *tree.Tree, file string) ([]*cluster.Object, error) {
	data, err := tree.NewView(t).ReadFile("/" + file)
	if err != nil {
		return nil, err
	}
	docs, err := yamldoc.Read(file, data)
	if err != nil {
		return nil, err
	}
	var out []*cluster.Object
	for _, d := range docs {
		u := &unstructured.Unstructured{Object: d.Object}
		if u.GetKind() == "" || u.GetAPIVersion() == "" {
			return nil, fmt.Errorf("%s:%d: not a Kubernetes object: apiVersion and kind are needed", file, d.Line)
		}
		out = append(out, &cluster.Object{Unstructured: u, File: file, Line: d.Line})
	}
	return out, nil
}

func isApplication(o *cluster.Object) bool    { return isArgo(o, "Application") }
func isApplicationSet(o *cluster.Object) bool { return isArgo(o, "ApplicationSet") }

func isArgo(o *cluster.Object, kind string) bool {
	gvk := o.GroupVersionKind()
	return gvk.Group == "argoproj.io" && gvk.Kind == kind
}

// newApplication decodes the object into Argo CD's type. Unknown fields are
// judged later, against the CRD of the release that the cluster runs.
func newApplication(o *cluster.Object, parent *cluster.Application) (*cluster.Application, error) {
	spec := &v1alpha1.Application{}
	if err := decode.Into(o.Object, spec); err != nil {
		return nil, fmt.Errorf("decoding Application %s: %w", o.GetName(), err)
	}
	if spec.Name == "" {
		return nil, fmt.Errorf("decoding Application: metadata.name is missing")
	}
	return &cluster.Application{
		Key: spec.Namespace + "/" + spec.Name, Spec: spec, Object: o, Parent: parent, Wave: o.Wave(),
	}, nil
}

func sameSpec(a, b *cluster.Application) bool {
	return reflect.DeepEqual(a.Spec.Spec, b.Spec.Spec)
}

// ordered lists applications as a tree is read: a parent, then its children by
// wave and name, each with its own.
func ordered(apps []*cluster.Application) []*cluster.Application {
	var out []*cluster.Application
	var visit func(*cluster.Application)
	visit = func(a *cluster.Application) {
		out = append(out, a)
		sortByWave(a.Children)
		for _, c := range a.Children {
			visit(c)
		}
	}
	for _, a := range apps {
		if a.Parent == nil {
			visit(a)
		}
	}
	return out
}
