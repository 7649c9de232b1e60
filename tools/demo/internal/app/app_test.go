package app

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAWrongCommandLineIsUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"start"}, {"up", "--rates=1"}, {"up", "now"}} {
		if code, _, stderr := command(t, args...); code != usage || stderr == "" {
			t.Errorf("demo %v: exit code %d, %q; want %d and a word about it", args, code, stderr, usage)
		}
	}
}

func TestUpDoesNotEmptyAFolderThatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, "up", "--dir", dir)
	if code != failed || !strings.Contains(stderr, "not made by demo") {
		t.Errorf("exit code %d, %q; want %d and the reason", code, stderr, failed)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error("the file is gone")
	}
}

func TestARegistryThatDoesNotStartIsToldWithItsLastWord(t *testing.T) {
	dir := t.TempDir()
	mlflow := filepath.Join(dir, "mlflow")
	if err := os.WriteFile(mlflow, []byte("#!/bin/sh\necho no module named mlflow\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, "up", "--dir", filepath.Join(dir, "state"), "--mlflow", mlflow)
	if code != failed || !strings.Contains(stderr, "no module named mlflow") {
		t.Errorf("exit code %d, %q; want %d and what mlflow said", code, stderr, failed)
	}
	if code, stdout, _ := command(t, "status", "--dir", filepath.Join(dir, "state")); code != failed || stdout != "" {
		t.Errorf("status: exit code %d, %q; want nothing running", code, stdout)
	}
}

func TestDownWithNothingRunningIsNoFault(t *testing.T) {
	if code, _, stderr := command(t, "down", "--dir", t.TempDir()); code != ok || !strings.Contains(stderr, "nothing runs") {
		t.Errorf("exit code %d, %q; want %d", code, stderr, ok)
	}
}

func TestATakenPortIsLeftToItsOwner(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	if free, err := freePort(port); err != nil || free <= port {
		t.Errorf("freePort(%d) = %d, %v; want one above", port, free, err)
	}
}

func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Main(args, &out, &err)
	return code, out.String(), err.String()
}
