package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a copy of this working copy, at the same place for every test and every run: what was compiled there
// once need not be compiled again.
type repository struct {
	t      *testing.T
	folder string
	// start is the commit that each test begins with.
	start string
}

var copied *repository

// open gives a test the copy, as it was at the start.
func open(t *testing.T) *repository {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if copied == nil {
		copied = &repository{t: t, folder: filepath.Join(root, ".tools", "delivery", "work")}
		copied.fill(root)
	}
	r := &repository{t, copied.folder, copied.start}
	r.git("checkout", "--quiet", "--force", "-B", "main", r.start)
	r.git("clean", "--quiet", "-ffdx", "--exclude=.tools")
	for _, branch := range strings.Fields(r.git("for-each-ref", "--format=%(refname:short)", "refs/heads")) {
		if branch != "main" {
			r.git("branch", "--quiet", "-D", branch)
		}
	}
	return r
}

// fill copies every file that is or would be in Git, and what the scripts would install.
func (r *repository) fill(root string) {
	r.t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.RemoveAll(r.folder); err != nil {
		r.t.Fatal(err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(names), "\x00"), "\x00") {
		r.copyFile(filepath.Join(root, name), name)
	}
	r.link(root)
	r.git("init", "--quiet", "--initial-branch=main")
	r.git("config", "user.name", "somebody")
	r.git("config", "user.email", "somebody@example.com")
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message", "start")
	r.start = r.git("rev-parse", "HEAD")
}

func (r *repository) copyFile(from, name string) {
	r.t.Helper()
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) { // removed, and not yet told to Git
		return
	}
	if err != nil {
		r.t.Fatal(err)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		r.t.Fatal(err)
	}
	to := filepath.Join(r.folder, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
		r.t.Fatal(err)
	}
}

// link lends the copy what the checkout has installed and does not build of its own code.
func (r *repository) link(root string) {
	r.t.Helper()
	for _, name := range []string{
		"bin/cosign", "bin/database", "bin/grype", "bin/syft", "cosign.stamp", "scan.stamp", "python", "python.stamp", "terraform",
	} {
		from := filepath.Join(root, ".tools", name)
		if _, err := os.Stat(from); err != nil {
			continue
		}
		to := filepath.Join(r.folder, ".tools", name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.Symlink(from, to); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	command := exec.Command("git", args...)
	command.Dir = r.folder
	said, err := command.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return strings.TrimSpace(string(said))
}

func (r *repository) read(name string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

func (r *repository) write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// edit replaces one text in a file.
func (r *repository) edit(name, old, replacement string) {
	r.t.Helper()
	text := r.read(name)
	if !strings.Contains(text, old) {
		r.t.Fatalf("%s has no %q", name, old)
	}
	r.write(name, strings.Replace(text, old, replacement, 1))
}

func (r *repository) commit(message string) string {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message", message)
	return r.git("rev-parse", "HEAD")
}

// job is what GitHub gives a step: variables, the event, and files to write to.
type job struct {
	event   string // pull_request, push
	payload any
	github  *github
	env     []string
}

// result is what a step left.
type result struct {
	code                            int
	stdout, stderr, output, summary string
}

// said is all that a person reads in the log of the step.
func (r result) said() string { return r.stdout + r.stderr }

// run runs one command of the repository as a step of a job, or as on a laptop when there is no job.
func (r *repository) run(j *job, command ...string) result {
	r.t.Helper()
	scratch := r.t.TempDir()
	var stdout, stderr bytes.Buffer
	step := exec.Command(filepath.Join(r.folder, command[0]), command[1:]...)
	step.Dir, step.Stdout, step.Stderr = r.folder, &stdout, &stderr
	step.Env = r.environment(j, scratch)
	_ = step.Run()
	if step.ProcessState == nil {
		r.t.Fatalf("%v did not start", command)
	}
	left := result{code: step.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	for file, into := range map[string]*string{"output": &left.output, "summary": &left.summary} {
		if data, err := os.ReadFile(filepath.Join(scratch, file)); err == nil {
			*into = string(data)
		}
	}
	return left
}

func (r *repository) environment(j *job, scratch string) []string {
	r.t.Helper()
	var env []string
	for _, each := range os.Environ() {
		if !strings.HasPrefix(each, "GITHUB_") && !strings.HasPrefix(each, "RUNNER_") && !strings.HasPrefix(each, "GIT_") {
			env = append(env, each)
		}
	}
	if j == nil {
		return env
	}
	event, err := json.Marshal(j.payload)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(scratch, "event.json"), event, 0o644); err != nil {
		r.t.Fatal(err)
	}
	ref := "refs/heads/main"
	if j.event == "pull_request" {
		ref = "refs/pull/7/merge"
	}
	env = append(env,
		"CI=true", "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY="+slug, "GITHUB_EVENT_NAME="+j.event, "GITHUB_REF="+ref,
		"GITHUB_EVENT_PATH="+filepath.Join(scratch, "event.json"), "GITHUB_OUTPUT="+filepath.Join(scratch, "output"),
		"GITHUB_STEP_SUMMARY="+filepath.Join(scratch, "summary"), "GITHUB_SERVER_URL=https://github.example.com",
		"GITHUB_RUN_ID=42", "GITHUB_RUN_ATTEMPT=1", "GITHUB_SHA="+r.git("rev-parse", "HEAD"),
		"GITHUB_WORKFLOW_REF="+slug+"/.github/workflows/app-ci.yml@"+ref, "GITHUB_REPOSITORY_ID=2002",
		"GITHUB_REPOSITORY_OWNER_ID=1001", "RUNNER_ENVIRONMENT=github-hosted",
	)
	if j.github != nil {
		env = append(env, "GITHUB_API_URL="+j.github.server.URL, "GITHUB_TOKEN="+token)
	}
	return append(env, j.env...)
}

// pullRequest is the event of the pull request 7.
func pullRequest(g *github) *job {
	return &job{event: "pull_request", payload: map[string]any{"pull_request": map[string]any{"number": 7}}, github: g}
}

// push is the event of a push that begins at a commit.
func push(g *github, before string) *job {
	return &job{event: "push", payload: map[string]any{"before": before}, github: g}
}

// want fails the test when a step ended otherwise, or did not say something.
func (r *repository) want(got result, code int, says ...string) {
	r.t.Helper()
	if got.code != code {
		r.t.Fatalf("exit code %d, want %d\n%s", got.code, code, got.said())
	}
	for _, text := range says {
		if !strings.Contains(got.said(), text) {
			r.t.Errorf("does not say %q:\n%s", text, got.said())
		}
	}
}
