package kust

import (
	"net/url"
	"regexp"
	"strings"
)

// Remote is a reference to a file or folder of another repository.
type Remote struct {
	Repo string // host and path, "github.com/argoproj/argo-cd"
	Path string // below the repository's root, "" for the root
	Ref  string // tag, branch or commit, "" for the default branch
	File bool   // one file fetched over HTTP rather than a folder of a clone
}

var (
	scheme  = regexp.MustCompile(`^(?:git::)?(?:https?|ssh|git|file)://`)
	scpLike = regexp.MustCompile(`^(?:git::)?(?:[A-Za-z0-9_.-]+@)([A-Za-z0-9.-]+):(.+)$`)
	hostish = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}/`)
)

// ParseRemote reads an entry of a kustomization as kustomize's loader does:
// https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md
// ok is false for a local path.
func ParseRemote(entry string) (r Remote, ok bool) {
	rest, query, _ := strings.Cut(entry, "?")
	if q, err := url.ParseQuery(query); err == nil {
		r.Ref = q.Get("ref")
		if r.Ref == "" {
			r.Ref = q.Get("version")
		}
	}
	switch {
	case scheme.MatchString(rest):
		rest = rest[strings.Index(rest, "://")+3:]
		if at := strings.Index(rest, "@"); at >= 0 && at < strings.Index(rest+"/", "/") {
			rest = rest[at+1:]
		}
	case scpLike.MatchString(rest):
		m := scpLike.FindStringSubmatch(rest)
		rest = m[1] + "/" + m[2]
	case strings.HasPrefix(rest, ".") || !hostish.MatchString(rest):
		return Remote{}, false
	}
	if raw, ok := rawFile(rest); ok {
		return raw, true
	}
	r.split(rest)
	return r, true
}

// rawFile recognises one file of a GitHub repository at a ref.
func rawFile(rest string) (Remote, bool) {
	p := strings.Split(rest, "/")
	if len(p) >= 5 && p[0] == "raw.githubusercontent.com" {
		tail := p[3:]
		if len(tail) > 3 && tail[0] == "refs" { // refs/tags/v1.2.3/path
			tail = tail[2:]
		}
		return Remote{
			Repo: "github.com/" + p[1] + "/" + p[2], Ref: tail[0],
			Path: strings.Join(tail[1:], "/"), File: true,
		}, true
	}
	if len(p) >= 6 && p[0] == "github.com" && (p[3] == "raw" || p[3] == "blob") {
		return Remote{
			Repo: strings.Join(p[:3], "/"), Ref: p[4], Path: strings.Join(p[5:], "/"), File: true,
		}, true
	}
	return Remote{}, false
}

// split separates the repository from the path in it: at "//", after ".git",
// or, as on GitHub, after owner and name.
func (r *Remote) split(rest string) {
	if repo, p, ok := strings.Cut(rest, "//"); ok {
		r.Repo, r.Path = strings.TrimSuffix(repo, ".git"), p
		return
	}
	if repo, p, ok := strings.Cut(rest, ".git/"); ok {
		r.Repo, r.Path = repo, p
		return
	}
	rest = strings.TrimSuffix(rest, ".git")
	parts := strings.SplitN(rest, "/", 4)
	if len(parts) < 4 {
		r.Repo = rest
		return
	}
	r.Repo, r.Path = strings.Join(parts[:3], "/"), parts[3]
}

// String writes the reference for people.
func (r Remote) String() string {
	s := r.Repo
	if r.Path != "" {
		s += "//" + r.Path
	}
	if r.Ref != "" {
		s += "?ref=" + r.Ref
	}
	return s
}
