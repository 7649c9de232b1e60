package app

import (
	"context"
	"errors"

	"example.com/mlops-platform/tools/platform/internal/stage"
)

func (u *installation) git(context.Context, *stage.View) (string, error) {
	return "", errors.New("not yet")
}

func (p *platform) forgetRemote(context.Context) error { return nil }
