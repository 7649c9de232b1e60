package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Argo CD's controller puts back what is in Git: first it has to stop.
const (
	argoNamespace  = "argocd"
	argoController = "argocd-application-controller"
)

var (
	statefulSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}

	// What is deleted, in this order, each kind until none is left. Their own controllers, which still run, take back
	// what they did in AWS before an object goes: they leave a target group, and end the instances of a NodePool.
	kinds = []schema.GroupVersionResource{
		{Group: "elbv2.k8s.aws", Version: "v1beta1", Resource: "targetgroupbindings"},
		{Group: "karpenter.sh", Version: "v1", Resource: "nodepools"},
		{Group: "karpenter.sh", Version: "v1", Resource: "nodeclaims"},
	}
)

// Drain empties a cluster. It is done when nothing of the kinds above is left.
type Drain struct {
	// Config is the way in, Say hears of each step.
	Config *rest.Config
	Say    func(format string, arguments ...any)
	// Limit bounds the wait for each kind, Poll is the time between two looks.
	Limit, Poll time.Duration
}

// Run drains. An error names the objects that stay and what holds them.
func (d *Drain) Run(ctx context.Context) error {
	config := rest.CopyConfig(d.Config)
	config.QPS = -1 // a handful of requests; waiting for one's own limit would look like an API that hangs
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := d.stopArgoCD(ctx, client); err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := d.empty(ctx, client, kind); err != nil {
			return err
		}
	}
	return nil
}

func (d *Drain) stopArgoCD(ctx context.Context, client dynamic.Interface) error {
	controllers := client.Resource(statefulSets).Namespace(argoNamespace)
	none := []byte(`{"spec":{"replicas":0}}`)
	_, err := controllers.Patch(ctx, argoController, types.MergePatchType, none, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		d.Say("Argo CD is not here")
		return nil
	}
	if err != nil {
		return fmt.Errorf("stopping Argo CD, which would put back what is deleted: %w", err)
	}
	var running int64
	err = d.until(ctx, func(ctx context.Context) (bool, error) {
		found, err := controllers.Get(ctx, argoController, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		running, _, err = unstructured.NestedInt64(found.Object, "status", "replicas")
		return running == 0, err
	})
	if err != nil {
		return fmt.Errorf("the controller of Argo CD still runs and would put back what is deleted: %w", err)
	}
	d.Say("Argo CD has stopped")
	return nil
}

// empty deletes all objects of a kind and waits for the last to be gone.
func (d *Drain) empty(ctx context.Context, client dynamic.Interface, kind schema.GroupVersionResource) error {
	first, err := client.Resource(kind).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		d.Say("%s: the cluster does not know them", kind.Resource)
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing %s: %w", kind.Resource, err)
	}
	for _, each := range first.Items {
		err := client.Resource(kind).Namespace(each.GetNamespace()).Delete(ctx, each.GetName(), metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("deleting %s %s: %w", kind.Resource, nameOf(each), err)
		}
	}
	var left []unstructured.Unstructured
	err = d.until(ctx, func(ctx context.Context) (bool, error) {
		found, err := client.Resource(kind).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		left = found.Items
		return len(left) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("%s are still there: %w%s", kind.Resource, err, held(left))
	}
	d.Say("%s: %d deleted, none left", kind.Resource, len(first.Items))
	return nil
}

// until looks until the answer is yes. An error may pass, as long as there is time; the last one is told at the end.
func (d *Drain) until(ctx context.Context, done func(context.Context) (bool, error)) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, d.Poll, d.Limit, true, func(looking context.Context) (bool, error) {
		yes, err := done(looking)
		if looking.Err() == nil {
			last = err
		}
		return yes && err == nil, nil
	})
	if err != nil && ctx.Err() == nil {
		return errors.Join(fmt.Errorf("waited for %s", d.Limit), last)
	}
	return err
}

// held names what stays, and the finalizers whose controllers should have let it go.
func held(left []unstructured.Unstructured) string {
	var text strings.Builder
	for _, each := range left {
		fmt.Fprintf(&text, "\n  %s, held by %s", nameOf(each), strings.Join(each.GetFinalizers(), ", "))
	}
	return text.String()
}

func nameOf(object unstructured.Unstructured) string {
	return strings.TrimPrefix(object.GetNamespace()+"/"+object.GetName(), "/")
}
