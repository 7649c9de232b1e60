// Package terraform runs Terraform in the folder of one environment.
package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// Terraform is the program, for one folder.
type Terraform struct {
	// Program is the path of terraform, Plugins a folder with a mirror of providers or "".
	Program, Plugins string
	// Folder is where the code is.
	Folder string
	// Log gets what Terraform says of its work.
	Log io.Writer
}

// Init makes the folder ready, with the state in a bucket.
func (t *Terraform) Init(ctx context.Context, bucket, region string) error {
	arguments := []string{
		"init", "-input=false", "-no-color", "-reconfigure", "-backend-config=bucket=" + bucket,
		"-backend-config=region=" + region,
	}
	if t.Plugins != "" {
		arguments = append(arguments, "-plugin-dir="+t.Plugins)
	}
	return t.quietly(ctx, arguments...)
}

// Plan saves a plan in a file that only its owner can read: it holds every value of the state. It tells whether there
// is anything to do.
func (t *Terraform) Plan(ctx context.Context, file string, flags ...string) (changes bool, err error) {
	arguments := append([]string{
		"plan", "-input=false", "-no-color", "-lock-timeout=2m", "-detailed-exitcode", "-out=" + file,
	}, flags...)
	err = t.quietly(ctx, arguments...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 {
		changes, err = true, nil
	}
	if err != nil {
		return false, err
	}
	return changes, os.Chmod(file, 0o600)
}

// Show gives a saved plan as JSON.
func (t *Terraform) Show(ctx context.Context, file string) ([]byte, error) {
	return t.output(ctx, "show", "-json", file)
}

// Apply does exactly what a saved plan says.
func (t *Terraform) Apply(ctx context.Context, file string) error {
	command := t.command(ctx, "apply", "-input=false", "-no-color", "-lock-timeout=2m", file)
	command.Stdout, command.Stderr = t.Log, t.Log
	return command.Run()
}

// Outputs gives the outputs of the state as JSON.
func (t *Terraform) Outputs(ctx context.Context) ([]byte, error) {
	return t.output(ctx, "output", "-json")
}

// quietly shows what Terraform says only when it fails.
func (t *Terraform) quietly(ctx context.Context, arguments ...string) error {
	var said bytes.Buffer
	command := t.command(ctx, arguments...)
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 2 || arguments[0] != "plan") {
		return fmt.Errorf("terraform %s: %w\n%s", arguments[0], err, &said)
	}
	return err
}

func (t *Terraform) output(ctx context.Context, arguments ...string) ([]byte, error) {
	var said, output bytes.Buffer
	command := t.command(ctx, arguments...)
	command.Stdout, command.Stderr = &output, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("terraform %s: %w\n%s", arguments[0], err, &said)
	}
	return output.Bytes(), nil
}

func (t *Terraform) command(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, t.Program, append([]string{"-chdir=" + t.Folder}, arguments...)...)
	// One interrupt lets Terraform finish what it is at, write the state and release the lock; a second one, which a
	// terminal would send it directly, would not. So it is in a group of its own and gets ours.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return command
}
