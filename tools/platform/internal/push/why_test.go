package push

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func TestAPodSaysWhatKeepsItFromBeingReady(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ status, want string }{
		"an image that is not there": {
			`containerStatuses: [{name: api, state: {waiting: {reason: ImagePullBackOff, message: no such image}}}]`,
			"container api: ImagePullBackOff no such image",
		},
		"a program that ends": {
			`containerStatuses: [{name: api, state: {waiting: {reason: CrashLoopBackOff, message: back-off 10s}},
			  lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]`,
			"container api: CrashLoopBackOff back-off 10s; it ended with exit code 137, OOMKilled",
		},
		"an init container that fails": {
			`initContainerStatuses: [{name: copy, state: {terminated: {exitCode: 1, reason: Error}}}]
containerStatuses: [{name: api, state: {waiting: {reason: PodInitializing}}}]`,
			"container copy: it ended with exit code 1, Error",
		},
		"no room on the node": {
			`conditions: [{type: PodScheduled, status: "False", message: Insufficient memory}]`,
			"Insufficient memory",
		},
		"a probe that fails": {
			`containerStatuses: [{name: api, ready: false, restartCount: 3, state: {running: {}}}]`,
			"container api: not ready, restarted 3 times",
		},
		"one that only needs time": {
			`containerStatuses: [{name: api, state: {waiting: {reason: ContainerCreating}}}]`, "",
		},
		"one that has done its work": {
			`containerStatuses: [{name: api, state: {terminated: {exitCode: 0, reason: Completed}}}]`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pod corev1.Pod
			if err := yaml.UnmarshalStrict([]byte(c.status), &pod.Status); err != nil {
				t.Fatal(err)
			}
			if got := reasonOf(pod); got != c.want {
				t.Errorf("reason %q; want %q", got, c.want)
			}
		})
	}
}

func TestPodsOfOthersAreNotAsked(t *testing.T) {
	t.Parallel()
	pod := func(owner string) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Name: owner}}}}
	}
	owners := []string{"inference-api", "s3"}
	for owner, want := range map[string]bool{"inference-api-6bc69cc785": true, "s3": true, "s30": false, "training-x": false} {
		if got := ownedBy(pod(owner), owners); got != want {
			t.Errorf("a pod of %s belongs: %v; want %v", owner, got, want)
		}
	}
}
