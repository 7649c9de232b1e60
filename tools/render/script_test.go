package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"example.com/mlops-platform/tools/render/internal/app"
)

var update = flag.Bool("update", false, "rewrite the golden files inside the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"render": func() { os.Exit(app.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }, //nolint:forbidigo // this is main
	})
}

// TestScripts runs testdata/script/*.txtar. The name of a script is what it
// claims; its archive is the repository that the command is run in.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		Setup:              checkout,
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Condition:          condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"json":       jsonValue,
			"jsonfields": jsonFields,
			"snapshot":   snapshot,
			"fill":       fill,
			"utf16":      utf16Text,
			"gomodule":   goModule,
			"listen":     listen,
			"unvisited":  unvisited,
			"commit":     commit,
			"branch":     branch,
			"replace":    replaceText,
			"shorter":    shorter,
		},
	})
}

// checkout makes the archive look like a Git checkout, and hides the Go module
// cache of this machine: a script that needs modules brings them.
func checkout(e *testscript.Env) error {
	e.Setenv("GOMODCACHE", filepath.Join(e.WorkDir, ".modcache"))
	e.Setenv("GOPATH", "")
	e.Setenv("NO_COLOR", "")
	return os.WriteFile(filepath.Join(e.WorkDir, ".git"), nil, 0o600)
}

// condition knows [root]: a superuser may read every file.
func condition(name string) (bool, error) {
	if name != "root" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return os.Geteuid() == 0, nil
}

// exits runs a program and wants an exact exit code: exits 3 render check.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
