package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/image"
	"example.com/mlops-platform/tools/localcluster/internal/instance"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

// cluster is one that a test starts, in a folder of its own.
type cluster struct {
	*testing.T
	bin, dir string
	instance instance.Instance
	// namespace is that of the node's processes, once it has been up.
	namespace string
}

func newCluster(t *testing.T, name string) *cluster {
	t.Helper()
	bin := os.Getenv("LOCALCLUSTER_BIN")
	if bin == "" {
		t.Fatal("LOCALCLUSTER_BIN is not set: hack/localcluster.sh test builds what a node needs and sets it")
	}
	if os.Geteuid() != 0 {
		t.Fatal("a node needs root")
	}
	dir := filepath.Join(t.TempDir(), "clusters")
	i, err := instance.Named(name, dir)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{T: t, bin: bin, dir: dir, instance: i}
	t.Cleanup(func() {
		if t.Failed() {
			c.tellWhy()
		}
		if out, err := c.try("down"); err != nil {
			t.Errorf("down: %v: %s", err, out)
		}
	})
	return c
}

func (c *cluster) command(ctx context.Context, args ...string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		c.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, program, append(args[:1:1],
		append([]string{"--name", c.instance.Name, "--dir", c.dir, "--bin", c.bin}, args[1:]...)...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// try runs localcluster and returns all that it says.
func (c *cluster) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*deadline)
	defer cancel()
	out, err := c.command(ctx, args...).CombinedOutput()
	if pid, findErr := node.Find(c.instance); findErr == nil && pid != 0 {
		if namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)); err == nil {
			c.namespace = namespace
		}
	}
	return string(out), err
}

func (c *cluster) must(args ...string) string {
	c.Helper()
	out, err := c.try(args...)
	if err != nil {
		c.Fatalf("localcluster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	if args[0] == "up" {
		c.Log(out)
	}
	return out
}

func (c *cluster) tryKubectl(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(c.bin, "kubectl"),
		append([]string{"--kubeconfig", c.instance.Kubeconfig()}, args...)...).CombinedOutput()
	return string(out), err
}

func (c *cluster) kubectl(args ...string) string {
	c.Helper()
	out, err := c.tryKubectl(args...)
	if err != nil {
		c.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// apply applies what is in no file.
func (c *cluster) apply(manifests string, flags ...string) {
	c.Helper()
	cmd := exec.Command(filepath.Join(c.bin, "kubectl"),
		append([]string{"--kubeconfig", c.instance.Kubeconfig(), "apply", "-f", "-"}, flags...)...)
	cmd.Stdin = strings.NewReader(manifests)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.Fatalf("kubectl apply: %v\n%s", err, out)
	}
}

// runHello makes an image here, loads it and runs it.
func (c *cluster) runHello() {
	c.Helper()
	c.must("load", c.helloArchive())
	c.kubectl("apply", "-f", "testdata/hello.yaml")
	c.kubectl("-n", "hello", "rollout", "status", "deployment/hello", "--timeout="+deadline.String())
	c.helloAnswers()
}

// helloArchive makes the image in a file.
func (c *cluster) helloArchive() string {
	c.Helper()
	dir := c.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", dir+"/hello", "./testdata/hello")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		c.Fatalf("%v: %s", err, out)
	}
	var archive bytes.Buffer
	if err := image.FromBinary(&archive, "localhost/hello:test", dir+"/hello"); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(dir+"/hello.tar", archive.Bytes(), 0o600); err != nil {
		c.Fatal(err)
	}
	return dir + "/hello.tar"
}

func (c *cluster) helloAnswers() {
	c.Helper()
	address := c.kubectl("-n", "hello", "get", "service", "hello", "-o=jsonpath={.spec.clusterIP}")
	c.answers("http://" + address)
}

func (c *cluster) answers(url string) {
	c.Helper()
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	c.eventually(url+" answers", func() bool {
		response, err := client.Get(url)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && strings.HasPrefix(string(body), "hello from ")
	})
}

func (c *cluster) eventually(what string, holds func() bool) {
	c.Helper()
	limit := time.After(deadline)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-limit:
			c.Fatalf("not within %s: %s", deadline, what)
		}
	}
}

func (c *cluster) init() int {
	c.Helper()
	pid, err := node.Find(c.instance)
	if err != nil || pid == 0 {
		c.Fatalf("the node does not run (%v)", err)
	}
	return pid
}

// inNamespace lists the machine's numbers of the processes in the node.
func (c *cluster) inNamespace() []string {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		c.Fatal(err)
	}
	var found []string
	for _, dir := range dirs {
		if namespace, err := os.Readlink(dir + "/ns/pid"); err == nil && namespace == c.namespace {
			found = append(found, filepath.Base(dir))
		}
	}
	return found
}

// kill ends a process of the node without asking.
func (c *cluster) kill(name string) {
	c.Helper()
	for _, pid := range c.inNamespace() {
		line, err := os.ReadFile("/proc/" + pid + "/cmdline")
		program, _, _ := strings.Cut(string(line), "\x00")
		if err != nil || filepath.Base(program) != name {
			continue
		}
		var number int
		if _, err := fmt.Sscan(pid, &number); err != nil {
			c.Fatal(err)
		}
		if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
			c.Fatal(err)
		}
		return
	}
	c.Fatalf("%s does not run in the node", name)
}

// processes are the node's own, with their numbers and start times.
func (c *cluster) processes() []node.State {
	c.Helper()
	states, err := node.States(c.instance)
	if err != nil || len(states) == 0 {
		c.Fatalf("no processes (%v)", err)
	}
	return states
}

func (c *cluster) addresses() instance.Addresses {
	c.Helper()
	addresses, err := c.instance.Addresses()
	if err != nil {
		c.Fatal(err)
	}
	return addresses
}

// settings are those of the kernel that the kubelet, kube-proxy and CNI set.
func settings(t *testing.T) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, name := range []string{
		"kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
		"vm/overcommit_memory", "vm/panic_on_oom", "net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet",
	} {
		data, err := os.ReadFile("/proc/sys/" + name)
		if err != nil {
			t.Fatal(err)
		}
		values[name] = strings.TrimSpace(string(data))
	}
	return values
}

// leftNothing compares the machine with one on which the cluster never was.
func (c *cluster) leftNothing() {
	c.Helper()
	if c.namespace != "" {
		// One that has ended is listed until the machine's first process waits for it, in its own time.
		ticks := time.NewTicker(50 * time.Millisecond)
		defer ticks.Stop()
		left := c.inNamespace()
		for deadline := time.Now().Add(30 * time.Second); len(left) > 0 && time.Now().Before(deadline); <-ticks.C {
			left = c.inNamespace()
		}
		if len(left) > 0 {
			c.Errorf("processes are left: %v", left)
		}
	}
	if _, err := os.Stat(c.instance.Dir); err == nil {
		c.Errorf("%s is left", c.instance.Dir)
	}
	for _, listing := range [][]string{
		{"ip", "-oneline", "link"}, {"ip", "route", "show", "table", "all"}, {"ip", "netns"}, {"iptables-save"},
		{"cat", "/proc/self/mountinfo"},
	} {
		out, err := exec.Command(listing[0], listing[1:]...).Output()
		if err != nil {
			c.Errorf("%v: %v", listing, err)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, c.instance.ID) || strings.Contains(line, c.dir) || strings.Contains(line, "KUBE-") {
				c.Errorf("%s: left: %s", strings.Join(listing, " "), line)
			}
		}
	}
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, c.instance.Cgroup()) {
			c.Errorf("left: %s", path)
		}
		if err != nil && os.IsNotExist(err) {
			return nil // another's, gone meanwhile
		}
		return err
	})
	if err != nil {
		c.Error(err)
	}
}

// tellWhy prints what helps to see why a test failed, before it is removed.
func (c *cluster) tellWhy() {
	out, _ := c.try("status")
	c.Log(out)
	pods, _ := c.tryKubectl("get", "pods", "-A", "-o", "wide", "--request-timeout=5s")
	c.Log(pods)
	for _, name := range []string{"init", "kubelet", "kube-apiserver", "containerd", "kube-proxy"} {
		data, err := os.ReadFile(node.Log(c.instance, name))
		if err == nil {
			c.Logf("%s: …%s", name, data[max(0, len(data)-2000):])
		}
	}
}
