package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"example.com/mlops-platform/tools/render/internal/facts"
)

// maxOutputs bounds what is read from stdin; the outputs are some 3 KB.
const maxOutputs = 1 << 20

// writeFacts brings `terraform output -json` into the facts of one cluster.
func writeFacts(_ context.Context, o *options) error {
	if len(o.clusters) != 1 {
		return usagef("facts: want one cluster")
	}
	repo, err := o.repository()
	if err != nil {
		return err
	}
	name := filepath.Join("clusters", o.clusters[0], "facts", "facts.yaml")
	if !filepath.IsLocal(name) || filepath.Base(o.clusters[0]) != o.clusters[0] {
		return usagef("facts: %q is no cluster's name", o.clusters[0])
	}
	file := filepath.Join(repo, name)
	old, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is not there; copy it from another cluster, its keys are the contract", name)
	}
	if err != nil {
		return err
	}
	outputs, err := io.ReadAll(io.LimitReader(o.stdin, maxOutputs+1))
	if err != nil {
		return fmt.Errorf("reading stdin: %w", err)
	}
	if len(outputs) > maxOutputs {
		return fmt.Errorf("stdin holds more than %d bytes; these are no outputs", maxOutputs)
	}
	values, err := facts.ReadOutputs(outputs)
	if err != nil {
		return refused(o, err)
	}
	updated, err := facts.Update(name, old, values)
	if err != nil {
		return refused(o, err)
	}
	if bytes.Equal(old, updated) {
		fmt.Fprintf(o.stderr, "%s is up to date\n", name)
		return nil
	}
	if err := writeInPlace(file, updated); err != nil {
		return err
	}
	fmt.Fprintf(o.stderr, "%s is written; now: render check %s\n", name, o.clusters[0])
	return nil
}

// refused lists every fault and says that nothing changed.
func refused(o *options, err error) error {
	fmt.Fprintf(o.stderr, "%s\nnothing is written\n", err)
	return errFindings
}

// writeInPlace replaces a file in one step: a reader sees the old or the new one.
func writeInPlace(file string, data []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".facts-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename it is not there
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
