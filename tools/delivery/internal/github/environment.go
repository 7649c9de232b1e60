// Package github is what a job knows of GitHub, and what it says there.
package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Environment is what GitHub tells a job through variables and a file.
// docs.github.com/actions/reference/workflows-and-actions/variables
type Environment struct {
	// Repository is OWNER/NAME, Ref the full name of the branch, SHA the commit that is checked out.
	Repository, Ref, SHA string
	// Event is pull_request, push, …
	Event string
	// Workflow is the path of the file with its ref: OWNER/NAME/.github/workflows/app-ci.yml@refs/heads/main.
	Workflow string
	// Server is https://github.com.
	Server string
	// RunID and RunAttempt name the run.
	RunID, RunAttempt string
	// RepositoryID, OwnerID and Runner are what provenance asks for on top: numeric ids, github-hosted or self-hosted.
	RepositoryID, OwnerID, Runner string

	api, token             string
	event, output, summary string
}

// FromEnvironment reads the variables. What a caller needs of it is checked where it is needed: a laptop has none.
func FromEnvironment(getenv func(string) string) *Environment {
	return &Environment{
		Repository: getenv("GITHUB_REPOSITORY"), Ref: getenv("GITHUB_REF"), SHA: getenv("GITHUB_SHA"),
		Event: getenv("GITHUB_EVENT_NAME"), Workflow: getenv("GITHUB_WORKFLOW_REF"), Server: getenv("GITHUB_SERVER_URL"),
		RunID: getenv("GITHUB_RUN_ID"), RunAttempt: getenv("GITHUB_RUN_ATTEMPT"),
		RepositoryID: getenv("GITHUB_REPOSITORY_ID"), OwnerID: getenv("GITHUB_REPOSITORY_OWNER_ID"),
		Runner: getenv("RUNNER_ENVIRONMENT"),
		api:    getenv("GITHUB_API_URL"), token: getenv("GITHUB_TOKEN"),
		event: getenv("GITHUB_EVENT_PATH"), output: getenv("GITHUB_OUTPUT"), summary: getenv("GITHUB_STEP_SUMMARY"),
	}
}

// OnGitHub tells whether a job runs this. Elsewhere outputs and summaries have nowhere to go.
func (e *Environment) OnGitHub() bool { return e.output != "" }

// RunURL is where a person reads what the run said.
func (e *Environment) RunURL() string {
	return fmt.Sprintf("%s/%s/actions/runs/%s", e.Server, e.Repository, e.RunID)
}

// event is the part of the event that is used here.
type event struct {
	Before      string `json:"before"`
	PullRequest *struct {
		Number int `json:"number"`
	} `json:"pull_request"`
}

func (e *Environment) readEvent() (*event, error) {
	if e.event == "" {
		return nil, errors.New("GITHUB_EVENT_PATH is not set: this is no job of GitHub's")
	}
	data, err := os.ReadFile(e.event)
	if err != nil {
		return nil, err
	}
	var read event
	if err := json.Unmarshal(data, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", e.event, err)
	}
	return &read, nil
}

// PullRequest is the number of the pull request that the job runs for.
func (e *Environment) PullRequest() (int, error) {
	read, err := e.readEvent()
	if err != nil {
		return 0, err
	}
	if read.PullRequest == nil || read.PullRequest.Number == 0 {
		return 0, fmt.Errorf("the event %s belongs to no pull request", e.Event)
	}
	return read.PullRequest.Number, nil
}

// Before is the commit that a branch was at before a push: "" when it is new.
func (e *Environment) Before() (string, error) {
	read, err := e.readEvent()
	if err != nil {
		return "", err
	}
	if strings.Trim(read.Before, "0") == "" {
		return "", nil
	}
	return read.Before, nil
}

// SetOutput gives a value to the jobs that come after. It has one line.
func (e *Environment) SetOutput(name, value string) error {
	if strings.ContainsAny(value, "\r\n") {
		return fmt.Errorf("the output %s has more than one line", name)
	}
	return appendTo(e.output, name+"="+value+"\n")
}

// Summarise adds Markdown to the page of the run.
func (e *Environment) Summarise(markdown string) error {
	// GitHub refuses a summary of more than a megabyte whole.
	return appendTo(e.summary, Fit(markdown, 1<<20-1<<10, "…")+"\n")
}

func appendTo(file, text string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
