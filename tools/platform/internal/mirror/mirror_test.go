package mirror_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/gitserver/gittest"
	"example.com/mlops-platform/tools/platform/internal/git"
	"example.com/mlops-platform/tools/platform/internal/mirror"
)

func TestMain(m *testing.M) { os.Exit(gittest.Main(m)) }

const root = "../../../.."

// rewriting is the environment that the local cluster's Argo CD has, with another server in it.
func rewriting(t *testing.T, server string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "apps/argo-cd/overlays/local/mirrors.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var d appsv1.Deployment
	if err := yaml.UnmarshalStrict(text, &d); err != nil {
		t.Fatal(err)
	}
	env := d.Spec.Template.Spec.Containers[0].Env
	if len(env) != 3 {
		t.Fatalf("environment: %v; want the count, a key and a value", env)
	}
	for _, e := range env {
		t.Setenv(e.Name, strings.Replace(e.Value, "http://git.mlops.internal", server, 1))
	}
}

func TestEveryRemoteBaseComesFromTheMirror(t *testing.T) {
	s := gittest.Start(t, t.TempDir())
	tags := map[string]string{}
	for _, source := range mirror.Sources() {
		to := git.Remote{Address: s.Address(source.Repository + ".git"), Token: gittest.Token}
		tag, err := source.Push(t.Context(), root, t.TempDir(), to)
		if err != nil {
			t.Fatal(err)
		}
		tags[source.Repository] = tag
	}
	rewriting(t, s.URL)
	for _, base := range remoteBases(t) {
		if tags[base.repository] != base.tag {
			t.Errorf("%s names %s; the mirror has %s", base.url, base.tag, tags[base.repository])
			continue
		}
		// What kustomize runs.
		clone := t.TempDir()
		gittest.Git(t, clone, "init", "-q")
		gittest.Git(t, clone, "fetch", "-q", "--depth=1", "https://"+base.repository, base.tag)
		gittest.Git(t, clone, "checkout", "-q", "FETCH_HEAD")
		if _, err := os.Stat(filepath.Join(clone, base.path, "kustomization.yaml")); err != nil {
			t.Errorf("%s: %v", base.url, err)
		}
	}
}

type remoteBase struct{ url, repository, path, tag string }

// remoteBases are those of every application.
func remoteBases(t *testing.T) []remoteBase {
	t.Helper()
	form := regexp.MustCompile(`https://(github\.com/[^/]+/[^/]+)//(\S+)\?ref=(\S+)`)
	files, err := filepath.Glob(filepath.Join(root, "apps", "*", "base", "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var found []remoteBase
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range form.FindAllStringSubmatch(string(text), -1) {
			found = append(found, remoteBase{url: m[0], repository: m[1], path: m[2], tag: m[3]})
		}
	}
	if len(found) == 0 {
		t.Fatal("no application has a remote base")
	}
	return found
}

func TestAMirrorIsTheSameCommitOnEveryServerAndIsPushedOnce(t *testing.T) {
	t.Parallel()
	source := mirror.Sources()[1]
	var hashes []string
	for range 2 {
		s := gittest.Start(t, t.TempDir())
		to := git.Remote{Address: s.Address(source.Repository + ".git"), Token: gittest.Token}
		tag := ""
		for range 2 {
			var err error
			if tag, err = source.Push(t.Context(), root, t.TempDir(), to); err != nil {
				t.Fatal(err)
			}
		}
		refs, err := to.Refs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if refs["HEAD"] != refs["refs/tags/"+tag] || refs["HEAD"] == "" || len(refs) != 3 {
			t.Errorf("references: %v; want HEAD, main and %s, all the same", refs, tag)
		}
		hashes = append(hashes, refs["HEAD"])
		if got := strings.Count(s.Log(), `"path":"/`+source.Repository+`.git/git-receive-pack"`); got != 1 {
			t.Errorf("%d pushes; want 1", got)
		}
	}
	if hashes[0] != hashes[1] {
		t.Errorf("commits %q differ", hashes)
	}
}
