// Package workflow submits workflows that are in Git and follows them to their end.
package workflow

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"example.com/mlops-platform/tools/platform/internal/run"
	"example.com/mlops-platform/tools/platform/kube"
)

// Namespace is where workflows run.
const Namespace = "training"

// Workflow is what is read of one. The fields are those of the API of Argo Workflows, argoproj.io/v1alpha1.
type Workflow struct {
	Metadata struct {
		Name              string      `json:"name"`
		CreationTimestamp metav1.Time `json:"creationTimestamp"`
	} `json:"metadata"`
	Spec struct {
		WorkflowTemplateRef struct {
			Name string `json:"name"`
		} `json:"workflowTemplateRef"`
	} `json:"spec"`
	Status struct {
		Phase      string          `json:"phase"`
		Message    string          `json:"message"`
		Progress   string          `json:"progress"`
		StartedAt  *metav1.Time    `json:"startedAt"`
		FinishedAt *metav1.Time    `json:"finishedAt"`
		Nodes      map[string]Node `json:"nodes"`
	} `json:"status"`
}

// Node is a step, a group of steps or an attempt at one.
type Node struct {
	DisplayName string       `json:"displayName"`
	Type        string       `json:"type"`
	Phase       string       `json:"phase"`
	Message     string       `json:"message"`
	StartedAt   *metav1.Time `json:"startedAt"`
	FinishedAt  *metav1.Time `json:"finishedAt"`
	Memoization *struct {
		Hit bool `json:"hit"`
	} `json:"memoizationStatus"`
}

// Name is the workflow's own.
func (w Workflow) Name() string { return w.Metadata.Name }

// Template is the WorkflowTemplate that it runs.
func (w Workflow) Template() string { return w.Spec.WorkflowTemplateRef.Name }

// Ended tells whether nothing more will happen.
func (w Workflow) Ended() bool {
	return w.Status.Phase == "Succeeded" || w.Status.Phase == "Failed" || w.Status.Phase == "Error"
}

// Took is how long it has run.
func (w Workflow) Took(now time.Time) time.Duration {
	return took(w.Status.StartedAt, w.Status.FinishedAt, now)
}

func took(started, finished *metav1.Time, now time.Time) time.Duration {
	switch {
	case started.IsZero():
		return 0
	case !finished.IsZero():
		return finished.Sub(started.Time)
	}
	return now.Sub(started.Time).Truncate(time.Second)
}

// Tree draws the steps in the order in which they began: those that are pods, or that the cache answered.
func (w Workflow) Tree(now time.Time) []string {
	var steps []Node
	for _, n := range w.Status.Nodes {
		if n.Type == "Pod" || n.Memoization != nil && n.Memoization.Hit {
			steps = append(steps, n)
		}
	}
	slices.SortFunc(steps, func(a, b Node) int {
		return cmp.Or(a.StartedAt.Time.Compare(b.StartedAt.Time), strings.Compare(a.DisplayName, b.DisplayName))
	})
	lines := make([]string, len(steps))
	for i, n := range steps {
		lines[i] = n.line(now, i == len(steps)-1)
	}
	return lines
}

func (n Node) line(now time.Time, last bool) string {
	marks := map[string]string{"Succeeded": "✓", "Failed": "✗", "Error": "✗"}
	mark, branch := marks[n.Phase], "├─"
	if mark == "" {
		mark = "…"
	}
	if last {
		branch = "└─"
	}
	what := n.Phase
	switch {
	case n.Memoization != nil && n.Memoization.Hit:
		what = "from the cache"
	case n.Phase == "Succeeded":
		what = took(n.StartedAt, n.FinishedAt, now).String()
	case n.Message != "":
		what += ": " + strings.Join(strings.Fields(n.Message), " ")
	}
	return fmt.Sprintf("%s %s %-36s %s", mark, branch, digests.ReplaceAllString(n.DisplayName, "$1…"), what)
}

// digests in the name of a step are longer than a terminal is wide; the first digits tell them apart.
var digests = regexp.MustCompile(`\b([0-9a-f]{7})[0-9a-f]{9,}\b`)

// Failures says which steps failed and why.
func (w Workflow) Failures() string {
	var said []string
	for _, n := range w.Status.Nodes {
		if n.Type == "Pod" && (n.Phase == "Failed" || n.Phase == "Error") {
			said = append(said, n.DisplayName+": "+n.Message)
		}
	}
	slices.Sort(said)
	return strings.Join(append([]string{w.Status.Message}, said...), "\n  ")
}

// Parse reads a Workflow.
func Parse(object unstructured.Unstructured) (Workflow, error) {
	var w Workflow
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &w); err != nil {
		return w, fmt.Errorf("Workflow %s: %w", object.GetName(), err)
	}
	return w, nil
}

// List returns the workflows there are, the newest first.
func List(ctx context.Context, cluster *kube.Cluster) ([]Workflow, error) {
	objects, err := cluster.List(ctx, kube.Workflows, Namespace, "")
	if err != nil {
		return nil, err
	}
	var all []Workflow
	for _, object := range objects {
		w, err := Parse(object)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b Workflow) int {
		return b.Metadata.CreationTimestamp.Compare(a.Metadata.CreationTimestamp.Time)
	})
	return all, nil
}

// Client is the command line of Argo Workflows, the one that people use.
type Client struct{ Program, Kubeconfig string }

// Submit starts the workflow of a WorkflowTemplate with parameters NAME=value, and returns its name.
func (c Client) Submit(ctx context.Context, template string, parameters ...string) (string, error) {
	args := []string{
		c.Program, "--kubeconfig", c.Kubeconfig, "-n", Namespace, "submit", "--from", "workflowtemplate/" + template,
		"-o", "name",
	}
	for _, p := range parameters {
		args = append(args, "-p", p)
	}
	out, err := run.Command{Args: args}.Output(ctx)
	return strings.TrimPrefix(strings.TrimSpace(out), "workflow/"), err
}

// Follow waits until a workflow has ended and gives each new state to see. One that did not succeed is an error.
func Follow(ctx context.Context, cluster *kube.Cluster, name string, see func(Workflow)) error {
	var w Workflow
	err := kube.Until(ctx, func(ctx context.Context) (bool, error) {
		object, err := cluster.Get(ctx, kube.Workflows, Namespace, name)
		if err != nil {
			return false, err
		}
		if object == nil {
			return false, fmt.Errorf("workflow %s was deleted", name)
		}
		if w, err = Parse(*object); err != nil {
			return false, err
		}
		see(w)
		return w.Ended(), nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("workflow %s (%s): %w", name, w.Status.Phase, err)
	case w.Status.Phase != "Succeeded":
		return fmt.Errorf("workflow %s: %s: %s", name, w.Status.Phase, w.Failures())
	}
	return nil
}
