package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/mlops-platform/tools/localcluster/internal/addons"
)

func TestANodeGivesWhatAPlatformNeeds(t *testing.T) {
	c := newCluster(t, "addons")
	c.must("up")
	c.runHello()
	t.Run("the API knows every field of the addons", func(_ *testing.T) { c.addonsAreValid() })
	t.Run("an autoscaler sees what pods use", func(_ *testing.T) { c.autoscalerSees() })
	t.Run("a name of ours leads to a Service, without a restart of the name server", func(_ *testing.T) { c.namesOfOurs() })
	t.Run("a volume keeps its data", func(_ *testing.T) { c.volumeKeepsData() })
	c.must("down")
	c.leftNothing()
}

// addonsAreValid asks for what up leaves out.
func (c *cluster) addonsAreValid() {
	c.Helper()
	manifests, err := addons.Manifests(c.addresses(), c.bin)
	if err != nil {
		c.Fatal(err)
	}
	c.apply(manifests, "--server-side", "--validate=strict", "--dry-run=server", "--field-manager=localcluster")
}

func (c *cluster) autoscalerSees() {
	c.Helper()
	c.kubectl("apply", "-f", "testdata/autoscaler.yaml")
	c.eventually("the autoscaler has a value", func() bool {
		return c.kubectl("-n", "hello", "get", "hpa", "hello",
			"-o=jsonpath={.status.currentMetrics[*].resource.current.averageValue}") != ""
	})
	if active := c.kubectl("-n", "hello", "get", "hpa", "hello",
		`-o=jsonpath={.status.conditions[?(@.type=="ScalingActive")].status}`); active != "True" {
		c.Errorf("ScalingActive is %q", active)
	}
	if top := c.kubectl("top", "pods", "-n", "hello"); !strings.Contains(top, "hello-") {
		c.Errorf("kubectl top says %q", top)
	}
}

func (c *cluster) namesOfOurs() {
	c.Helper()
	pods := func() string { return c.kubectl("-n", "kube-system", "get", "pods", "-l=k8s-app=kube-dns", "-o=name") }
	before := pods()
	c.kubectl("apply", "-f", "testdata/names.yaml")
	address := c.kubectl("-n", "git", "get", "service", "git", "-o=jsonpath={.spec.clusterIP}")
	for name, want := range map[string]string{"git.mlops.internal": address, "other.example.test": "192.0.2.1"} {
		c.eventually(name+" is "+want, func() bool {
			out, _ := c.tryKubectl("-n", "hello", "exec", "deployment/hello", "--", "/hello", "look", name)
			return out == want+"\n"
		})
	}
	if after := pods(); after != before {
		c.Errorf("the name server was %s and is %s", before, after)
	}
}

func (c *cluster) volumeKeepsData() {
	c.Helper()
	pod := []string{"-n", "hello", "exec", "keeper-0", "--", "/hello"}
	ready := func() {
		c.kubectl("-n", "hello", "rollout", "status", "statefulset/keeper", "--timeout="+deadline.String())
	}
	read := func() string { return c.kubectl(append(pod, "read", "/data/file")...) }
	c.kubectl("apply", "-f", "testdata/volume.yaml")
	ready()
	c.kubectl(append(pod, "write", "/data/file", "kept")...)

	c.kubectl("-n", "hello", "delete", "pod", "keeper-0")
	ready()
	if got := read(); got != "kept" {
		c.Errorf("after the pod was replaced the file says %q", got)
	}
	c.kill("kubelet")
	c.eventually("status names the kubelet", func() bool {
		out, err := c.try("status")
		return err != nil && strings.Contains(out, "not running: kubelet")
	})
	c.must("up")
	c.eventually("the pod of before can be asked again", func() bool {
		got, err := c.tryKubectl(append(pod, "read", "/data/file")...)
		return err == nil && got == "kept"
	})

	volume := c.kubectl("-n", "hello", "get", "pvc", "kept", "-o=jsonpath={.spec.volumeName}")
	folder := filepath.Join(c.instance.Path("lib", "localcluster", "volumes"), volume)
	if data, err := os.ReadFile(filepath.Join(folder, "file")); err != nil || string(data) != "kept" {
		c.Errorf("the folder of the volume holds %q (%v)", data, err)
	}
	c.kubectl("-n", "hello", "delete", "statefulset/keeper", "pvc/kept", "--timeout="+deadline.String())
	c.eventually("the folder of a deleted claim is gone", func() bool {
		_, err := os.Stat(folder)
		return os.IsNotExist(err)
	})
	c.eventually("its volume is gone", func() bool { return c.kubectl("get", "pv", "-o=name") == "" })
}
