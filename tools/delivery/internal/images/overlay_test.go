package images

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	one = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	two = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

func TestOnlyTheTagAndTheDigestOfOneImageChange(t *testing.T) {
	const before = `# Why.
resources: [../../base]
images:
- name: other
  newTag: 0.1.0
- name: mlflow   # ours
  newTag: 0.1.0  # a comment
  newName: registry.example.com/mlflow
replicas: []
`
	after, err := Set("k.yaml", []byte(before), "mlflow", "0.2.0-0123456789ab", one)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(before, "newTag: 0.1.0  # a", "newTag: 0.2.0-0123456789ab  # a", 1)
	want = strings.Replace(want, "# a comment\n", "# a comment\n  digest: "+one+"\n", 1)
	if string(after) != want {
		t.Errorf("got\n%s\nwant\n%s", after, want)
	}
	again, err := Set("k.yaml", after, "mlflow", "0.3.0-ba9876543210", two)
	if err != nil {
		t.Fatal(err)
	}
	want = strings.NewReplacer("0.2.0-0123456789ab", "0.3.0-ba9876543210", one, two).Replace(want)
	if string(again) != want {
		t.Errorf("got\n%s\nwant\n%s", again, want)
	}
}

func TestAnEntryThatCannotBeEditedIsRefusedByName(t *testing.T) {
	for text, says := range map[string]string{
		"images: []":                "k.yaml: has no image mlflow",
		"resources: []":             "k.yaml: has no image mlflow",
		"images:\n- name: mlflow\n": "k.yaml: the image mlflow has no newTag",
		"images:\n- name: mlflow\n  newTag: \"1.0\"":        "line 3: the value is not plain",
		"images: [{name: mlflow, newTag: '1'":               "k.yaml: yaml: line 1",
		"images:\n- {name: mlflow, newTag: a, digest: 'b'}": "line 2: the value is not plain",
	} {
		if _, err := Set("k.yaml", []byte(text), "mlflow", "1.0", one); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: the error is %v, want %q", text, err, says)
		}
	}
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAServiceIsMissingUntilEveryOverlayRunsItsBuild(t *testing.T) {
	all := []Image{
		{Service: "mlflow", Variant: "cpu", Tag: "1.0-aaaaaaaaaaaa"},
		{Service: "pipelines", Variant: "cpu", Tag: "1.0-bbbbbbbbbbbb"},
		{Service: "pipelines", Variant: "gpu", Tag: "1.0-gpu-bbbbbbbbbbbb"},
		{Service: "unused", Variant: "cpu", Tag: "1.0-cccccccccccc"},
	}
	root := t.TempDir()
	put(t, root, "apps/mlflow/overlays/dev/kustomization.yaml",
		"images:\n- name: mlflow\n  newTag: 1.0-aaaaaaaaaaaa\n  digest: "+one+"\n- name: upstream\n  newTag: v2\n")
	overlay := func(cpu, gpu string) {
		put(t, root, "workflows/overlays/dev/kustomization.yaml",
			"images:\n- name: pipelines\n  "+cpu+"\n- name: pipelines-gpu\n  newName: pipelines\n  "+gpu+"\n")
	}
	for _, test := range []struct{ cpu, gpu, want string }{
		{"newTag: 1.0", "newTag: 1.0-gpu", "pipelines cpu, pipelines gpu"},
		{"newTag: 1.0-bbbbbbbbbbbb\n  digest: " + one, "newTag: 1.0-gpu", "pipelines cpu, pipelines gpu"},
		{"newTag: 1.0-bbbbbbbbbbbb\n  digest: " + one, "newTag: 1.0-gpu-bbbbbbbbbbbb", "pipelines cpu, pipelines gpu"},
		{"newTag: 1.0-bbbbbbbbbbbb\n  digest: " + one, "newTag: 1.0-gpu-bbbbbbbbbbbb\n  digest: " + two, ""},
	} {
		overlay(test.cpu, test.gpu)
		missing, err := Missing(root, "dev", all)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, image := range missing {
			names = append(names, image.Service+" "+image.Variant)
		}
		if got := strings.Join(names, ", "); got != test.want {
			t.Errorf("%s, %s: missing are %q, want %q", test.cpu, test.gpu, got, test.want)
		}
	}
}

func TestWhatIsBuiltMovesEveryEntryOfItAndNoOther(t *testing.T) {
	root := t.TempDir()
	put(t, root, "apps/mlflow/overlays/dev/kustomization.yaml", "images:\n- name: mlflow\n  newTag: 1.0\n")
	put(t, root, "workflows/overlays/dev/kustomization.yaml", "images:\n- name: mlflow\n  newTag: 1.0\n- name: pipelines\n  newTag: 1.0\n")
	put(t, root, "workflows/overlays/local/kustomization.yaml", "images:\n- name: mlflow\n  newTag: 1.0\n")
	changes, err := Move(root, "dev", []Image{{Service: "mlflow", Variant: "cpu", Tag: "1.0-aaaaaaaaaaaa", Digest: one}})
	if err != nil {
		t.Fatal(err)
	}
	if len(changes.Files) != 2 || len(changes.moved) != 2 {
		t.Fatalf("%d files, %+v", len(changes.Files), changes.moved)
	}
	want := "images:\n- name: mlflow\n  newTag: 1.0-aaaaaaaaaaaa\n  digest: " + one + "\n- name: pipelines\n  newTag: 1.0\n"
	if got := string(changes.Files["workflows/overlays/dev/kustomization.yaml"]); got != want {
		t.Errorf("got\n%s", got)
	}
}
