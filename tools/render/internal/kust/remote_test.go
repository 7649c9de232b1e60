package kust

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRemoteEntryIsReadAsKustomizeReadsIt(t *testing.T) {
	t.Parallel()
	argo := func(path, ref string) Remote {
		return Remote{Repo: "github.com/argoproj/argo-cd", Path: path, Ref: ref}
	}
	for entry, want := range map[string]Remote{
		"https://github.com/argoproj/argo-cd//manifests/crds?ref=v3.5.7":                       argo("manifests/crds", "v3.5.7"),
		"https://github.com/argoproj/argo-cd.git//manifests/crds?ref=v3.5.7":                   argo("manifests/crds", "v3.5.7"),
		"https://github.com/argoproj/argo-cd/manifests/crds?ref=v3.5.7":                        argo("manifests/crds", "v3.5.7"),
		"github.com/argoproj/argo-cd//manifests/crds?timeout=90s&ref=v3.5.7":                   argo("manifests/crds", "v3.5.7"),
		"git@github.com:argoproj/argo-cd.git//manifests/crds?ref=v3.5.7":                       argo("manifests/crds", "v3.5.7"),
		"ssh://git@github.com/argoproj/argo-cd.git//manifests/crds?version=v3.5.7":             argo("manifests/crds", "v3.5.7"),
		"git::https://github.com/argoproj/argo-cd":                                             argo("", ""),
		"https://raw.githubusercontent.com/argoproj/argo-cd/v3.5.7/manifests/install.yaml":     {Repo: "github.com/argoproj/argo-cd", Path: "manifests/install.yaml", Ref: "v3.5.7", File: true},
		"https://raw.githubusercontent.com/argoproj/argo-cd/refs/tags/v3.5.7/manifests/x.yaml": {Repo: "github.com/argoproj/argo-cd", Path: "manifests/x.yaml", Ref: "v3.5.7", File: true},
		"https://github.com/argoproj/argo-cd/raw/v3.5.7/manifests/install.yaml":                {Repo: "github.com/argoproj/argo-cd", Path: "manifests/install.yaml", Ref: "v3.5.7", File: true},
	} {
		got, ok := ParseRemote(entry)
		if !ok {
			t.Errorf("%s: taken for a local path", entry)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", entry, diff)
		}
	}
}

func TestLocalEntryIsNoRemote(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{"../base", "./x", "deployment.yaml", "a/b/c", "../../clusters/dev/facts", "v1.2/x"} {
		if r, ok := ParseRemote(entry); ok {
			t.Errorf("%s: taken for %+v", entry, r)
		}
	}
}
