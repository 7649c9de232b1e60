package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"

	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/kube"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// The probe is an object that tests add to an Application of the platform and change: nothing depends on it.
const (
	probeFolder    = "apps/training/overlays/local/"
	probeNamespace = "training"
	probeName      = "probe"
)

// probe adds the object to what the Application `training` is made of.
func (r *repository) probe(t *testing.T, value string) {
	t.Helper()
	r.edit(t, probeFolder+"kustomization.yaml", "resources:\n", "resources:\n  - probe.yaml\n")
	r.setProbe(t, value)
}

func (r *repository) setProbe(t *testing.T, value string) {
	t.Helper()
	r.write(t, probeFolder+"probe.yaml", fmt.Sprintf(
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\ndata: {value: %q}\n",
		probeName, probeNamespace, value))
}

func (p *platform) probeValue(ctx context.Context) (value string, exists bool, err error) {
	object, err := p.Get(ctx, configMaps, probeNamespace, probeName)
	if err != nil || object == nil {
		return "", false, err
	}
	value, _, err = unstructured.NestedString(object.Object, "data", "value")
	return value, true, err
}

func (p *platform) untilProbe(t *testing.T, want string) {
	t.Helper()
	until(t, deadline, "the probe is "+want, func(ctx context.Context) (bool, string) {
		value, exists, err := p.probeValue(ctx)
		return err == nil && exists && value == want, fmt.Sprintf("%q, exists %v, %v", value, exists, err)
	})
}

// pushes are how many there are per way in which Argo CD learns of them; those of a quick run are no measurement.
func pushes() int {
	if testing.Short() {
		return 3
	}
	return 20
}

func TestAPushedCommitIsLive(t *testing.T) {
	p := given(t)
	p.git.probe(t, "first")
	p.git.commit(t, "add the probe")
	p.git.push(t)
	p.untilProbe(t, "first")

	measured := map[string][]float64{}
	for _, way := range []string{"webhook", "poll"} {
		if way == "poll" {
			p.withoutWebhook(t)
		}
		for i := range pushes() {
			value := fmt.Sprintf("%s %d", way, i)
			p.git.setProbe(t, value)
			p.git.commit(t, "set the probe to "+value)
			p.git.push(t)
			pushed := time.Now()
			p.watchProbe(t, value)
			measured[way] = append(measured[way], time.Since(pushed).Seconds())
		}
	}
	report(t, "push", "seconds from the end of git push until the object in the cluster has the new value", measured)
}

// withoutWebhook starts the Git server anew without the message to Argo CD, until the test ends.
func (p *platform) withoutWebhook(t *testing.T) {
	t.Helper()
	before, err := p.Get(t.Context(), kube.Deployments, "git", "git")
	if err != nil || before == nil {
		t.Fatalf("the Deployment git/git: %v", err)
	}
	containers, _, err := unstructured.NestedSlice(before.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) == 0 {
		t.Fatalf("the containers of git/git: %v", err)
	}
	container := containers[0].(map[string]any)
	args := container["args"].([]any)
	var without []any
	for i, arg := range args {
		text := fmt.Sprint(arg)
		if !strings.HasPrefix(text, "--webhook") && (i == 0 || args[i-1] != "--webhook") {
			without = append(without, arg)
		}
	}
	if len(without) == len(args) {
		t.Fatalf("the Git server has no webhook: %v", args)
	}
	set := func(args []any) {
		patch, err := json.Marshal([]map[string]any{
			{"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": args},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Objects.Resource(kube.Deployments).Namespace("git").Patch(background(t), "git", types.JSONPatchType, patch,
			metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		p.untilRolledOut(t, "git", "git")
	}
	set(without)
	t.Cleanup(func() { set(args) })
}

// untilRolledOut waits until a Deployment has only pods of its latest generation.
func (p *platform) untilRolledOut(t *testing.T, namespace, name string) {
	t.Helper()
	until(t, deadline, namespace+"/"+name+" is rolled out", func(ctx context.Context) (bool, string) {
		is, lacks, err := p.RolledOut(ctx, namespace, name)
		return is, fmt.Sprint(lacks, err)
	})
}

// watchProbe waits by a watch: the time that a poll adds would be measured as well.
func (p *platform) watchProbe(t *testing.T, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for ctx.Err() == nil { // the API server ends a watch now and then
		watch, err := p.Objects.Resource(configMaps).Namespace(probeNamespace).Watch(ctx, metav1.ListOptions{
			FieldSelector: "metadata.name=" + probeName,
		})
		if err != nil {
			t.Fatal(err)
		}
		for event := range watch.ResultChan() {
			object, is := event.Object.(*unstructured.Unstructured)
			if !is {
				continue
			}
			if value, _, err := unstructured.NestedString(object.Object, "data", "value"); err == nil && value == want {
				watch.Stop()
				return
			}
		}
	}
	t.Fatalf("the probe did not become %q within %s", want, deadline)
}

// report writes what was measured, and logs the median and the 95th percentile.
func report(t *testing.T, name, what string, measured map[string][]float64) {
	t.Helper()
	summary := map[string]any{"what": what, "at": time.Now().UTC().Format(time.RFC3339)}
	for series, values := range measured {
		sorted := slices.Sorted(slices.Values(values))
		p50, p95 := sorted[len(sorted)/2], sorted[(len(sorted)*95+99)/100-1]
		t.Logf("%s: p50 %.2f, p95 %.2f, from %.2f to %.2f (%d)", series, p50, p95, sorted[0], sorted[len(sorted)-1], len(sorted))
		summary[series] = map[string]any{"p50": p50, "p95": p95, "values": values}
	}
	if *results == "" {
		return
	}
	text, err := json.MarshalIndent(summary, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*results, name+".json"), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsChangedByHandIsChangedBack(t *testing.T) {
	p := given(t)
	p.git.probe(t, "as in Git")
	p.git.commit(t, "add the probe")
	p.git.push(t)
	p.untilProbe(t, "as in Git")

	probes := p.Objects.Resource(configMaps).Namespace(probeNamespace)
	if _, err := probes.Patch(t.Context(), probeName, types.MergePatchType,
		[]byte(`{"data": {"value": "by hand"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	p.untilProbe(t, "as in Git")
	if err := probes.Delete(t.Context(), probeName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.untilProbe(t, "as in Git")
}

func TestWhatLeavesGitIsRemovedUnlessItHoldsData(t *testing.T) {
	p := given(t)
	claims := schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}
	p.git.probe(t, "soon gone")
	p.git.commit(t, "add the probe")
	p.git.push(t)
	p.untilProbe(t, "soon gone")
	before, err := p.List(t.Context(), claims, "mlflow", "")
	if err != nil || len(before) != 2 {
		t.Fatalf("claims = %d, %v; want those of PostgreSQL and S3", len(before), err)
	}

	p.git.edit(t, probeFolder+"kustomization.yaml", "  - probe.yaml\n", "")
	p.git.commit(t, "remove the probe")
	p.git.push(t)
	until(t, deadline, "the probe is gone", func(ctx context.Context) (bool, string) {
		_, exists, err := p.probeValue(ctx)
		return err == nil && !exists, fmt.Sprint(err)
	})

	kept := p.git.head(t)
	p.git.edit(t, "apps/mlflow/components/local/kustomization.yaml", "  - persistentvolumeclaim.yaml\n", "")
	removed := p.git.commit(t, "remove the volumes of MLflow")
	p.git.push(t)
	p.application(t, "mlflow", "waits for somebody to confirm the removal", func(a argocd.Application) bool {
		return a.Status.Sync.Revision == removed && a.Status.OperationState != nil &&
			a.Status.OperationState.Phase == "Running" &&
			strings.Contains(a.Status.OperationState.Message, "waiting for pruning confirmation")
	})
	after, err := p.List(t.Context(), claims, "mlflow", "")
	if err != nil || len(after) != 2 || after[0].GetUID() != before[0].GetUID() || after[1].GetUID() != before[1].GetUID() ||
		after[0].GetDeletionTimestamp() != nil || after[1].GetDeletionTimestamp() != nil {
		t.Errorf("claims after their removal from Git = %v, %v; want the same two", after, err)
	}

	// Who made a mistake takes the commit back and ends the sync that waits: clusters/README.md.
	p.git.reset(t, kept)
	p.git.push(t)
	p.endSync(t, "mlflow")
}

// endSync ends a sync that waits, with the command that people use.
func (p *platform) endSync(t *testing.T, application string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(*tools, "argocd"), "app", "terminate-op", application, "--core")
	// With --core the command looks for Argo CD in the namespace of the context.
	text, err := os.ReadFile(*kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	config.Contexts[config.CurrentContext].Namespace = argocd.Namespace
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "KUBECONFIG="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("argocd app terminate-op %s: %v: %s", application, err, out)
	}
}
