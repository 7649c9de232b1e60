package e2e

import (
	"context"
	"fmt"
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
	count, err := p.pages.Versions(t.Context(), model)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func TestAPodKilledAtAnyStepIsStartedAgain(t *testing.T) {
	p := given(t)
	before := p.versionsOf(t)
	name := p.started(t, "training", "month=2013-03")
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

var (
	deployments  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	statefulSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
)

// pause is how long a server is away.
const pause = 60 * time.Second

// away stops a server for a minute while Argo CD looks away, and brings it back.
func (p *platform) away(t *testing.T, kind schema.GroupVersionResource, name string) {
	t.Helper()
	applications := p.Objects.Resource(kube.Applications).Namespace("argocd")
	heal := func(on bool) {
		t.Helper()
		for _, application := range []string{"root", "mlflow"} {
			if _, err := applications.Patch(background(t), application, types.MergePatchType,
				fmt.Appendf(nil, `{"spec": {"syncPolicy": {"automated": {"selfHeal": %v}}}}`, on), metav1.PatchOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	scale := func(replicas int) {
		t.Helper()
		if _, err := p.Objects.Resource(kind).Namespace("mlflow").Patch(background(t), name, types.MergePatchType,
			fmt.Appendf(nil, `{"spec": {"replicas": %d}}`, replicas), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	heal(false)
	t.Cleanup(func() { heal(true) })
	scale(0)
	until(t, deadline, name+" is gone", func(ctx context.Context) (bool, string) {
		pods, err := p.List(ctx, kube.Pods, "mlflow", "app.kubernetes.io/name="+name)
		return err == nil && len(pods) == 0, fmt.Sprint(len(pods), err)
	})
	<-time.After(pause)
	scale(1)
	heal(true)
}

func TestAServerThatIsAwayForAMinuteCostsNothing(t *testing.T) {
	for _, server := range []struct {
		name string
		kind schema.GroupVersionResource
	}{{"mlflow", deployments}, {"postgres", statefulSets}, {"s3", statefulSets}} {
		t.Run(server.name, func(t *testing.T) {
			p := given(t)
			before := p.versionsOf(t)
			requests := p.underLoad(t)
			name := p.started(t, "training", "month=2013-03")
			p.untilStep(t, name, "train")
			p.away(t, server.kind, server.name)
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
