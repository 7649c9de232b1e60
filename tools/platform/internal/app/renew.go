package app

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"example.com/mlops-platform/tools/platform/kube"
)

// renew ends the pods that run an image whose name has another content on the node by now. Here, unlike in a registry,
// a build does not change the tag, so nothing else would start them anew. It returns how many it ended.
func (u *installation) renew(ctx context.Context, images string) (int, error) {
	pods, err := u.cluster.List(ctx, kube.Pods, metav1.NamespaceAll, "")
	if err != nil {
		return 0, err
	}
	ended := 0
	var faults error
	for _, object := range pods {
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
			return ended, err
		}
		if !outdated(pod, contents(images)) {
			continue
		}
		err := u.cluster.Objects.Resource(kube.Pods).Namespace(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{})
		faults = errors.Join(faults, err)
		ended++
	}
	return ended, faults
}

// contents reads what `localcluster images` prints: NAME, ID and size, separated by tabs.
func contents(images string) map[string]string {
	ids := map[string]string{}
	for line := range strings.Lines(images) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); len(fields) >= 2 {
			ids[fields[0]] = fields[1]
		}
	}
	return ids
}

// outdated tells whether a pod runs another content of an image than the node has under its name, and whether somebody
// would start it anew: a step of a workflow, or a Job, ends with what it began.
func outdated(pod corev1.Pod, ids map[string]string) bool {
	owner := metav1.GetControllerOf(&pod)
	if owner == nil || owner.Kind != "ReplicaSet" && owner.Kind != "StatefulSet" || pod.DeletionTimestamp != nil {
		return false
	}
	for _, status := range pod.Status.ContainerStatuses {
		id, is := ids[status.Image]
		if is && strings.HasPrefix(status.ImageID, "sha256:") && status.ImageID != id {
			return true
		}
	}
	return false
}
