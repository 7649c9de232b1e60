package source

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
)

const (
	// helmVersion is the helm that argo-cd 2.14.21 runs
	// (hack/tool-versions.sh); charts can ask for it.
	helmVersion = "v3.16.3"
	// defaultKubeVersion is for requests without one; helm 3.16's own.
	defaultKubeVersion = "v1.31.0"
	// defaultNamespace is the release's namespace when neither the source nor
	// the destination has one.
	defaultNamespace = "default"
)

// release is a chart and all that `helm template` takes besides it.
type release struct {
	*render
	name, namespace string
	chart           *chart.Chart
	values          chartutil.Values // coalesced, with Chart, Release and Capabilities
	places          *places
}

// helm renders the chart in the application's folder as Argo CD's call of
// `helm template . --name-template … --include-crds` does.
func (r *render) helm(ctx context.Context) error {
	return guard(ctx, r.dir, func() error {
		rel, err := r.release()
		if err != nil {
			return err
		}
		files, err := rel.execute()
		if err != nil {
			return err
		}
		if r.res.Items, err = rel.print(files); err != nil {
			return err
		}
		return rel.noteRandom(files)
	})
}

// release loads the chart and prepares what its templates see.
func (r *render) release() (*release, error) {
	rel := &release{render: r, namespace: r.Source.GetNamespaceOrDefault(r.App.Spec.Destination.Namespace)}
	if rel.namespace == "" {
		rel.namespace = defaultNamespace
	}
	if h := r.Source.Helm; h != nil && h.Version != "" && h.Version != "v3" {
		return nil, fmt.Errorf("spec.source.helm.version %q: Argo CD knows v3 only; remove it", h.Version)
	}
	var err error
	if rel.name, err = r.releaseName(); err != nil {
		return nil, err
	}
	values, err := r.suppliedValues()
	if err != nil {
		return nil, err
	}
	rel.places = &places{view: r.View, dir: r.dir, local: map[string]string{}, known: map[string]string{}}
	if err := rel.load(values); err != nil {
		return nil, err
	}
	caps, err := r.capabilities()
	if err != nil {
		return nil, err
	}
	have := caps.KubeVersion.Version
	if want := rel.chart.Metadata.KubeVersion; want != "" && !chartutil.IsCompatibleRange(want, have) {
		return nil, fault(rel.places.chartFile(), 0, "the chart wants Kubernetes %s, the cluster has %s", want, have)
	}
	options := chartutil.ReleaseOptions{Name: rel.name, Namespace: rel.namespace, Revision: 1, IsInstall: true}
	// The schemas are checked here rather than by helm, which would fetch what
	// they refer to.
	if rel.values, err = chartutil.ToRenderValuesWithSchemaValidation(rel.chart, values, options, caps, true); err != nil {
		return nil, fmt.Errorf("%s: %w", r.dir, err)
	}
	if h := r.Source.Helm; h == nil || !h.SkipSchemaValidation {
		supplied, _ := rel.values["Values"].(chartutil.Values)
		if err := rel.checkSchemas(rel.chart, supplied); err != nil {
			return nil, err
		}
	}
	return rel, nil
}

// releaseName is the release's name: the Application's unless set. Helm takes
// it as a template, though hardly anyone knows.
func (r *render) releaseName() (string, error) {
	name := r.App.Name
	if h := r.Source.Helm; h != nil && h.ReleaseName != "" {
		name = h.ReleaseName
	}
	if strings.Contains(name, "{{") {
		funcs := sprig.TxtFuncMap()
		delete(funcs, "env") // the machine's environment is not the repo-server's
		delete(funcs, "expandenv")
		t, err := template.New("name").Funcs(funcs).Parse(name)
		if err != nil {
			return "", fmt.Errorf("spec.source.helm.releaseName %q: %w", name, err)
		}
		var b strings.Builder
		if err := t.Execute(&b, nil); err != nil {
			return "", fmt.Errorf("spec.source.helm.releaseName %q: %w", name, err)
		}
		name = b.String()
	}
	if err := chartutil.ValidateReleaseName(name); err != nil {
		return "", fmt.Errorf("release name %q: %w; set spec.source.helm.releaseName", name, err)
	}
	return name, nil
}

func (r *render) capabilities() (*chartutil.Capabilities, error) {
	want := strings.ReplaceAll(r.Source.GetKubeVersionOrDefault(r.KubeVersion), "+", "")
	if want == "" {
		want = defaultKubeVersion
	}
	version, err := chartutil.ParseKubeVersion(want)
	if err != nil {
		return nil, fmt.Errorf("version %q of Kubernetes: %w", want, err)
	}
	build := chartutil.DefaultCapabilities.HelmVersion
	build.Version = helmVersion
	return &chartutil.Capabilities{
		KubeVersion: *version,
		APIVersions: slices.Concat(builtinVersions, r.Source.GetAPIVersionsOrDefault(r.APIVersions)),
		HelmVersion: build,
	}, nil
}

// builtinVersions are the API versions every helm knows, in helm's order.
// chartutil's own list is read from a scheme that any package of this program
// may add to.
var builtinVersions = func() chartutil.VersionSet {
	s := runtime.NewScheme()
	metav1.AddToGroupVersion(s, schema.GroupVersion{Version: "v1"})
	for _, add := range []func(*runtime.Scheme) error{
		clientscheme.AddToScheme, apiextensionsv1beta1.AddToScheme, apiextensionsv1.AddToScheme,
	} {
		if err := add(s); err != nil {
			panic(err) // the same types registered twice: found by any test
		}
	}
	var out chartutil.VersionSet
	for _, gv := range s.PrioritizedVersionsAllGroups() {
		out = append(out, gv.String())
	}
	return out
}()

// execute runs the templates. The zero engine has no client, so `lookup` finds
// nothing, and does not resolve names.
func (rel *release) execute() (map[string]string, error) {
	var e engine.Engine
	files, err := e.Render(rel.chart, rel.values)
	if err != nil {
		return nil, rel.places.templateError(err)
	}
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	return files, nil
}
