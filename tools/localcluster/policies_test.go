package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// server answers on the port called http, and not on another.
const policyPod = `
apiVersion: v1
kind: Pod
metadata: {name: %[2]s, namespace: %[1]s, labels: {app: %[2]s, role: %[2]s}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: hello
      image: localhost/hello:test
      ports: [{name: http, containerPort: 8080}]
      readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
---
`

func TestNetworkPoliciesHold(t *testing.T) {
	c := newCluster(t, "walls")
	c.must("up")
	c.must("load", c.helloArchive())
	data, err := os.ReadFile("testdata/policies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pods := c.addresses().Pods().Masked().String()
	c.apply(strings.ReplaceAll(string(data), "PODS", pods))
	var all strings.Builder
	for _, namespace := range []string{"guarded", "open"} {
		for _, name := range []string{"server", "friend", "stranger", "traveller"} {
			fmt.Fprintf(&all, policyPod, namespace, name)
		}
	}
	c.apply(all.String())
	for _, namespace := range []string{"guarded", "open"} {
		c.kubectl("-n", namespace, "wait", "--for=condition=Ready", "pods", "--all", "--timeout="+deadline.String())
	}
	machine := c.machineServes()

	guarded, open := "http://server.guarded", "http://server.open"
	for _, way := range []struct {
		from, to string
		open     bool
	}{
		{"guarded/friend", guarded, true}, // a named port, and the name server
		{"guarded/stranger", guarded, false},
		{"guarded/friend", open, false},
		{"guarded/server", open, false},
		{"guarded/traveller", open, false},
		{"guarded/traveller", guarded, false},
		{"guarded/traveller", machine, true},
		{"guarded/friend", machine, false},
		{"open/friend", guarded, true},
		{"open/stranger", guarded, false},
		{"open/stranger", open, true},
		{"open/stranger", machine, true},
	} {
		c.way(way.from, way.to, way.open)
	}

	t.Run("the machine reaches a guarded Service", func(_ *testing.T) {
		c.answers("http://" + c.kubectl("-n", "guarded", "get", "service", "server", "-o=jsonpath={.spec.clusterIP}"))
	})
	t.Run("a pod that comes later is held to them", func(_ *testing.T) {
		c.apply(fmt.Sprintf(policyPod, "open", "late"))
		c.kubectl("-n", "open", "wait", "--for=condition=Ready", "pod", "late", "--timeout="+deadline.String())
		c.way("open/late", guarded, false)
		c.kubectl("-n", "open", "label", "pod", "late", "role=friend", "--overwrite")
		c.way("open/late", guarded, true)
	})
	t.Run("what is no longer said no longer holds", func(_ *testing.T) {
		c.kubectl("-n", "guarded", "delete", "networkpolicy", "--all")
		c.way("guarded/stranger", guarded, true)
		c.way("guarded/friend", open, true)
		c.way("guarded/server", machine, true)
	})
	c.must("down")
	c.leftNothing()
}

// way asks until the pod is answered, or is not.
func (c *cluster) way(from, to string, open bool) {
	c.Helper()
	namespace, pod, _ := strings.Cut(from, "/")
	c.eventually(fmt.Sprintf("from %s to %s: %v", from, to, open), func() bool {
		out, err := c.tryKubectl("-n", namespace, "exec", pod, "--", "/hello", "get", to)
		if open {
			return err == nil && strings.HasPrefix(out, "hello from ")
		}
		return err != nil && strings.Contains(out, "Client.Timeout")
	})
}

// machineServes starts a server on the machine's end of the link and returns where.
func (c *cluster) machineServes() string {
	c.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(c.addresses().Host().Addr().String(), "8080"))
	if err != nil {
		c.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello from the machine")
	}))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	c.Cleanup(server.Close)
	return server.URL
}
