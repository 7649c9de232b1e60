package kube

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// RolledOut tells whether a Deployment has only pods of its latest generation, all of them available, and else what it
// says that it lacks. One that does not exist is not rolled out.
func (c *Cluster) RolledOut(ctx context.Context, namespace, name string) (is bool, lacks string, err error) {
	object, err := c.Get(ctx, Deployments, namespace, name)
	if err != nil || object == nil {
		return false, "it does not exist", err
	}
	var d appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &d); err != nil {
		return false, "", fmt.Errorf("read Deployment %s/%s: %w", namespace, name, err)
	}
	for _, c := range d.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			lacks = c.Message
		}
	}
	wanted := *d.Spec.Replicas
	return d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == wanted &&
		d.Status.Replicas == wanted && d.Status.AvailableReplicas == wanted, lacks, nil
}
