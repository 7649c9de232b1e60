package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/mlops-platform/internal/stage"
)

func TestEverythingMissingIsListedTogether(t *testing.T) {
	c := &cluster{config: config{bin: t.TempDir()}}
	if err := os.WriteFile(filepath.Join(c.bin, "etcd"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	var out bytes.Buffer
	err := check(c.needs(), stage.To(&out))
	if err == nil || !strings.Contains(err.Error(), "nothing was started") {
		t.Errorf("got %v", err)
	}
	for _, wanted := range []string{
		"containerd", "containerd-shim-runc-v2", "ipset", "apt-get install iproute2", filepath.Join(c.bin, "kubelet"), filepath.Join(c.bin, "coredns"),
	} {
		if !strings.Contains(out.String(), wanted) {
			t.Errorf("not listed: %s\n%s", wanted, &out)
		}
	}
	if strings.Contains(out.String(), filepath.Join(c.bin, "etcd")) {
		t.Errorf("etcd is there and listed:\n%s", &out)
	}
}

func TestWhatIsTooOldOrTooLittleIsShownBesideWhatIsWanted(t *testing.T) {
	bin := t.TempDir()
	old := "#!/bin/sh\necho containerd github.com/containerd/containerd 1.5.9~ds1 1.5.9\n"
	if err := os.WriteFile(filepath.Join(bin, "containerd"), []byte(old), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	var out bytes.Buffer
	err := check([]need{
		{"containerd", criVersion, "newer", containerd},
		{"user", "root", "as root", func() (string, bool) { return "user 1000", false }},
		{"there", "any", "", func() (string, bool) { return "", true }},
	}, stage.To(&out))
	want := `  missing                                      found      wanted         remedy
  containerd                                   1.5.9      1.6            newer
  user                                         user 1000  root           as root
`
	if err == nil || out.String() != want {
		t.Errorf("%v, got\n%swant\n%s", err, &out, want)
	}
}

func TestKindWithoutDockerListsBoth(t *testing.T) {
	t.Setenv("PATH", "")
	var out, err bytes.Buffer
	code := Main([]string{"localcluster", "up", "--provider", "kind", "--dir", t.TempDir() + "/clusters"}, &out, &err)
	if code != failed || !strings.Contains(err.String(), "  docker ") || !strings.Contains(err.String(), "  kind ") {
		t.Errorf("exit code %d, said %q", code, &err)
	}
}

func TestAWrongCommandLineIsExplained(t *testing.T) {
	for line, want := range map[string]string{
		"":                          "there is no command",
		"start":                     `there is no command "start"`,
		"up now":                    `unexpected argument "now"`,
		"up --name Big":             `the name "Big"`,
		"logs a b":                  `unexpected argument "b"`,
		"up --provider docker":      `not "docker"`,
		"logs --provider kind":      `"logs" is not for --provider kind`,
		"load --dir " + t.TempDir(): "load takes the files",
	} {
		var out, err bytes.Buffer
		code := Main(append([]string{"localcluster"}, strings.Fields(line)...), &out, &err)
		if code != usage || !strings.Contains(err.String(), want) {
			t.Errorf("%q: exit code %d, said %q, want %q", line, code, &err, want)
		}
	}
}
