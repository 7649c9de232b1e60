package source

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// bomb is a YAML document of 10^9 nodes in ten lines.
func bomb() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		prev := string(rune('0' + i - 1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" +
			strings.TrimSuffix(strings.Repeat("*a"+prev+", ", 10), ", ") + "]\n")
	}
	return b.String()
}

func TestAliasBombsAreRefused(t *testing.T) {
	t.Parallel()
	wantError(t, folderOf(t, "x.yaml", bomb()), "app/x.yaml:1: aliases expand")
	utf16 := []byte{0xFF, 0xFE}
	for _, c := range []byte(bomb()) {
		utf16 = append(utf16, c, 0)
	}
	wantError(t, folderOf(t, "x.yaml", string(utf16)), "app/x.yaml:", "excessive aliasing")
	wantError(t, chartOf(t, "-- app/values.yaml --\n"+bomb(), nil), "aliases expand")
	rendered := strings.ReplaceAll(bomb(), "&a0", "{{ `&a0` }}")
	wantError(t, chartOf(t, "-- app/templates/a.yaml --\n"+rendered, nil), "app/templates/a.yaml")
}

func TestDeepNestingIsAnErrorNotACrash(t *testing.T) {
	t.Parallel()
	const deep = 200_000
	for name, text := range map[string]string{
		"x.yaml":    cm("a") + "data: " + strings.Repeat("[", deep),
		"y.yaml":    cm("a") + "data: " + strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"x.json":    strings.Repeat(`{"a":`, deep),
		"y.json":    `{"kind": "A", "a": ` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "}",
		"x.jsonnet": strings.Repeat("[", deep) + strings.Repeat("]", deep),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "x.jsonnet" {
				text = strings.Repeat("[", 2000) + strings.Repeat("]", 2000)
			}
			wantError(t, folderOf(t, name, text), "app/"+name)
		})
	}
}

func TestBinaryAndEmptyFilesAreHandled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\x00\x01\x02\xff\xfe", "\xff\xfe", "\xfe\xff\x00", "\uFEFF", "\x7fELF\x02\x01\x01\x00kind:metadata:apiVersion:"} {
		for _, name := range []string{"x.yaml", "x.json", "x.jsonnet"} {
			res, err := Render(context.Background(), folderOf(t, name, text))
			if err == nil && len(res.Items) > 0 {
				t.Errorf("%s %q: %v", name, text, names(res))
			}
		}
	}
}

func TestFolderNamedLikeAManifestIsAFolder(t *testing.T) {
	t.Parallel()
	archive := "-- app/x.yaml/y.json/z.yaml --\n" + cm("a")
	wantNames(t, directory(t, archive, &v1alpha1.ApplicationSourceDirectory{Recurse: true}), "ConfigMap/a")
	wantNames(t, directory(t, archive, nil))
}

func TestPanicsBecomeErrors(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/kustomization.yaml --\n")
	req := request(tr, v1alpha1.ApplicationSource{Path: "app"})
	req.Kustomize = func(*tree.View, string, *v1alpha1.ApplicationSourceKustomize, *v1alpha1.Env) ([]Item, error) {
		panic("boom")
	}
	wantError(t, req, "kustomize: internal fault: boom")
}

func TestEndlessTemplateEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	req := chartOf(t, "-- app/templates/a.yaml --\n{{ range until 3000 }}{{ range until 3000 }}{{ printf \"%d\" . | sha256sum | trunc 0 }}{{ end }}{{ end }}\n", nil)
	if _, err := Render(ctx, req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestCancelledContextStopsTheRender(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Render(ctx, folderOf(t, "x.yaml", cm("a"))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Many applications are rendered at once from one tree.
func TestRendersDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	tr := repository(t, ordered+subchart+"-- app/Chart.yaml --\n"+chartYAML+library+`
-- plain/a.yaml --
`+cm("a")+`
-- plain/b.jsonnet --
(import '../lib/cm.libsonnet').new('b')
`+"-- app/values.schema.json --\n{\"type\": \"object\"}\n")
	want := map[string][]string{}
	for _, p := range []string{"app", "plain"} {
		want[p] = names(mustRender(t, request(tr, v1alpha1.ApplicationSource{Path: p})))
	}
	var wg sync.WaitGroup
	for range 16 {
		for p := range want {
			wg.Add(1)
			go func() {
				defer wg.Done()
				res, err := Render(context.Background(), request(tr, v1alpha1.ApplicationSource{Path: p}))
				if err != nil {
					t.Error(err)
				} else if diff := cmp.Diff(want[p], names(res)); diff != "" {
					t.Error(diff)
				}
			}()
		}
	}
	wg.Wait()
}

func TestFaultsCarryTheirPlace(t *testing.T) {
	t.Parallel()
	for file, req := range map[string]Request{
		"app/x.yaml":           folderOf(t, "x.yaml", "apiVersion: v1\nkind: A\nmetadata: [\n"),
		"app/x.jsonnet":        folderOf(t, "x.jsonnet", "\n{ a: b }"),
		"app/templates/a.yaml": chartOf(t, "-- app/templates/a.yaml --\n\n{{ fail \"x\" }}\n", nil),
	} {
		_, err := Render(context.Background(), req)
		var f *Fault
		if !errors.As(err, &f) || f.File != file || f.Line < 2 {
			t.Errorf("%s: got %#v", file, err)
		}
	}
}
