package kust

import (
	"strings"
	"testing"
)

// FuzzParseRemote: no panic, and what is taken for a remote has a repository
// that is read the same when it is written out again.
func FuzzParseRemote(f *testing.F) {
	for _, seed := range []string{
		"https://github.com/argoproj/argo-cd//manifests/crds?ref=v3.5.7",
		"git@github.com:argoproj/argo-cd.git//manifests/crds?ref=v3.5.7",
		"ssh://git@example.com:2222/org/repo.git/path?version=main&timeout=1s",
		"github.com/a/b/c?ref=d", "../base", "file:///tmp/x", "https://", "a@b:c", "?ref=x", "https://user:pw@host/x//y",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		r, ok := ParseRemote(entry)
		if !ok {
			if r != (Remote{}) {
				t.Fatalf("%q: local, with %+v", entry, r)
			}
			return
		}
		if strings.HasPrefix(entry, ".") {
			t.Fatalf("%q: taken for %+v", entry, r)
		}
		if r.File && (r.Repo == "" || r.Ref == "") {
			t.Fatalf("%q: a file of nothing: %+v", entry, r)
		}
		_ = r.String()
	})
}
