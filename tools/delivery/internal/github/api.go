package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Client asks GitHub's API about one repository.
type Client struct {
	repository, api, token string
	http                   *http.Client
}

// maxAnswer bounds what is read of an answer; a page of 100 comments of full size is 7 MB.
const maxAnswer = 16 << 20

// Client is a client with the token of the job.
func (e *Environment) Client() (*Client, error) {
	var missing []string
	for name, value := range map[string]string{
		"GITHUB_REPOSITORY": e.Repository, "GITHUB_API_URL": e.api, "GITHUB_TOKEN": e.token,
	} {
		if value == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("not set: %s", strings.Join(missing, ", "))
	}
	return &Client{e.Repository, e.api, e.token, &http.Client{Timeout: time.Minute}}, nil
}

// statusError is an answer that is no success.
type statusError struct {
	what, message string
	status        int
}

func (e *statusError) Error() string {
	return fmt.Sprintf("GitHub refuses %s: %d %s", e.what, e.status, e.message)
}

func hasStatus(err error, status int) bool {
	var answered *statusError
	return errors.As(err, &answered) && answered.status == status
}

// call sends a request to a path below the repository and reads the answer into `into`, unless that is nil. It returns
// the path of the next page, if there is one.
func (c *Client) call(ctx context.Context, method, path string, body, into any) (string, error) {
	what := method + " " + path
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return "", err
		}
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.api+"/repos/"+c.repository+path, sent)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	response, err := c.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("GitHub does not answer %s: %w", what, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("GitHub breaks off at %s: %w", what, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var said struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(data, &said) != nil || said.Message == "" {
			said.Message = http.StatusText(response.StatusCode)
		}
		return "", &statusError{what, said.Message, response.StatusCode}
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			return "", fmt.Errorf("the answer to %s: %w", what, err)
		}
	}
	return c.next(response.Header.Get("Link")), nil
}

var nextLink = regexp.MustCompile(`<([^>]+)>;\s*rel="next"`)

// next is the path of the next page in a Link header, below the repository.
func (c *Client) next(link string) string {
	found := nextLink.FindStringSubmatch(link)
	if found == nil {
		return ""
	}
	// Another host or another repository in it would be given our token.
	path, ours := strings.CutPrefix(found[1], c.api+"/repos/"+c.repository)
	if !ours {
		return ""
	}
	return path
}
