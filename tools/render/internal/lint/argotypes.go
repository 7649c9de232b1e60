package lint

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/decode"
	"example.com/mlops-platform/tools/render/internal/report"
)

// argoTypes are the kinds whose Go types are linked in: they can be checked
// even where no CustomResourceDefinition is rendered.
var argoTypes = map[string]reflect.Type{
	"Application":             reflect.TypeFor[v1alpha1.Application](),
	"AppProject":              reflect.TypeFor[v1alpha1.AppProject](),
	"ApplicationSet":          reflect.TypeFor[v1alpha1.ApplicationSet](),
	"Workflow":                reflect.TypeFor[wfv1.Workflow](),
	"WorkflowTemplate":        reflect.TypeFor[wfv1.WorkflowTemplate](),
	"ClusterWorkflowTemplate": reflect.TypeFor[wfv1.ClusterWorkflowTemplate](),
	"CronWorkflow":            reflect.TypeFor[wfv1.CronWorkflow](),
}

// Typed says whether an object is checked by its Go type.
func Typed(o *cluster.Object) bool {
	gvk := o.GroupVersionKind()
	return gvk.Group == "argoproj.io" && gvk.Version == "v1alpha1" && argoTypes[gvk.Kind] != nil
}

var _ = register(Rule{
	ID:     "argo-field",
	What:   "Argo would drop this field, or could not read it: it is unknown or of the wrong type.",
	Remedy: "check spelling and type; for a field newer than Argo CD 2.14, render its CRDs or name them in .render.yaml",
	Check: each(func(o *cluster.Object, r admit.Result, find func(report.Finding)) {
		if !Typed(o) {
			return
		}
		// A rendered CRD with a full schema is the truth of the release that runs;
		// the Go types of Argo CD are those of 2.14 and know less. Argo Workflows'
		// CRDs keep unknown fields, so its types always decide.
		if !r.UnknownKind && argoCD(o.GetKind()) {
			return
		}
		for _, f := range strict(o) {
			find(report.Finding{Object: o, Path: f.Path, Message: f.Message})
		}
	}),
})

func argoCD(kind string) bool {
	return kind == "Application" || kind == "AppProject" || kind == "ApplicationSet"
}

// strict decodes the object into its Go type. The decoder of a workflow's steps
// stops at the first unknown field and does not say where, so steps are taken
// out and decoded one by one.
func strict(o *cluster.Object) []decode.Fault {
	o = &cluster.Object{Unstructured: o.DeepCopy()}
	at := "spec.templates"
	spec, _ := o.Object["spec"].(map[string]any)
	if o.GetKind() == "CronWorkflow" {
		at = "spec.workflowSpec.templates"
		spec, _ = spec["workflowSpec"].(map[string]any)
	}
	templates, _ := spec["templates"].([]any)
	var faults []decode.Fault
	for i, t := range templates {
		if t, ok := t.(map[string]any); ok {
			faults = append(faults, takeSteps(t, fmt.Sprintf("%s[%d].steps", at, i))...)
		}
	}
	return append(decode.Strict(o.Object, reflect.New(argoTypes[o.GetKind()]).Interface()), faults...)
}

// takeSteps removes the steps of a template, if they are a list of lists.
func takeSteps(template map[string]any, at string) (faults []decode.Fault) {
	groups, ok := template["steps"].([]any)
	for j, group := range groups {
		steps, isList := group.([]any)
		ok = ok && isList
		for k, step := range steps {
			m, isMap := step.(map[string]any)
			ok = ok && isMap
			faults = append(faults, strictStep(m, fmt.Sprintf("%s[%d][%d].", at, j, k))...)
		}
	}
	if !ok {
		return nil // the decoder says that it is no list of lists
	}
	delete(template, "steps")
	return faults
}

func strictStep(step map[string]any, at string) []decode.Fault {
	faults := decode.Strict(step, &wfv1.WorkflowStep{})
	for i, f := range faults {
		faults[i] = decode.Fault{Path: at + f.Path, Message: strings.Replace(f.Message, f.Path, at+f.Path, 1)}
	}
	return faults
}
