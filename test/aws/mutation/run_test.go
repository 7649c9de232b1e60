package mutation

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"example.com/mlops-platform/test/aws/tools"
)

// runner runs the tests of Terraform on copies of the tree.
type runner struct {
	programs tools.Tools
	pristine tree
	// work holds the .terraform of each folder, which all copies share, and the compiled promises.
	work string

	mutex sync.Mutex
	// ready are the folders whose .terraform is there.
	ready map[string]error
}

// failure is how a test failed: the name of the test, and whether it found something wrong or could not run.
type failure struct {
	Test  string
	Error string
}

// initialise makes the .terraform of a folder once.
func (r *runner) initialise(ctx context.Context, folder string) (string, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	data := filepath.Join(r.work, strings.ReplaceAll(folder, "/", "-"))
	if err, done := r.ready[folder]; done {
		return data, err
	}
	out, err := r.programs.InitOffline(ctx, r.pristine.folder(folder), data).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("terraform init in %s: %w\n%s", folder, err, out)
	}
	r.ready[folder] = err
	return data, err
}

// test runs the tests of a folder up to the first that fails, which it returns, or nil if all pass.
func (r *runner) test(ctx context.Context, tr tree, folder string) (*failure, error) {
	data, err := r.initialise(ctx, folder)
	if err != nil {
		return nil, err
	}
	command := r.programs.Offline(ctx, tr.folder(folder), data, "test", "-json")
	// Its provider dies with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.Cancel = kill
	command.Env = append(command.Env, "TMPDIR="+r.work) // for the sockets that it leaves when killed
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	failed, passed := firstFailure(bufio.NewReader(out))
	if failed != nil {
		err = kill()
	}
	if waited := command.Wait(); failed == nil && waited != nil {
		return nil, fmt.Errorf("terraform test in %s: %w", folder, waited)
	}
	if failed == nil && passed == 0 {
		return nil, fmt.Errorf("terraform test in %s ran nothing", folder)
	}
	if failed != nil {
		failed.Test = folder + ": " + failed.Test
	}
	return failed, err
}

// firstFailure reads the messages of `terraform test -json` up to the first failure, and counts the runs that passed.
func firstFailure(messages *bufio.Reader) (failed *failure, passed int) {
	lines := bufio.NewScanner(messages)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var m struct {
			Type string `json:"type"`
			Run  struct {
				Name     string `json:"run"`
				Progress string `json:"progress"`
				Status   string `json:"status"`
			} `json:"test_run"`
			Diagnostic struct {
				Severity string `json:"severity"`
				Summary  string `json:"summary"`
				Detail   string `json:"detail"`
			} `json:"diagnostic"`
			InRun string `json:"@testrun"`
		}
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			continue
		}
		switch {
		case m.Type == "test_run" && m.Run.Status == "pass":
			passed++
		case m.Type == "test_run" && m.Run.Status == "fail":
			return &failure{Test: m.Run.Name}, passed
		case m.Type == "diagnostic" && m.Diagnostic.Severity == "error" && m.InRun == "",
			m.Type == "test_run" && m.Run.Status == "error":
			return &failure{Test: m.Run.Name, Error: m.Diagnostic.Summary + " " + m.Diagnostic.Detail}, passed
		}
	}
	return nil, passed
}

// valid says whether a folder is Terraform that can be run at all.
func (r *runner) valid(ctx context.Context, tr tree, folder string) error {
	data, err := r.initialise(ctx, folder)
	if err != nil {
		return err
	}
	out, err := r.programs.Offline(ctx, tr.folder(folder), data, "validate", "-no-color").CombinedOutput()
	if err != nil {
		return fmt.Errorf("terraform validate in %s: %w\n%s", folder, err, out)
	}
	return nil
}

// promises is the folder of the promises of IAM.
func promises() string { return filepath.Join(tools.Root(), "test", "aws", "iam", "iamtest") }

// compile makes a program of the promises of IAM.
func (r *runner) compile(t *testing.T) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", r.program(), ".")
	command.Dir = promises()
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
}

func (r *runner) program() string { return filepath.Join(r.work, "promises") }

// broken is the most particular test that failed: Go writes those within others after them, indented.
var broken = regexp.MustCompile(`(?m)^ +--- FAIL: (\S+)`)

// iam runs the promises about the roles of a root.
func (r *runner) iam(ctx context.Context, tr tree, root string) (*failure, error) {
	name := map[string]string{"bootstrap": "TestTheRolesOfCI", "dev": "TestTheRolesOfDev", "prod": "TestTheRolesOfProd"}[root]
	command := exec.CommandContext(ctx, r.program(), "-test.v", "-test.run", "^"+name+"$")
	command.Dir = promises()
	command.Env = append(os.Environ(), "TERRAFORM_TREE="+tr.folder(""), "TERRAFORM="+r.programs.Terraform,
		"TF_PLUGIN_DIR="+r.programs.Plugins, "MOTO_SERVER="+r.programs.Moto)
	out, err := command.CombinedOutput()
	if err == nil {
		if !strings.Contains(string(out), "--- PASS: "+name) {
			return nil, fmt.Errorf("the promises of %s were not asked for:\n%s", root, out)
		}
		return nil, nil
	}
	if found := broken.FindSubmatch(out); found != nil {
		return &failure{Test: "iam:" + root + ": " + strings.TrimPrefix(string(found[1]), name+"/")}, nil
	}
	return &failure{Test: "iam:" + root, Error: string(out)}, nil
}

// run runs the tests of a place: a folder, or iam:ROOT.
func (r *runner) run(ctx context.Context, tr tree, place string) (*failure, error) {
	if root, found := strings.CutPrefix(place, "iam:"); found {
		return r.iam(ctx, tr, root)
	}
	return r.test(ctx, tr, place)
}

// folderOf is the folder that a place needs to be valid.
func folderOf(place string) string {
	root, found := strings.CutPrefix(place, "iam:")
	if found && root != "bootstrap" {
		return "envs/" + root
	}
	return root
}
