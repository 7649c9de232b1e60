package push

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/kube"
)

// most is how many pods are named: one bad image has many.
const most = 5

// why asks the pods of an Application what keeps them from being ready. Argo CD knows that a Deployment is degraded,
// not that its image does not exist.
func why(ctx context.Context, cluster *kube.Cluster, a argocd.Application) ([]string, error) {
	namespaces := map[string][]string{} // to the names of what may own pods
	for _, r := range a.Status.Resources {
		if slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout"}, r.Kind) {
			namespaces[r.Namespace] = append(namespaces[r.Namespace], r.Name)
		}
	}
	var reasons []string
	for namespace, owners := range namespaces {
		objects, err := cluster.List(ctx, kube.Pods, namespace, "")
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			var pod corev1.Pod
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
				return nil, err
			}
			if reason := reasonOf(pod); reason != "" && ownedBy(pod, owners) {
				reasons = append(reasons, fmt.Sprintf("Pod %s/%s: %s", pod.Namespace, pod.Name, reason))
			}
		}
	}
	slices.Sort(reasons)
	return reasons[:min(most, len(reasons))], nil
}

// ownedBy tells whether a pod belongs to one of these objects. A ReplicaSet and a CronJob's Job have the name of their
// owner, a hyphen and more.
func ownedBy(pod corev1.Pod, owners []string) bool {
	return slices.ContainsFunc(pod.OwnerReferences, func(r metav1.OwnerReference) bool {
		return slices.ContainsFunc(owners, func(owner string) bool {
			return r.Name == owner || strings.HasPrefix(r.Name, owner+"-")
		})
	})
}

// reasonOf says what keeps a pod from being ready; the empty string when it is, or only needs time.
func reasonOf(pod corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if reason := reasonOfContainer(s); reason != "" {
			return "container " + s.Name + ": " + reason
		}
	}
	return ""
}

func reasonOfContainer(s corev1.ContainerStatus) string {
	if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
		said := strings.TrimSpace(w.Reason + " " + w.Message)
		if ended := s.LastTerminationState.Terminated; ended != nil {
			said += fmt.Sprintf("; it ended with exit code %d, %s", ended.ExitCode, ended.Reason)
		}
		return said
	}
	if ended := s.State.Terminated; ended != nil && ended.ExitCode != 0 {
		return fmt.Sprintf("it ended with exit code %d, %s", ended.ExitCode, ended.Reason)
	}
	if s.State.Running != nil && !s.Ready && s.RestartCount > 0 {
		return fmt.Sprintf("not ready, restarted %d times", s.RestartCount)
	}
	return ""
}
