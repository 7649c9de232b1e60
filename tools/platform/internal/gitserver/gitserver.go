// Package gitserver puts the Git server into the local cluster.
package gitserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/platform/kube"
)

// Namespace and Name are those of the Deployment, the Service and the Secret.
const (
	Namespace = "git"
	Name      = "git"
)

// Host is what Applications call the server.
const Host = "git.mlops.internal"

// Platform is the repository that Argo CD applies.
const Platform = "platform.git"

// manager owns the fields that Install sets.
const manager = "make-up"

// port is the one on which the server listens, in its pod and at its Service.
const port = 80

//go:embed manifests.yaml
var manifests []byte

var nodes = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}

// Server is a Git server that runs.
type Server struct {
	Address string // its cluster IP, which answers on the machine
	Token   string // the password of who may push
}

// URL is the address of a repository, such as Platform, as the machine reaches it.
func (s Server) URL(repository string) string { return "http://" + s.Address + "/" + repository }

// Install applies the server's objects and waits until it answers and is known by its name. It can be repeated: the
// token and what was pushed stay.
func Install(ctx context.Context, cluster *kube.Cluster, show func(string)) (Server, error) {
	token, err := tokenOf(ctx, cluster)
	if err != nil {
		return Server{}, err
	}
	machine, err := machineOf(ctx, cluster)
	if err != nil {
		return Server{}, err
	}
	objects, err := Objects(token, machine)
	if err != nil {
		return Server{}, err
	}
	show("applying the Git server")
	if err := cluster.Apply(ctx, manager, bytes.NewReader(objects)); err != nil {
		return Server{}, err
	}
	if err := renewNames(ctx, cluster); err != nil {
		return Server{}, err
	}
	for _, name := range []types.NamespacedName{
		{Namespace: "kube-system", Name: "coredns"},
		{Namespace: Namespace, Name: Name},
	} {
		show("waiting for " + name.String())
		if err := available(ctx, cluster, name); err != nil {
			return Server{}, err
		}
	}
	address, err := cluster.ClusterIP(ctx, Namespace, Name)
	return Server{Address: address, Token: token}, err
}

// Find returns the server that was installed.
func Find(ctx context.Context, cluster *kube.Cluster) (Server, error) {
	token, err := cluster.Secret(ctx, Namespace, Name, "token")
	if err != nil {
		return Server{}, err
	}
	address, err := cluster.ClusterIP(ctx, Namespace, Name)
	if err == nil && (address == "" || token == "") {
		err = errors.New("there is no Git server in this cluster; make up installs it")
	}
	return Server{Address: address, Token: token}, err
}

// Objects are all objects of the server as YAML: those in manifests.yaml, the Secret with the token, and a policy that
// lets the machine in, which has these addresses.
func Objects(token string, machine []netip.Prefix) ([]byte, error) {
	var text bytes.Buffer
	text.Write(manifests)
	for _, object := range []any{secret(token), policy(machine)} {
		more, err := yaml.Marshal(object)
		if err != nil {
			return nil, err
		}
		text.WriteString("---\n")
		text.Write(more)
	}
	return text.Bytes(), nil
}

// NewToken returns a new secret of 32 random bytes.
func NewToken() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program where it cannot
	return hex.EncodeToString(random[:])
}

// tokenOf returns the token that the cluster has, or a new one.
func tokenOf(ctx context.Context, cluster *kube.Cluster) (string, error) {
	token, err := cluster.Secret(ctx, Namespace, Name, "token")
	if token == "" && err == nil {
		token = NewToken()
	}
	return token, err
}

func secret(token string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: Name},
		Data:       map[string][]byte{"token": []byte(token)},
	}
}

func policy(machine []netip.Prefix) *networkingv1.NetworkPolicy {
	tcp, at := corev1.ProtocolTCP, intstr.FromInt32(port)
	rule := networkingv1.NetworkPolicyIngressRule{
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &tcp, Port: &at}},
	}
	for _, prefix := range machine {
		rule.From = append(rule.From, networkingv1.NetworkPolicyPeer{
			IPBlock: &networkingv1.IPBlock{CIDR: prefix.String()},
		})
	}
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "machine"},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": Name}},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress:     []networkingv1.NetworkPolicyIngressRule{rule},
		},
	}
}

// machineOf returns the addresses from which the machine's own programs arrive at a pod, as localcluster gives them
// (tools/localcluster/internal/instance): the link between the machine and the node, and the bridge of the pods, whose
// address kube-proxy puts on what comes from outside the cluster.
func machineOf(ctx context.Context, cluster *kube.Cluster) ([]netip.Prefix, error) {
	all, err := cluster.List(ctx, nodes, "", "")
	if err != nil {
		return nil, err
	}
	for _, object := range all {
		var node corev1.Node
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &node); err != nil {
			return nil, err
		}
		for _, address := range node.Status.Addresses {
			if ip, err := netip.ParseAddr(address.Address); err == nil && address.Type == corev1.NodeInternalIP && ip.Is4() {
				return machineBeside(ip), nil
			}
		}
	}
	return nil, errors.New("no node has an IPv4 address yet")
}

func machineBeside(node netip.Addr) []netip.Prefix {
	block := node.As4()
	at := func(third, fourth byte, bits int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{block[0], block[1], third, fourth}), bits)
	}
	return []netip.Prefix{at(0, 0, 30), at(128, 1, 32)}
}

// renewNames makes the name server read the name that was added. It reads its files when it starts, and a minute or
// two after they have changed: too late for who waits. A digest in the pod template starts it anew, once.
func renewNames(ctx context.Context, cluster *kube.Cluster) error {
	digest := sha256.Sum256(manifests)
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"mlops.internal/names":"%x"}}}}}`, digest[:8])
	_, err := cluster.Objects.Resource(kube.Deployments).Namespace("kube-system").Patch(ctx, "coredns",
		types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: manager})
	return err
}

// available waits until a Deployment is as its spec says, and says what its pods lack when the time is over.
func available(ctx context.Context, cluster *kube.Cluster, name types.NamespacedName) error {
	lacks := ""
	err := kube.Until(ctx, func(ctx context.Context) (is bool, err error) {
		is, lacks, err = cluster.RolledOut(ctx, name.Namespace, name.Name)
		return is, err
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w; %s", name, err, lacks)
	}
	return nil
}
