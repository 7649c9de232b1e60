package cluster

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
)

const adminToken = "the-administrator-of-a-test"

// startAPI runs etcd and kube-apiserver until the test ends. hack/test-go.sh builds them.
func startAPI(t *testing.T) *rest.Config {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Kubernetes API")
	}
	place := t.TempDir()
	keys, tokens := filepath.Join(place, "accounts.key"), filepath.Join(place, "tokens.csv")
	write(t, keys, newKey(t))
	write(t, tokens, []byte(adminToken+",admin,admin,system:masters\n"))
	client, peer, api := freePort(t), freePort(t), freePort(t)
	start(t, place, "etcd",
		"--data-dir="+filepath.Join(place, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls="+client.url(), "--advertise-client-urls="+client.url(),
		"--listen-peer-urls="+peer.url(), "--initial-advertise-peer-urls="+peer.url(),
		"--initial-cluster=default="+peer.url())
	certificates := filepath.Join(place, "certificates")
	start(t, place, "kube-apiserver",
		"--etcd-servers="+client.url(), "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", api),
		"--cert-dir="+certificates, "--service-cluster-ip-range=10.96.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+keys,
		"--service-account-signing-key-file="+keys, "--token-auth-file="+tokens, "--authorization-mode=RBAC")

	config := &rest.Config{
		Host:            fmt.Sprintf("https://127.0.0.1:%d", api),
		BearerToken:     adminToken,
		TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(certificates, "apiserver.crt")},
	}
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 2*time.Minute, true,
		func(ctx context.Context) (bool, error) { return Reach(ctx, config) == nil, nil })
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(place, "kube-apiserver.log"))
		t.Fatalf("the Kubernetes API does not answer: %v\n%s", err, log)
	}
	return config
}

// start runs a program of .tools/bin until the test ends.
func start(t *testing.T, place, name string, flags ...string) {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "..", "..", ".tools", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: hack/test-go.sh builds it", err)
	}
	log, err := os.Create(filepath.Join(place, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, flags...)
	command.Dir, command.Stdout, command.Stderr = place, log, log
	// It ends with the test, however that ends.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = log.Close()
	})
}

type port int

func (p port) url() string { return fmt.Sprintf("http://127.0.0.1:%d", int(p)) }

func freePort(t *testing.T) port {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return port(listener.Addr().(*net.TCPAddr).Port)
}

func newKey(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
