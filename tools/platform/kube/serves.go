package kube

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// Serves tells whether the API lists all of some kinds, in the list that kubectl reads as well. The kinds of a
// CustomResourceDefinition come into it some moments after that was applied.
func (c *Cluster) Serves(kinds ...schema.GroupVersionResource) (bool, error) {
	client, err := discovery.NewDiscoveryClientForConfig(c.Config)
	if err != nil {
		return false, err
	}
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) { // a server of another group may be away
		return false, err
	}
	return !slices.ContainsFunc(kinds, func(kind schema.GroupVersionResource) bool {
		return !slices.ContainsFunc(lists, func(list *metav1.APIResourceList) bool { return has(list, kind) })
	}), nil
}

func has(list *metav1.APIResourceList, kind schema.GroupVersionResource) bool {
	return list.GroupVersion == kind.GroupVersion().String() &&
		slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == kind.Resource })
}
