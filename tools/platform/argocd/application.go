// Package argocd reads what Argo CD says of the Applications it keeps equal to Git.
package argocd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"example.com/mlops-platform/tools/platform/kube"
)

// Namespace is where Argo CD and its Applications are.
const Namespace = "argocd"

// Root is the Application that makes the others.
const Root = "root"

// Application is what is read of one. The fields are those of Argo CD's API, argoproj.io/v1alpha1.
type Application struct {
	Metadata struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Status struct {
		Sync struct {
			Status   string `json:"status"`
			Revision string `json:"revision"`
		} `json:"sync"`
		Health struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"health"`
		Conditions     []Condition `json:"conditions"`
		Resources      []Resource  `json:"resources"`
		OperationState *Operation  `json:"operationState"`
	} `json:"status"`
}

// Condition is something that Argo CD has to say; its type ends in Error or Warning.
type Condition struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Resource is an object that an Application is made of.
type Resource struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Status    string `json:"status"`
}

// Operation is a sync that runs or has ended.
type Operation struct {
	Phase      string     `json:"phase"`
	Message    string     `json:"message"`
	RetryCount int        `json:"retryCount"`
	StartedAt  time.Time  `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
	SyncResult struct {
		Revision  string   `json:"revision"`
		Resources []Result `json:"resources"`
	} `json:"syncResult"`
}

// Result is what a sync did to an object. Its status is Synced, SyncFailed, Pruned or PruneSkipped.
type Result struct {
	Resource `json:",inline"`
	Message  string `json:"message"`
}

// Name is the Application's own.
func (a Application) Name() string { return a.Metadata.Name }

// Wave is the position in the order of a sync.
func (a Application) Wave() int {
	wave := 0
	_, _ = fmt.Sscan(a.Metadata.Annotations["argocd.argoproj.io/sync-wave"], &wave)
	return wave
}

// Synced tells whether the cluster was found equal to Git.
func (a Application) Synced() bool { return a.Status.Sync.Status == "Synced" && !a.running() }

// Healthy tells whether all that it made works.
func (a Application) Healthy() bool { return a.Status.Health.Status == "Healthy" }

func (a Application) running() bool {
	return a.Status.OperationState != nil && a.Status.OperationState.Phase == "Running"
}

// Trouble says what keeps it from being synced and healthy, as far as Argo CD tells; the empty string where nothing
// does. It is one line.
func (a Application) Trouble() string {
	var said []string
	for _, c := range a.Status.Conditions {
		if strings.HasSuffix(c.Type, "Error") {
			said = append(said, c.Type+": "+c.Message)
		}
	}
	if o := a.Status.OperationState; o != nil && (o.Phase != "Succeeded") && o.Message != "" {
		said = append(said, o.Message)
	}
	if !a.Healthy() && a.Status.Health.Message != "" {
		said = append(said, a.Status.Health.Message)
	}
	return strings.Join(strings.Fields(strings.Join(said, "; ")), " ")
}

// Parse reads an Application.
func Parse(object unstructured.Unstructured) (Application, error) {
	var a Application
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &a); err != nil {
		return a, fmt.Errorf("Application %s: %w", object.GetName(), err)
	}
	return a, nil
}

// List returns all Applications, the root first and the others in the order of their waves.
func List(ctx context.Context, cluster *kube.Cluster) ([]Application, error) {
	objects, err := cluster.List(ctx, kube.Applications, Namespace, "")
	if err != nil {
		return nil, err
	}
	var all []Application
	for _, object := range objects {
		application, err := Parse(object)
		if err != nil {
			return nil, err
		}
		all = append(all, application)
	}
	slices.SortFunc(all, func(a, b Application) int {
		return cmp.Or(
			-cmp.Compare(boolean(a.Name() == Root), boolean(b.Name() == Root)),
			cmp.Compare(a.Wave(), b.Wave()),
			strings.Compare(a.Name(), b.Name()),
		)
	})
	return all, nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
