package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/workflow"
)

// kill ends pods at once, as a node that fails does.
func (p *platform) kill(t *testing.T, namespace, selector string) {
	t.Helper()
	now := int64(0)
	if err := p.Objects.Resource(kube.Pods).Namespace(namespace).DeleteCollection(t.Context(),
		metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{LabelSelector: selector}); err != nil {
		t.Fatal(err)
	}
}

// started submits a workflow and does not wait for it.
func (p *platform) started(t *testing.T, template string, parameters ...string) string {
	t.Helper()
	client := workflow.Client{Program: *tools + "/argo", Kubeconfig: *kubeconfig}
	name, err := client.Submit(t.Context(), template, append([]string{"model=" + model}, parameters...)...)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// untilStep waits until a pod of a step runs.
func (p *platform) untilStep(t *testing.T, name, step string) (pod string) {
	t.Helper()
	until(t, trainingLimit, "step "+step+" of "+name+" runs", func(ctx context.Context) (bool, string) {
		object, err := p.Get(ctx, kube.Workflows, workflow.Namespace, name)
		if err != nil || object == nil {
			return false, fmt.Sprint(err)
		}
		w, err := workflow.Parse(*object)
		if err != nil {
			return false, err.Error()
		}
		pods, err := p.List(ctx, kube.Pods, workflow.Namespace, "workflows.argoproj.io/workflow="+name)
		if err != nil {
			return false, err.Error()
		}
		for _, running := range pods {
			node := running.GetAnnotations()["workflows.argoproj.io/node-name"]
			phase, _, _ := unstructured.NestedString(running.Object, "status", "phase")
			if strings.Contains(node, "."+step) && phase == "Running" {
				pod = running.GetName()
				return true, ""
			}
		}
		return w.Ended(), strings.Join(w.Tree(time.Now()), "\n")
	})
	if pod == "" {
		t.Fatalf("step %s of %s never ran", step, name)
	}
	return pod
}

// versions of the model in the registry.
func (p *platform) versionsOf(t *testing.T) int {
	t.Helper()
	versions, err := p.pages.Versions(t.Context(), model)
	if err != nil {
		t.Fatal(err)
	}
	return len(versions)
}

func TestAPodKilledAtAnyStepIsStartedAgain(t *testing.T) {
	p := given(t)
	before := p.versionsOf(t)
	name := p.started(t, "training", "month=2013-06")
	for _, step := range []string{"ingest", "train", "evaluate", "register"} {
		pod := p.untilStep(t, name, step)
		now := int64(0)
		if err := p.Objects.Resource(kube.Pods).Namespace(workflow.Namespace).Delete(t.Context(), pod,
			metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			t.Fatal(err)
		}
	}
	p.follow(t, name)
	if after := p.versionsOf(t); after != before+1 {
		t.Errorf("%d versions after, %d before; want one more", after, before)
	}
}

func TestTheWorkflowControllerKilledGoesOnWhereItWas(t *testing.T) {
	p := given(t)
	before := p.versionsOf(t)
	name := p.started(t, "training", "month=2013-03")
	for _, step := range []string{"ingest", "train", "evaluate"} {
		p.untilStep(t, name, step)
		p.kill(t, "argo", "app=workflow-controller")
	}
	w := p.follow(t, name)
	for _, node := range w.Status.Nodes {
		if node.Type == "Pod" && node.Phase != "Succeeded" {
			t.Errorf("step %s: %s %s; want each to have run once", node.DisplayName, node.Phase, node.Message)
		}
	}
	// The same code, data and parameters are the same version.
	if after := p.versionsOf(t); after > before+1 {
		t.Errorf("%d versions after, %d before; want one more at most", after, before)
	}
}

var statefulSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}

// pause is how long a server is away.
const pause = 60 * time.Second

// stop takes a server of MLflow's namespace away, and keeps Argo CD from bringing it back, until start or the end of the
// test.
func (p *platform) stop(t *testing.T, kind schema.GroupVersionResource, name string) (start func()) {
	t.Helper()
	applications := p.Objects.Resource(kube.Applications).Namespace("argocd")
	heal := func(on bool) {
		t.Helper()
		// The root first: it would undo the change of the other.
		for _, application := range []string{"root", "mlflow"} {
			if _, err := applications.Patch(background(t), application, types.MergePatchType,
				fmt.Appendf(nil, `{"spec": {"syncPolicy": {"automated": {"selfHeal": %v}}}}`, on), metav1.PatchOptions{}); err != nil {
				t.Error(err)
			}
		}
	}
	scale := func(replicas int) {
		t.Helper()
		if _, err := p.Objects.Resource(kind).Namespace("mlflow").Patch(background(t), name, types.MergePatchType,
			fmt.Appendf(nil, `{"spec": {"replicas": %d}}`, replicas), metav1.PatchOptions{}); err != nil {
			t.Error(err)
		}
	}
	heal(false)
	started := false
	start = func() {
		if !started {
			started = true
			scale(1)
			heal(true)
		}
	}
	t.Cleanup(start)
	scale(0)
	until(t, deadline, name+" is gone", func(ctx context.Context) (bool, string) {
		pods, err := p.List(ctx, kube.Pods, "mlflow", "app.kubernetes.io/name="+name)
		return err == nil && len(pods) == 0, fmt.Sprint(len(pods), err)
	})
	return start
}

// untilBack waits until a server of MLflow's namespace is ready again, also when steps that wait for it fill the node.
func (p *platform) untilBack(t *testing.T, kind schema.GroupVersionResource, name string) {
	t.Helper()
	until(t, 2*time.Minute, name+" is back", func(ctx context.Context) (bool, string) {
		server, err := p.Get(ctx, kind, "mlflow", name)
		if err != nil || server == nil {
			return false, fmt.Sprint(err)
		}
		ready, _, err := unstructured.NestedInt64(server.Object, "status", "readyReplicas")
		return err == nil && ready == 1, fmt.Sprintf("%d ready, %v", ready, err)
	})
}

func TestAServerThatIsAwayForAMinuteCostsNothing(t *testing.T) {
	for _, server := range []struct {
		name string
		kind schema.GroupVersionResource
	}{{"mlflow", kube.Deployments}, {"postgres", statefulSets}, {"s3", statefulSets}} {
		t.Run(server.name, func(t *testing.T) {
			p := given(t)
			before := p.versionsOf(t)
			requests := p.underLoad(t)
			name := p.started(t, "training", "month=2013-03")
			p.untilStep(t, name, "train")
			start := p.stop(t, server.kind, server.name)
			<-time.After(pause)
			start()
			p.untilBack(t, server.kind, server.name)
			p.follow(t, name)
			counts := requests.Stop()
			if counts.Lost != 0 {
				t.Errorf("%d of %d predictions were lost: %v; want none", counts.Lost, counts.Sent, counts.Faults)
			}
			if after := p.versionsOf(t); after > before+1 {
				t.Errorf("%d versions after, %d before; want one more at most", after, before)
			}
		})
	}
}

func TestArgoCDKilledInTheMiddleOfASyncEndsIt(t *testing.T) {
	p := given(t)
	p.git.probe(t, "0")
	p.git.commit(t, "add the probe")
	p.git.push(t)
	p.untilProbe(t, "0")
	for i, selector := range []string{
		"app.kubernetes.io/name=argocd-application-controller", "app.kubernetes.io/name=argocd-repo-server",
		"app.kubernetes.io/name=argocd-redis", "app.kubernetes.io/part-of=argocd",
	} {
		value := fmt.Sprint(i + 1)
		p.git.setProbe(t, value)
		p.git.commit(t, "set the probe to "+value)
		p.git.push(t)
		p.kill(t, "argocd", selector)
		p.untilProbe(t, value)
	}
}

func TestAServiceThatRestartsWithoutTheRegistryServesTheLastKnownModel(t *testing.T) {
	p := given(t)
	serving := p.alias(t, "champion")
	p.untilServed(t, serving)
	body := p.example(t)
	p.stop(t, kube.Deployments, "mlflow")

	pods, err := p.List(t.Context(), kube.Pods, "inference", "app.kubernetes.io/name=inference-api")
	if err != nil || len(pods) == 0 {
		t.Fatalf("pods of the service: %d, %v; want some", len(pods), err)
	}
	pod := pods[0].GetName()
	before := p.restarts(t, "inference", pod)
	cmd := exec.CommandContext(t.Context(), filepath.Join(*tools, "kubectl"), "--kubeconfig", *kubeconfig, "-n", "inference",
		"exec", pod, "--", "python", "-c", "import os; os.kill(1, 15)")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("end the process: %v: %s", err, out)
	}
	until(t, deadline, "the container is started again", func(context.Context) (bool, string) {
		after := p.restarts(t, "inference", pod)
		return after > before, fmt.Sprintf("%d restarts, before %d", after, before)
	})
	until(t, deadline, "version "+serving+" is served again", func(ctx context.Context) (bool, string) {
		answer, version, err := p.pages.Predict(ctx, body)
		return err == nil && version == serving, fmt.Sprintf("version %q answers %s, %v", version, answer, err)
	})
}

// restarts counts how often the first container of a pod was started again.
func (p *platform) restarts(t *testing.T, namespace, name string) int64 {
	t.Helper()
	pod, err := p.Get(t.Context(), kube.Pods, namespace, name)
	if err != nil || pod == nil {
		t.Fatalf("pod %s/%s: %v", namespace, name, err)
	}
	containers, _, err := unstructured.NestedSlice(pod.Object, "status", "containerStatuses")
	if err != nil || len(containers) == 0 {
		t.Fatalf("pod %s/%s has no status of its container: %v", namespace, name, err)
	}
	count, _, err := unstructured.NestedInt64(containers[0].(map[string]any), "restartCount")
	if err != nil {
		t.Fatal(err)
	}
	return count
}
