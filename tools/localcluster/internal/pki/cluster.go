package pki

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

// identities are the components that call the API server, and the person.
func identities(node string) map[string]Subject {
	return map[string]Subject{
		"admin":              {Name: "admin", Groups: []string{"system:masters"}},
		"controller-manager": {Name: "system:kube-controller-manager"},
		"scheduler":          {Name: "system:kube-scheduler"},
		"kube-proxy":         {Name: "system:kube-proxy"},
		"kubelet":            {Name: "system:node:" + node, Groups: []string{"system:nodes"}},
		"azure-npm":          {Name: "azure-npm"},
	}
}

// WriteCluster writes everything that proves who is who in a cluster: below
// etc/pki the certificates, in etc a kubeconfig for each component, and the
// administrator's. Where an earlier release has, it adds what that did not know.
func WriteCluster(i instance.Instance, a instance.Addresses) error {
	dir := i.Path("etc", "pki")
	if _, err := os.Stat(i.Kubeconfig()); err == nil { // the last that is written
		ca, err := LoadAuthority(dir, "ca")
		if err != nil {
			return err
		}
		return writeIdentities(ca, i, a)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// etcd trusts an authority of its own: it gives everything to whoever it lets in.
	if err := writeEtcd(dir); err != nil {
		return err
	}
	front, err := NewAuthority(dir, "front-proxy-ca")
	if err != nil {
		return err
	}
	if err := front.Issue("front-proxy-client", Subject{Name: "front-proxy-client"}); err != nil {
		return err
	}
	// Its key pair signs the tokens of service accounts.
	if _, err := NewAuthority(dir, "service-accounts"); err != nil {
		return err
	}
	ca, err := NewAuthority(dir, "ca")
	if err != nil {
		return err
	}
	node := a.Node().Addr().String()
	served := map[string]Subject{
		"apiserver": {Name: "kube-apiserver", Hosts: []string{
			node, a.API().String(), "127.0.0.1", "localhost", "kubernetes", "kubernetes.default",
			"kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		}},
		"apiserver-kubelet-client": {Name: "kube-apiserver-kubelet-client", Groups: []string{"system:masters"}},
		"kubelet-server":           {Name: i.ID, Hosts: []string{node, i.ID}},
	}
	for name, subject := range served {
		if err := ca.Issue(name, subject); err != nil {
			return err
		}
	}
	for name := range identities(i.ID) { // what an up that was killed has written is of another authority
		if err := os.RemoveAll(i.Path("etc", name+".kubeconfig")); err != nil {
			return err
		}
	}
	if err := writeIdentities(ca, i, a); err != nil {
		return err
	}
	return os.Rename(i.Path("etc", "admin.kubeconfig"), i.Kubeconfig())
}

// writeIdentities writes the certificates and kubeconfigs that are not there.
func writeIdentities(ca *Authority, i instance.Instance, a instance.Addresses) error {
	server := "https://" + a.Node().Addr().String() + ":6443"
	for name, subject := range identities(i.ID) {
		file := i.Path("etc", name+".kubeconfig")
		if isThere(file) || name == "admin" && isThere(i.Kubeconfig()) {
			continue
		}
		if err := ca.Issue(name, subject); err != nil {
			return err
		}
		if err := writeKubeconfig(ca.dir, name, file, i.ID, server); err != nil {
			return err
		}
	}
	return nil
}

func isThere(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func writeEtcd(dir string) error {
	ca, err := NewAuthority(dir, "etcd-ca")
	if err != nil {
		return err
	}
	if err := ca.Issue("etcd", Subject{Name: "etcd", Hosts: []string{"127.0.0.1", "localhost"}}); err != nil {
		return err
	}
	return ca.Issue("etcd-client", Subject{Name: "kube-apiserver"})
}

// writeKubeconfig embeds the certificates, so that the file can be copied.
func writeKubeconfig(dir, name, file, cluster, server string) error {
	var parts [3]string
	for n, part := range []string{"ca.crt", name + ".crt", name + ".key"} {
		data, err := os.ReadFile(filepath.Join(dir, part))
		if err != nil {
			return err
		}
		parts[n] = base64.StdEncoding.EncodeToString(data)
	}
	data := fmt.Appendf(nil, kubeconfig, cluster, server, parts[0], parts[1], parts[2])
	if err := os.WriteFile(file+".tmp", data, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".tmp", file)
}

const kubeconfig = `apiVersion: v1
kind: Config
current-context: %[1]s
contexts:
  - name: %[1]s
    context: {cluster: %[1]s, user: %[1]s}
clusters:
  - name: %[1]s
    cluster:
      server: %[2]s
      certificate-authority-data: %[3]s
users:
  - name: %[1]s
    user:
      client-certificate-data: %[4]s
      client-key-data: %[5]s
`
