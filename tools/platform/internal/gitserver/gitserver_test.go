package gitserver

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func objects(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	text, err := Objects("t0ken", machineBeside(netip.MustParseAddr("10.168.0.2")))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*unstructured.Unstructured{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); err != nil {
			return found
		}
		found[object.GetKind()+"/"+object.GetName()] = object
	}
}

func TestWhoMayPushIsTheOnlySecretAndInNoOtherObject(t *testing.T) {
	for name, object := range objects(t) {
		text, err := object.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		// As the Secret has it: base64.
		if has := strings.Contains(string(text), "dDBrZW4="); has != (name == "Secret/git") {
			t.Errorf("%s has the token: %v", name, has)
		}
		if strings.Contains(string(text), "t0ken") {
			t.Errorf("%s has the token in the clear", name)
		}
	}
}

func TestTheMachineMayReachTheServerAndNobodyElseFromOutside(t *testing.T) {
	policy := objects(t)["NetworkPolicy/machine"]
	rules, _, err := unstructured.NestedSlice(policy.Object, "spec", "ingress")
	if err != nil || len(rules) != 1 {
		t.Fatalf("ingress = %v, %v; want one rule", rules, err)
	}
	var blocks []string
	for _, from := range rules[0].(map[string]any)["from"].([]any) {
		block, _, _ := unstructured.NestedString(from.(map[string]any), "ipBlock", "cidr")
		blocks = append(blocks, block)
	}
	if got := strings.Join(blocks, " "); got != "10.168.0.0/30 10.168.128.1/32" {
		t.Errorf("from %s; want the link and the bridge", got)
	}
}

func TestTheNameInTheApplicationsIsTheNameThatResolves(t *testing.T) {
	text, _, _ := unstructured.NestedString(objects(t)["ConfigMap/coredns-custom"].Object, "data", "git.override")
	if want := "rewrite name exact " + Host + " git.git.svc.cluster.local answer auto"; strings.TrimSpace(text) != want {
		t.Errorf("git.override = %q; want %q", text, want)
	}
}

func TestTokensDiffer(t *testing.T) {
	if a, b := NewToken(), NewToken(); len(a) != 64 || a == b {
		t.Errorf("NewToken = %d and %d characters, equal: %v; want 64 each, different", len(a), len(b), a == b)
	}
}
