package webhook

import (
	"encoding/json"
	"strings"
)

// Event is a branch of a repository that has moved.
type Event struct {
	Repository string // path of the repository, such as platform.git
	Ref        string // such as refs/heads/main
	Before     string // hash of a commit; zeroes where the branch is new
	After      string // hash of a commit; zeroes where the branch was deleted
}

// push is the part of GitHub's push event that says what moved where. Argo CD reads ref, before, after, and of the
// repository html_url and default_branch (util/webhook/webhook.go); it does not ask for a signature unless it was given
// a secret for GitHub's. No commits are listed: with none Argo CD takes every file for changed, and looks.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
type push struct {
	Ref        string     `json:"ref"`
	Before     string     `json:"before"`
	After      string     `json:"after"`
	Created    bool       `json:"created"`
	Deleted    bool       `json:"deleted"`
	Repository repository `json:"repository"`
}

type repository struct {
	Name          string `json:"name"`
	FullName      string `json:"full_name"`
	HTMLURL       string `json:"html_url"`
	CloneURL      string `json:"clone_url"`
	DefaultBranch string `json:"default_branch"`
}

// body is the event as JSON. The address is the one by which Applications name the repository: Argo CD compares host
// and path, with or without .git.
func (e Event) body(publicURL string) ([]byte, error) {
	path := strings.TrimSuffix(e.Repository, ".git")
	page := strings.TrimSuffix(publicURL, "/") + "/" + path
	return json.Marshal(push{
		Ref: e.Ref, Before: e.Before, After: e.After,
		Created: none(e.Before), Deleted: none(e.After),
		Repository: repository{
			Name: path[strings.LastIndexByte(path, '/')+1:], FullName: path,
			HTMLURL: page, CloneURL: page + ".git", DefaultBranch: "main",
		},
	})
}

func none(hash string) bool { return strings.Trim(hash, "0") == "" }
