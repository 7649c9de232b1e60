package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

const (
	// maxComment is the longest comment that GitHub takes, in characters. Bytes are never fewer.
	maxComment = 65536
	// author is who a job's token writes as. Somebody else's comment with our mark in it is left alone.
	author = "github-actions[bot]"
)

type comment struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User struct {
		Login string `json:"login"`
	} `json:"user"`
}

// Comment makes the one comment of this key on a pull request say this, and returns what it did: created, updated or
// unchanged. Too long a text is shortened, with a link to the run.
func (c *Client) Comment(ctx context.Context, pullRequest int, key, markdown, runURL string) (string, error) {
	mark := fmt.Sprintf("<!-- delivery: %s -->\n", key)
	body := mark + Fit(markdown, maxComment-len(mark), "all of it is in [the run]("+runURL+")")
	found, err := c.find(ctx, pullRequest, mark)
	if err != nil {
		return "", err
	}
	sent := map[string]string{"body": body}
	switch {
	case found == nil:
		_, err = c.call(ctx, http.MethodPost, fmt.Sprintf("/issues/%d/comments", pullRequest), sent, nil)
		return "created", err
	case found.Body == body:
		return "unchanged", nil
	}
	_, err = c.call(ctx, http.MethodPatch, fmt.Sprintf("/issues/comments/%d", found.ID), sent, nil)
	return "updated", err
}

func (c *Client) find(ctx context.Context, pullRequest int, mark string) (*comment, error) {
	for path := fmt.Sprintf("/issues/%d/comments?per_page=100", pullRequest); path != ""; {
		var page []comment
		next, err := c.call(ctx, http.MethodGet, path, nil, &page)
		if err != nil {
			return nil, err
		}
		for _, each := range page {
			if each.User.Login == author && strings.HasPrefix(each.Body, mark) {
				return &each, nil
			}
		}
		path = next
	}
	return nil, nil
}
