package lint

import (
	"context"
	"sync"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/validate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/decode"
	"example.com/mlops-platform/tools/render/internal/report"
)

// validating guards Argo Workflows' validation: it numbers placeholders in a
// package variable.
var validating sync.Mutex

var _ = register(Rule{
	ID:     "workflow-invalid",
	What:   "Argo Workflows would refuse this workflow, or it would fail when it runs.",
	Remedy: "mend the template that the message names; argo lint --offline says the same",
	Check: func(in *Input, find func(report.Finding)) {
		t := templates(in.Cluster)
		var faults []workflowFault
		for _, o := range in.Cluster.Objects() {
			if !Typed(o) || argoCD(o.GetKind()) {
				continue
			}
			if err := t.validate(o); err != nil {
				faults = append(faults, workflowFault{o, err.Error()})
			}
		}
		for _, f := range causes(faults) {
			find(report.Finding{Object: f.object, Path: f.path(),
				Value: reference.FindString(f.message), Message: f.message})
		}
	},
})

// library resolves templateRefs from the whole render, so the order of
// documents does not matter (argoproj/argo-workflows#12137).
type library struct {
	namespaced map[string]map[string]*wfv1.WorkflowTemplate
	cluster    map[string]*wfv1.ClusterWorkflowTemplate
}

func templates(c *cluster.Cluster) *library {
	l := &library{map[string]map[string]*wfv1.WorkflowTemplate{}, map[string]*wfv1.ClusterWorkflowTemplate{}}
	for _, o := range c.Objects() {
		if !Typed(o) {
			continue
		}
		switch o.GetKind() {
		case "WorkflowTemplate":
			t := &wfv1.WorkflowTemplate{}
			if decode.Into(o.Object, t) != nil {
				continue // an argo-field finding
			}
			if l.namespaced[o.GetNamespace()] == nil {
				l.namespaced[o.GetNamespace()] = map[string]*wfv1.WorkflowTemplate{}
			}
			l.namespaced[o.GetNamespace()][o.GetName()] = t
		case "ClusterWorkflowTemplate":
			t := &wfv1.ClusterWorkflowTemplate{}
			if decode.Into(o.Object, t) == nil {
				l.cluster[o.GetName()] = t
			}
		}
	}
	return l
}

func (l *library) validate(o *cluster.Object) error {
	validating.Lock()
	defer validating.Unlock()
	ns := namespaced{l.namespaced[o.GetNamespace()]}
	cl := clusterWide{l.cluster}
	lint := validate.ValidateOpts{Lint: true}
	switch o.GetKind() {
	case "Workflow":
		w := &wfv1.Workflow{}
		if decode.Into(o.Object, w) != nil {
			return nil
		}
		return validate.ValidateWorkflow(ns, cl, w, nil, lint)
	case "WorkflowTemplate":
		if t := ns.all[o.GetName()]; t != nil {
			return validate.ValidateWorkflowTemplate(ns, cl, t.DeepCopy(), nil, lint)
		}
	case "ClusterWorkflowTemplate":
		if t := l.cluster[o.GetName()]; t != nil {
			return validate.ValidateClusterWorkflowTemplate(ns, cl, t.DeepCopy(), nil, lint)
		}
	case "CronWorkflow":
		w := &wfv1.CronWorkflow{}
		if decode.Into(o.Object, w) != nil {
			return nil
		}
		return validate.ValidateCronWorkflow(context.Background(), ns, cl, w, nil)
	}
	return nil
}

type namespaced struct {
	all map[string]*wfv1.WorkflowTemplate
}

// Get finds a WorkflowTemplate of the namespace.
func (n namespaced) Get(name string) (*wfv1.WorkflowTemplate, error) {
	if t := n.all[name]; t != nil {
		return t.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Group: "argoproj.io", Resource: "workflowtemplates"}, name)
}

type clusterWide struct {
	all map[string]*wfv1.ClusterWorkflowTemplate
}

// Get finds a ClusterWorkflowTemplate.
func (c clusterWide) Get(name string) (*wfv1.ClusterWorkflowTemplate, error) {
	if t := c.all[name]; t != nil {
		return t.DeepCopy(), nil
	}
	resource := schema.GroupResource{Group: "argoproj.io", Resource: "clusterworkflowtemplates"}
	return nil, apierrors.NewNotFound(resource, name)
}
