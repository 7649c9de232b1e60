// Package node is the node itself: which processes it runs, how they are
// configured, and the first process, which holds the namespaces and starts the
// others.
//
// The node has namespaces of its own for processes, mounts, network and host
// name. What it mounts, links or filters is therefore not on the machine, and
// all of it ends with the first process, however that ends. Two nodes do not
// see each other: kube-proxy, for one, takes its tables for its own.
package node

import (
	"path"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

// Where the node sees the instance's folder and the programs.
const (
	root     = "/run/localcluster"
	stateDir = root + "/state"
	binDir   = root + "/bin"
	etcDir   = stateDir + "/etc"
	pkiDir   = etcDir + "/pki"

	// Socket is containerd's, in the node's view.
	Socket = "/run/containerd/containerd.sock"
	// PauseImage holds the namespaces of each pod.
	PauseImage = "localhost/pause:1"
)

// Process is a program that the node runs, and how to tell that it does its work.
type Process struct {
	Name  string
	Args  []string
	Ready Probe
}

// Probe is met when the socket accepts, or the address answers with 200.
type Probe struct {
	Socket string
	URL    string
	// Files below the node's folder of keys, for an address that asks for a client's certificate.
	Authority, Client string
}

// Processes lists what runs on the node, in the order in which each finds what it needs.
func Processes(i instance.Instance, a instance.Addresses) []Process {
	node := a.Node().Addr().String()
	return []Process{
		{
			Name:  "containerd",
			Args:  []string{"containerd", "--config", path.Join(etcDir, "containerd.toml")},
			Ready: Probe{Socket: Socket},
		},
		{
			Name: "etcd", Args: etcd(),
			Ready: Probe{URL: "https://127.0.0.1:2379/health", Authority: "etcd-ca", Client: "etcd-client"},
		},
		{
			Name: "kube-apiserver", Args: apiserver(a),
			Ready: Probe{URL: "https://" + node + ":6443/readyz", Authority: "ca", Client: "admin"},
		},
		{
			Name: "kube-controller-manager", Args: controllerManager(a),
			Ready: Probe{URL: "https://127.0.0.1:10257/healthz"},
		},
		{
			Name: "kube-scheduler",
			Args: []string{
				binDir + "/kube-scheduler", "--kubeconfig=" + etcDir + "/scheduler.kubeconfig",
				"--bind-address=127.0.0.1", "--leader-elect=false",
			},
			Ready: Probe{URL: "https://127.0.0.1:10259/healthz"},
		},
		{
			// Before the kubelet: no pod runs that is not held to its policies.
			Name: "azure-npm",
			Args: []string{
				binDir + "/azure-npm", "-kubeconfig=" + etcDir + "/azure-npm.kubeconfig", "-node=" + i.ID,
				"-health=127.0.0.1:10091",
			},
			Ready: Probe{URL: "http://127.0.0.1:10091"},
		},
		{
			Name: "kubelet",
			Args: []string{
				binDir + "/kubelet", "--config=" + etcDir + "/kubelet.yaml",
				"--kubeconfig=" + etcDir + "/kubelet.kubeconfig", "--hostname-override=" + i.ID, "--node-ip=" + node,
			},
			Ready: Probe{URL: "http://127.0.0.1:10248/healthz"},
		},
		{
			Name: "kube-proxy",
			Args: []string{
				binDir + "/kube-proxy", "--config=" + etcDir + "/kube-proxy.yaml", "--hostname-override=" + i.ID,
			},
			Ready: Probe{URL: "http://127.0.0.1:10256/livez"},
		},
	}
}

func key(name string) string  { return path.Join(pkiDir, name+".key") }
func cert(name string) string { return path.Join(pkiDir, name+".crt") }

// etcd listens within the node only. It does not wait for the disk: what a
// power cut would lose is made anew by up.
func etcd() []string {
	return []string{
		binDir + "/etcd", "--name=node", "--data-dir=/var/lib/etcd", "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=https://127.0.0.1:2379", "--advertise-client-urls=https://127.0.0.1:2379",
		"--listen-peer-urls=https://127.0.0.1:2380", "--initial-advertise-peer-urls=https://127.0.0.1:2380",
		"--initial-cluster=node=https://127.0.0.1:2380",
		"--client-cert-auth", "--trusted-ca-file=" + cert("etcd-ca"),
		"--cert-file=" + cert("etcd"), "--key-file=" + key("etcd"),
		"--peer-client-cert-auth", "--peer-trusted-ca-file=" + cert("etcd-ca"),
		"--peer-cert-file=" + cert("etcd"), "--peer-key-file=" + key("etcd"),
	}
}

func apiserver(a instance.Addresses) []string {
	node := a.Node().Addr().String()
	return []string{
		binDir + "/kube-apiserver",
		"--advertise-address=" + node, "--bind-address=" + node, "--secure-port=6443",
		"--etcd-servers=https://127.0.0.1:2379", "--etcd-cafile=" + cert("etcd-ca"),
		"--etcd-certfile=" + cert("etcd-client"), "--etcd-keyfile=" + key("etcd-client"),
		"--service-cluster-ip-range=" + a.Services().Masked().String(),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--client-ca-file=" + cert("ca"),
		"--tls-cert-file=" + cert("apiserver"), "--tls-private-key-file=" + key("apiserver"),
		"--kubelet-certificate-authority=" + cert("ca"),
		"--kubelet-client-certificate=" + cert("apiserver-kubelet-client"),
		"--kubelet-client-key=" + key("apiserver-kubelet-client"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + cert("service-accounts"),
		"--service-account-signing-key-file=" + key("service-accounts"),
		"--requestheader-client-ca-file=" + cert("front-proxy-ca"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + cert("front-proxy-client"),
		"--proxy-client-key-file=" + key("front-proxy-client"),
		"--audit-policy-file=" + etcDir + "/audit.yaml", "--audit-log-path=/var/log/audit.log",
		"--audit-log-maxsize=100", "--audit-log-maxbackup=1",
		// Pod Security decides who may be privileged, namespace by namespace; without this nobody may, agents included.
		"--allow-privileged=true",
		"--profiling=false",
	}
}

func controllerManager(a instance.Addresses) []string {
	return []string{
		binDir + "/kube-controller-manager", "--kubeconfig=" + etcDir + "/controller-manager.kubeconfig",
		"--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false",
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + key("service-accounts"), "--root-ca-file=" + cert("ca"),
		"--cluster-signing-cert-file=" + cert("ca"), "--cluster-signing-key-file=" + key("ca"),
		"--service-cluster-ip-range=" + a.Services().Masked().String(),
		"--flex-volume-plugin-dir=/var/lib/kubelet/volumeplugins",
	}
}
