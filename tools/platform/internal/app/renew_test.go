package app

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func podOf(owner, image, id string) corev1.Pod {
	yes := true
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: owner, Controller: &yes}}},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Image: image, ImageID: id}}},
	}
}

func TestAPodIsRenewedWhenItsImageHasAnotherContent(t *testing.T) {
	ids := contents("localhost/a:1\tsha256:new\t1 MiB\nlocalhost/b:1\tsha256:same\t2 MiB\n")
	going := podOf("ReplicaSet", "localhost/a:1", "sha256:old")
	going.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	for name, c := range map[string]struct {
		pod  corev1.Pod
		want bool
	}{
		"another content":             {podOf("ReplicaSet", "localhost/a:1", "sha256:old"), true},
		"of a StatefulSet":            {podOf("StatefulSet", "localhost/a:1", "sha256:old"), true},
		"the same content":            {podOf("ReplicaSet", "localhost/b:1", "sha256:same"), false},
		"an image we did not load":    {podOf("ReplicaSet", "localhost/c:1", "sha256:old"), false},
		"an image not yet known":      {podOf("ReplicaSet", "localhost/a:1", ""), false},
		"a Job, which ends by itself": {podOf("Job", "localhost/a:1", "sha256:old"), false},
		"a step of a workflow":        {podOf("Workflow", "localhost/a:1", "sha256:old"), false},
		"one that ends already":       {going, false},
		"a pod of nobody":             {corev1.Pod{Status: podOf("", "localhost/a:1", "sha256:old").Status}, false},
	} {
		if got := outdated(c.pod, ids); got != c.want {
			t.Errorf("%s: outdated = %v; want %v", name, got, c.want)
		}
	}
}
