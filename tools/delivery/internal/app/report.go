package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"example.com/mlops-platform/tools/delivery/internal/sarif"
)

// findings shows what render found beside the code.
func findings(_ context.Context, o *options) error {
	found, err := sarif.Read(o.stdin, func(file string) bool {
		info, err := os.Stat(filepath.Join(o.root, file))
		return file != "" && filepath.IsLocal(file) && err == nil && info.Mode().IsRegular()
	})
	if err != nil {
		return err
	}
	sarif.Annotate(o.stdout, found)
	if o.out == "" {
		return nil
	}
	log, err := sarif.Log(found)
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, append(log, '\n'), 0o644)
}

// comment keeps the one comment of its key up to date.
func comment(ctx context.Context, o *options) error {
	text, err := o.read()
	if err != nil {
		return err
	}
	number, err := o.github.PullRequest()
	if err != nil {
		return err
	}
	client, err := o.github.Client()
	if err != nil {
		return err
	}
	did, err := client.Comment(ctx, number, o.args[0], text, o.github.RunURL())
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stderr, "the comment %s on #%d is %s\n", o.args[0], number, did)
	return nil
}

// summary adds to the page of the run; elsewhere it shows.
func summary(_ context.Context, o *options) error {
	text, err := o.read()
	if err != nil {
		return err
	}
	if !o.github.OnGitHub() {
		fmt.Fprint(o.stdout, text)
		return nil
	}
	return o.github.Summarise(text)
}
