package source

import (
	"context"
	"fmt"
)

// guard runs work of a library on files that anyone may have written. A panic
// becomes an error, and a template or program that does not end is left behind
// when ctx ends: neither text/template nor go-jsonnet can be interrupted.
func guard(ctx context.Context, what string, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	safe := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%s: internal fault: %v", what, p)
			}
		}()
		return work()
	}
	if ctx.Done() == nil {
		return safe()
	}
	done := make(chan error, 1)
	go func() { done <- safe() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
}
