package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

const aFinalizer = "karpenter.sh/termination"

// world is a cluster with Argo CD, a binding, a NodePool and a NodeClaim.
type world struct {
	t      *testing.T
	client dynamic.Interface
}

func (w *world) create(kind schema.GroupVersionResource, text string) {
	w.t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
		w.t.Fatal(err)
	}
	_, err := w.client.Resource(kind).Namespace(object.GetNamespace()).
		Create(w.t.Context(), object, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatalf("%s %s: %v", kind.Resource, object.GetName(), err)
	}
}

func (w *world) patch(kind schema.GroupVersionResource, namespace, name, text string, sub ...string) error {
	_, err := w.client.Resource(kind).Namespace(namespace).Patch(w.t.Context(), name, types.MergePatchType,
		[]byte(text), metav1.PatchOptions{}, sub...)
	return err
}

func (w *world) list(kind schema.GroupVersionResource) []unstructured.Unstructured {
	w.t.Helper()
	found, err := w.client.Resource(kind).List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return found.Items
}

var (
	definitions = schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
	}
	namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
)

// newWorld fills a cluster. The definitions are those of Karpenter's own release, and the project's for the binding.
func newWorld(t *testing.T, client dynamic.Interface) *world {
	t.Helper()
	w := &world{t, client}
	for _, file := range definitionFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w.create(definitions, string(data))
	}
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true,
		func(ctx context.Context) (bool, error) {
			for _, kind := range kinds {
				if _, err := client.Resource(kind).List(ctx, metav1.ListOptions{}); err != nil {
					return false, nil //nolint:nilerr // served in a moment
				}
			}
			return true, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{argoNamespace, "mlflow"} {
		w.create(namespaces, "{apiVersion: v1, kind: Namespace, metadata: {name: "+name+"}}")
	}
	w.create(statefulSets, `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller, namespace: argocd}
spec:
  replicas: 1
  serviceName: none
  selector: {matchLabels: {app: argo}}
  template:
    metadata: {labels: {app: argo}}
    spec: {containers: [{name: argo, image: "argo:1"}]}
`)
	if err := w.patch(statefulSets, argoNamespace, argoController, `{"status":{"replicas":1}}`, "status"); err != nil {
		t.Fatal(err)
	}
	w.create(kinds[0], `
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: mlflow, namespace: mlflow, finalizers: [elbv2.k8s.aws/resources]}
spec:
  serviceRef: {name: mlflow, port: http}
  targetGroupARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-dev-mlflow/0123456789abcdef
  targetType: ip
`)
	const nodeClass = "{group: karpenter.k8s.aws, kind: EC2NodeClass, name: gpu}"
	w.create(kinds[1], fmt.Sprintf(`
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: gpu, finalizers: [%s]}
spec:
  template:
    spec:
      nodeClassRef: %s
      requirements: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]
`, aFinalizer, nodeClass))
	w.create(kinds[2], fmt.Sprintf(`
apiVersion: karpenter.sh/v1
kind: NodeClaim
metadata: {name: gpu-1, finalizers: [%s]}
spec:
  nodeClassRef: %s
  requirements: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]
`, aFinalizer, nodeClass))
	return w
}

func definitionFiles(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "..")
	said, err := exec.Command("go", "-C", filepath.Join(root, "tools", "localcluster", "modules", "karpenter"),
		"mod", "download", "-json", "sigs.k8s.io/karpenter").Output()
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(said, &module); err != nil {
		t.Fatal(err)
	}
	crds := filepath.Join(module.Dir, "pkg", "apis", "crds")
	return []string{
		filepath.Join(root, "clusters", "schemas", "targetgroupbinding.yaml"),
		filepath.Join(crds, "karpenter.sh_nodepools.yaml"),
		filepath.Join(crds, "karpenter.sh_nodeclaims.yaml"),
	}
}

// controllers does what the controllers in the cluster do: it lets go of what is being deleted. It notes the order, and
// whether Argo CD still ran then.
type controllers struct {
	mu    sync.Mutex
	order []string
}

func (c *controllers) run(ctx context.Context, w *world, except string) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.once(ctx, w, except)
		}
	}
}

func (c *controllers) once(ctx context.Context, w *world, except string) {
	argo, err := w.client.Resource(statefulSets).Namespace(argoNamespace).
		Get(ctx, argoController, metav1.GetOptions{})
	if err != nil {
		return
	}
	wanted, _, _ := unstructured.NestedInt64(argo.Object, "spec", "replicas")
	runs, _, _ := unstructured.NestedInt64(argo.Object, "status", "replicas")
	if wanted == 0 && runs > 0 {
		c.note("argo stopped")
		_ = w.patch(statefulSets, argoNamespace, argoController, `{"status":{"replicas":0}}`, "status")
	}
	for _, kind := range kinds {
		found, err := w.client.Resource(kind).List(ctx, metav1.ListOptions{})
		if err != nil || kind.Resource == except {
			continue
		}
		for _, each := range found.Items {
			if each.GetDeletionTimestamp() != nil && len(each.GetFinalizers()) > 0 {
				c.note(kind.Resource)
				_ = w.patch(kind, each.GetNamespace(), each.GetName(), `{"metadata":{"finalizers":null}}`)
			}
		}
	}
}

func (c *controllers) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order = append(c.order, what)
}

func drained(t *testing.T, w *world, d Drain, except string) (order, said []string, err error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	var made controllers
	done.Add(1)
	go func() {
		defer done.Done()
		made.run(ctx, w, except)
	}()
	d.Say = func(format string, arguments ...any) { said = append(said, fmt.Sprintf(format, arguments...)) }
	err = d.Run(t.Context())
	stop()
	done.Wait()
	return made.order, said, err
}

func TestAClusterIsEmptiedInOrder(t *testing.T) {
	config := startAPI(t)
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	d := Drain{Config: config, Limit: time.Minute, Poll: 50 * time.Millisecond}

	// A cluster that never had any of it: nothing to do, nothing wrong.
	_, said, err := drained(t, &world{t, client}, d, "")
	if err != nil || len(said) != 4 {
		t.Fatalf("an empty cluster: %v, said %q", err, said)
	}

	// The controller of bindings is away: what will not go is named with what holds it, and no node is ended.
	w := newWorld(t, client)
	d.Limit = time.Second
	before, _, err := drained(t, w, d, "targetgroupbindings")
	if err == nil || !strings.Contains(err.Error(), "mlflow/mlflow, held by elbv2.k8s.aws/resources") {
		t.Fatalf("the error is: %v", err)
	}
	if len(w.list(kinds[1])) != 1 {
		t.Error("the nodes are ended although a binding is left")
	}

	// With the controller back, the same command goes on.
	d.Limit = time.Minute
	after, said, err := drained(t, w, d, "")
	if err != nil {
		t.Fatal(err)
	}
	order := slices.Concat(before, after)
	if wanted := []string{"argo stopped", "targetgroupbindings", "nodepools", "nodeclaims"}; !slices.Equal(order, wanted) {
		t.Errorf("the order is %q, want %q", order, wanted)
	}
	for _, kind := range kinds {
		if left := w.list(kind); len(left) > 0 {
			t.Errorf("%d %s are left", len(left), kind.Resource)
		}
	}
	if len(said) != 4 {
		t.Errorf("said %q", said)
	}
}
