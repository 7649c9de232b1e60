// Package kube reaches the cluster's API as its administrator.
package kube

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"example.com/mlops-platform/tools/platform/internal/run"
)

// The kinds that the platform is asked about.
var (
	Secrets           = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	Services          = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	Pods              = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	Deployments       = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	AppProjects       = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "appprojects"}
	Applications      = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}
	Workflows         = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}
	WorkflowTemplates = schema.GroupVersionResource{
		Group: "argoproj.io", Version: "v1alpha1", Resource: "workflowtemplates",
	}
)

// Cluster is one Kubernetes API.
type Cluster struct {
	Config     *rest.Config
	Objects    dynamic.Interface
	kubectl    string
	kubeconfig string
}

// Open returns the cluster of a kubeconfig; kubectl is the program that applies manifests.
func Open(kubeconfig, kubectl string) (*Cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.Timeout = 30 * time.Second
	config.QPS, config.Burst = 50, 100
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Cluster{Config: config, Objects: objects, kubectl: kubectl, kubeconfig: kubeconfig}, nil
}

// Apply applies manifests server-side in the name of manager, whose fields they become.
func (c *Cluster) Apply(ctx context.Context, manager string, manifests io.Reader) error {
	_, err := run.Command{
		Args: []string{
			c.kubectl, "--kubeconfig", c.kubeconfig, "apply", "--server-side", "--force-conflicts",
			"--field-manager", manager, "-f", "-",
		},
		Stdin: manifests,
	}.Output(ctx)
	return err
}

// List returns the objects of a kind in a namespace. A kind that the cluster does not have yet has none.
func (c *Cluster) List(
	ctx context.Context, kind schema.GroupVersionResource, namespace, selector string,
) ([]unstructured.Unstructured, error) {
	list, err := c.Objects.Resource(kind).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Get returns an object, or nil where it does not exist.
func (c *Cluster) Get(
	ctx context.Context, kind schema.GroupVersionResource, namespace, name string,
) (*unstructured.Unstructured, error) {
	object, err := c.Objects.Resource(kind).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return object, err
}

// Secret returns one value of a Secret, or the empty string where there is none.
func (c *Cluster) Secret(ctx context.Context, namespace, name, key string) (string, error) {
	secret, err := c.Get(ctx, Secrets, namespace, name)
	if err != nil || secret == nil {
		return "", err
	}
	encoded, _, err := unstructured.NestedString(secret.Object, "data", key)
	if err != nil {
		return "", err
	}
	value, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", fmt.Errorf("Secret %s/%s, key %s: %w", namespace, name, key, err)
	}
	return string(value), nil
}

// ClusterIP returns the address of a Service, or the empty string where there is none.
func (c *Cluster) ClusterIP(ctx context.Context, namespace, name string) (string, error) {
	service, err := c.Get(ctx, Services, namespace, name)
	if err != nil || service == nil {
		return "", err
	}
	address, _, err := unstructured.NestedString(service.Object, "spec", "clusterIP")
	return address, err
}

// interval is how often something is asked again that is waited for.
const interval = 500 * time.Millisecond

// Until asks again and again until the answer is yes, the answer is an error, or the context ends. An error that Passes
// is no answer; the last one is told when the time is over.
func Until(ctx context.Context, is func(context.Context) (bool, error)) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var last error
	for {
		yes, err := is(ctx)
		switch {
		case yes:
			return nil
		case err != nil && ctx.Err() == nil && !Passes(err):
			return err
		case err != nil && ctx.Err() == nil:
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), last)
		}
	}
}

// Passes tells whether an error of the API may be gone at the next try: nobody answered, or who did was busy.
func Passes(err error) bool {
	var network net.Error
	return errors.As(err, &network) || apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsTimeout(err)
}
