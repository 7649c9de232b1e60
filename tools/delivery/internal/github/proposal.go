package github

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Proposal is a change of files that somebody has to agree to.
type Proposal struct {
	// Branch is where it is made; what a former proposal left there is replaced.
	Branch string
	// From is the commit that it is made on, Into the branch that it is meant for.
	From, Into string
	// Title is the first line of the commit and the title of the pull request. Message is the rest of the commit, Body
	// the text of the pull request.
	Title, Message, Body string
	// Files are the new contents by path.
	Files map[string][]byte
}

// Propose makes the commit and opens the pull request, or updates the one that is open. It returns the address of it.
//
// The commit is made through the API, so GitHub signs it and no credential ever is in a git configuration. The branch
// moves once, to the finished commit: a branch that for a moment is where `Into` is would close its pull request.
func (c *Client) Propose(ctx context.Context, p *Proposal) (string, error) {
	commit, err := c.commit(ctx, p)
	if err != nil {
		return "", err
	}
	if err := c.putBranch(ctx, p.Branch, commit); err != nil {
		return "", err
	}
	return c.putPullRequest(ctx, p)
}

// object is what GitHub says of a Git object that it made.
type object struct {
	SHA string `json:"sha"`
}

func (c *Client) commit(ctx context.Context, p *Proposal) (string, error) {
	var entries []map[string]string
	for _, path := range slices.Sorted(maps.Keys(p.Files)) {
		entries = append(entries, map[string]string{
			"path": path, "mode": "100644", "type": "blob", "content": string(p.Files[path]),
		})
	}
	var from struct {
		Tree object `json:"tree"`
	}
	if _, err := c.call(ctx, http.MethodGet, "/git/commits/"+p.From, nil, &from); err != nil {
		return "", err
	}
	var tree, commit object
	sent := map[string]any{"base_tree": from.Tree.SHA, "tree": entries}
	if _, err := c.call(ctx, http.MethodPost, "/git/trees", sent, &tree); err != nil {
		return "", err
	}
	message := strings.TrimSpace(p.Title + "\n\n" + p.Message)
	sent = map[string]any{"message": message, "tree": tree.SHA, "parents": []string{p.From}}
	_, err := c.call(ctx, http.MethodPost, "/git/commits", sent, &commit)
	return commit.SHA, err
}

// putBranch makes the branch point at a commit.
func (c *Client) putBranch(ctx context.Context, branch, commit string) error {
	sent := map[string]string{"ref": "refs/heads/" + branch, "sha": commit}
	_, err := c.call(ctx, http.MethodPost, "/git/refs", sent, nil)
	if !hasStatus(err, http.StatusUnprocessableEntity) { // it is there
		return err
	}
	_, err = c.call(ctx, http.MethodPatch, "/git/refs/heads/"+branch, map[string]any{"sha": commit, "force": true}, nil)
	return err
}

type pullRequest struct {
	Number int    `json:"number"`
	URL    string `json:"html_url"`
}

func (c *Client) putPullRequest(ctx context.Context, p *Proposal) (string, error) {
	owner, _, _ := strings.Cut(c.repository, "/")
	query := url.Values{"state": {"open"}, "head": {owner + ":" + p.Branch}, "base": {p.Into}}
	var open []pullRequest
	if _, err := c.call(ctx, http.MethodGet, "/pulls?"+query.Encode(), nil, &open); err != nil {
		return "", err
	}
	sent := map[string]string{"title": p.Title, "body": Fit(p.Body, maxComment, "…")}
	var put pullRequest
	if len(open) > 0 {
		_, err := c.call(ctx, http.MethodPatch, fmt.Sprintf("/pulls/%d", open[0].Number), sent, &put)
		return put.URL, err
	}
	sent["head"], sent["base"] = p.Branch, p.Into
	_, err := c.call(ctx, http.MethodPost, "/pulls", sent, &put)
	return put.URL, err
}
