package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/app"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

// asProgram makes the test binary be localcluster, so that tests run, break and
// kill the program itself.
const asProgram = "LOCALCLUSTER_TEST_PROGRAM"

func TestMain(m *testing.M) {
	arguments := os.Args //nolint:forbidigo // here the test binary is main
	if _, _, _, is := node.IsInit(arguments); is || os.Getenv(asProgram) != "" {
		os.Exit(app.Main(arguments, os.Stdout, os.Stderr)) //nolint:forbidigo // here the test binary is main
	}
	os.Exit(m.Run())
}

func TestANodeRunsWhatAClusterRuns(t *testing.T) {
	c := newCluster(t, "first")
	before := settings(t)
	c.must("up")
	c.runHello()

	t.Run("a Service answers by its address, from the machine", func(_ *testing.T) {
		address := c.kubectl("-n", "hello", "get", "service", "hello", "-o=jsonpath={.spec.clusterIP}")
		c.answers("http://" + address)
	})
	t.Run("a NodePort answers on the node's address, from the machine", func(_ *testing.T) {
		c.kubectl("-n", "hello", "expose", "deployment", "hello", "--name=port", "--type=NodePort")
		port := c.kubectl("-n", "hello", "get", "service", "port", "-o=jsonpath={.spec.ports[0].nodePort}")
		c.answers("http://" + net.JoinHostPort(c.addresses().Node().Addr().String(), port))
	})
	t.Run("a Service answers by its name, from a pod", func(t *testing.T) {
		got := c.kubectl("-n", "hello", "exec", "deployment/hello", "--", "/hello", "get", "http://hello.hello.svc.cluster.local")
		if !strings.HasPrefix(got, "hello from hello-") {
			t.Errorf("the Service says %q", got)
		}
	})
	t.Run("the API server answers a pod by its name", func(t *testing.T) {
		out, err := c.tryKubectl("-n", "hello", "exec", "deployment/hello", "--", "/hello", "get", "https://kubernetes.default.svc")
		// The pod's program does not know the cluster's authority: that it is asked whether it trusts it proves the way.
		if err == nil || !strings.Contains(out, "certificate signed by unknown authority") {
			t.Errorf("got %q, %v", out, err)
		}
	})
	t.Run("logs tell what a container wrote", func(t *testing.T) {
		if got := c.kubectl("-n", "hello", "logs", "deployment/hello"); got != "serving\n" {
			t.Errorf("logs say %q", got)
		}
	})
	t.Run("a pod that Pod Security forbids is refused", func(t *testing.T) {
		out, err := c.tryKubectl("-n", "hello", "run", "bad", "--image=localhost/hello:test", "--privileged")
		if err == nil || !strings.Contains(out, "violates PodSecurity") {
			t.Errorf("got %q, %v", out, err)
		}
	})
	t.Run("a pod that an admission policy forbids is refused", func(_ *testing.T) {
		c.kubectl("apply", "-f", "testdata/admission.yaml")
		c.eventually("the policy is in force", func() bool { // the API server reads it anew every few seconds
			out, err := c.tryKubectl("-n", "default", "run", "moving", "--image=localhost/hello:latest", "--dry-run=server")
			return err != nil && strings.Contains(out, "the tag latest moves")
		})
		c.kubectl("-n", "default", "run", "pinned", "--image=localhost/hello:test", "--dry-run=server")
	})
	t.Run("an image that is there is not loaded again", func(_ *testing.T) { c.loadsOnce() })
	t.Run("what was asked of the API is in the audit log", func(t *testing.T) {
		log := c.must("logs", "audit")
		if !strings.Contains(log, `"requestURI":"/apis/apps/v1/namespaces/hello/deployments`) || strings.Contains(log, "requestObject") {
			t.Error("the audit log lacks the request, or holds more than its metadata")
		}
	})
	t.Run("etcd does not listen where the machine or a pod reaches it", func(t *testing.T) {
		connection, err := net.DialTimeout("tcp", c.addresses().Node().Addr().String()+":2379", time.Second)
		if err == nil {
			connection.Close()
			t.Error("etcd accepts on the node's address")
		}
	})
	t.Run("the machine's kernel settings are as they were", func(t *testing.T) {
		if after := settings(t); !maps.Equal(before, after) {
			t.Errorf("they were %v and are %v", before, after)
		}
	})
	t.Run("up again changes nothing", func(t *testing.T) {
		before := c.processes()
		c.must("up")
		if after := c.processes(); !slices.Equal(before, after) {
			t.Errorf("processes were\n%v, and are\n%v", before, after)
		}
	})
	t.Run("a second cluster does not disturb the first", func(t *testing.T) {
		second := newCluster(t, "second")
		second.must("up")
		second.runHello()
		c.helloAnswers()
		second.must("down")
		second.leftNothing()
		c.helloAnswers()
		c.must("status")
	})
	c.must("down")
	c.leftNothing()
}

func TestStatusNamesTheDeadProcessAndUpStartsTheNodeAnew(t *testing.T) {
	c := newCluster(t, "dead")
	c.must("up")
	c.runHello()
	for _, name := range []string{"kubelet", "etcd", "containerd"} {
		c.kill(name)
		c.eventually("status names "+name, func() bool {
			out, err := c.try("status")
			return err != nil && strings.Contains(out, "not running: "+name) && strings.Contains(out, "signal: killed")
		})
		c.must("up")
		c.must("status")
		c.helloAnswers()
	}
}

func TestDownRemovesANodeWhoseFirstProcessWasKilled(t *testing.T) {
	c := newCluster(t, "crash")
	c.must("up")
	c.runHello()
	if err := syscall.Kill(c.init(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.eventually("status says that nothing runs", func() bool {
		out, err := c.try("status")
		return err != nil && strings.Contains(out, "does not run")
	})
	c.must("down")
	c.leftNothing()
}

func TestUpGoesOnWhereAKilledUpEnded(t *testing.T) {
	c := newCluster(t, "half")
	for _, file := range []string{"kubeconfig", "processes.json", "log/kube-apiserver.log"} {
		up := c.command(context.Background(), "up")
		if err := up.Start(); err != nil {
			t.Fatal(err)
		}
		c.eventually("up has got to "+file, func() bool {
			_, err := os.Stat(filepath.Join(c.instance.Dir, file))
			return err == nil
		})
		if err := up.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = up.Wait()
		c.must("up")
		c.must("status")
		c.must("down")
		c.leftNothing()
	}
}

func TestUpsAtOnceMakeOneNodeEachAndDifferentAddresses(t *testing.T) {
	c, other := newCluster(t, "same"), newCluster(t, "same") // one name, two checkouts
	done := make(chan error)
	ups := []*cluster{c, c, other}
	for _, each := range ups {
		go func() {
			out, err := each.command(context.Background(), "up").CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			done <- err
		}()
	}
	for range ups {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, each := range []*cluster{c, other} {
		each.must("status")
		if nodes := each.kubectl("get", "nodes", "-o=name"); nodes != "node/"+each.instance.ID+"\n" {
			t.Errorf("nodes are %q", nodes)
		}
	}
	if c.addresses().All().Overlaps(other.addresses().All()) {
		t.Errorf("both have %s", c.addresses().All())
	}
	for _, each := range []*cluster{c, other} {
		each.must("down")
		each.leftNothing()
	}
}

func TestANodeThatAnotherReleaseStartedIsStartedAnew(t *testing.T) {
	c := newCluster(t, "older")
	c.must("up")
	c.runHello()
	before := c.processes()
	if err := os.WriteFile(c.instance.Path("etc", "digest"), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := c.must("up"); !strings.Contains(out, "starting the node anew: it was started otherwise") {
		t.Errorf("up says %s", out)
	}
	if slices.Equal(before, c.processes()) {
		t.Error("the processes are those of before")
	}
	c.helloAnswers()
}

func TestDownWithNothingThereIsDone(t *testing.T) {
	c := newCluster(t, "none")
	c.must("down")
	c.leftNothing()
	if out, err := c.try("status"); err == nil || !strings.Contains(out, "does not run") {
		t.Errorf("got %q, %v", out, err)
	}
}

// deadline is for a machine that is busy with other things.
const deadline = 3 * time.Minute
