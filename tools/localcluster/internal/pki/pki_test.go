package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

func cluster(t *testing.T) instance.Instance {
	t.Helper()
	i := instance.Instance{Name: "local", ID: "local-0000", Dir: t.TempDir()}
	if err := WriteCluster(i, instance.Addresses{Block: 160}); err != nil {
		t.Fatal(err)
	}
	return i
}

func read(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestEtcdLetsNoneOfTheClustersCertificatesIn(t *testing.T) {
	dir := cluster(t).Path("etc", "pki")
	pool := x509.NewCertPool()
	pool.AddCert(read(t, filepath.Join(dir, "etcd-ca.crt")))
	options := x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	for name, allowed := range map[string]bool{
		"etcd-client": true, "admin": false, "kubelet": false, "apiserver-kubelet-client": false, "front-proxy-client": false,
	} {
		_, err := read(t, filepath.Join(dir, name+".crt")).Verify(options)
		if (err == nil) != allowed {
			t.Errorf("%s: let in is %v, want %v (%v)", name, err == nil, allowed, err)
		}
	}
}

func TestTheAPIServerIsTrustedByEveryNameThatItHas(t *testing.T) {
	dir := cluster(t).Path("etc", "pki")
	pool := x509.NewCertPool()
	pool.AddCert(read(t, filepath.Join(dir, "ca.crt")))
	for _, name := range []string{"10.160.0.2", "10.160.64.1", "127.0.0.1", "kubernetes.default.svc"} {
		if _, err := read(t, filepath.Join(dir, "apiserver.crt")).Verify(x509.VerifyOptions{Roots: pool, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysAreForTheirOwnerOnlyAndMadeOnce(t *testing.T) {
	i := cluster(t)
	before, err := os.ReadFile(i.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Glob(i.Path("etc", "pki", "*.key"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("no keys (%v)", err)
	}
	for _, file := range append(keys, i.Kubeconfig()) {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v (%v)", file, info.Mode(), err)
		}
	}
	if err := WriteCluster(i, instance.Addresses{Block: 160}); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(i.Kubeconfig())
	if err != nil || string(before) != string(after) {
		t.Errorf("the kubeconfig has changed (%v)", err)
	}
}

func TestAClusterOfAnEarlierReleaseKeepsItsKeysAndGetsWhatIsNew(t *testing.T) {
	i := cluster(t)
	kept := map[string][]byte{i.Kubeconfig(): nil, i.Path("etc", "kubelet.kubeconfig"): nil, i.Path("etc", "pki", "ca.crt"): nil}
	for file := range kept {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kept[file] = data
	}
	added := i.Path("etc", "azure-npm.kubeconfig")
	if err := os.Remove(added); err != nil {
		t.Fatal(err)
	}
	if err := WriteCluster(i, instance.Addresses{Block: 160}); err != nil {
		t.Fatal(err)
	}
	for file, want := range kept {
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s was changed (%v)", file, err)
		}
	}
	if _, err := os.Stat(added); err != nil {
		t.Error(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(read(t, i.Path("etc", "pki", "ca.crt")))
	options := x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := read(t, i.Path("etc", "pki", "azure-npm.crt")).Verify(options); err != nil {
		t.Error(err)
	}
}

func TestWhatAKilledUpHasWrittenIsWrittenAnew(t *testing.T) {
	i := cluster(t)
	if err := os.Remove(i.Kubeconfig()); err != nil { // the last that is written
		t.Fatal(err)
	}
	if err := WriteCluster(i, instance.Addresses{Block: 160}); err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(i.Path("etc", "pki", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{i.Kubeconfig(), i.Path("etc", "kubelet.kubeconfig"), i.Path("etc", "azure-npm.kubeconfig")} {
		data, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString(authority))) {
			t.Errorf("%s does not trust the authority that is there (%v)", file, err)
		}
	}
}
