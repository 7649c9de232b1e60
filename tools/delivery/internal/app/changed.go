package app

import (
	"context"
	"fmt"
	"strconv"
)

// changed tells whether the push or the pull request touches some paths. When it cannot know, it says yes: a check too
// many costs minutes.
func changed(ctx context.Context, o *options) error {
	name, paths := o.args[0], o.args[1:]
	before, why, err := o.before(ctx)
	if err != nil {
		return err
	}
	if before == "" {
		fmt.Fprintf(o.stderr, "%s: taken as changed: %s\n", name, why)
		return o.output(name, "true")
	}
	files, err := o.changedSince(ctx, before, paths...)
	if err != nil {
		return err
	}
	for _, file := range files {
		fmt.Fprintf(o.stderr, "%s: %s\n", name, file)
	}
	return o.output(name, strconv.FormatBool(len(files) > 0))
}

// before is the commit to compare with, or why there is none.
func (o *options) before(ctx context.Context) (commit, why string, err error) {
	switch o.github.Event {
	case "pull_request":
		// What is checked out is the merge; its first parent is the branch that it goes into.
		commit, why = "HEAD^1", "the merge has no parent here"
	case "push":
		if commit, err = o.github.Before(); err != nil {
			return "", "", err
		}
		why = "the commit before the push is not here"
		if commit == "" {
			return "", "the branch is new", nil
		}
	default:
		return "", "the event says nothing of a change", nil
	}
	if _, err := o.git(ctx, "cat-file", "-e", commit+"^{commit}"); err != nil {
		return "", why, nil //nolint:nilerr // a forced push leaves it behind, and that is an answer
	}
	return commit, "", nil
}
