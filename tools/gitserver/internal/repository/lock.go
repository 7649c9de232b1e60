package repository

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"
)

// take waits until no other process has the file and returns its descriptor.
//
// The descriptor is not closed on exec, on purpose: git's processes inherit it, and with it the lock. So it is free
// only when those that a killed server left behind have ended too, and what they left can be removed safely.
func take(ctx context.Context, file string, log *slog.Logger) (int, error) {
	fd, err := syscall.Open(file, syscall.O_RDWR|syscall.O_CREAT, 0o600)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for waits := false; ; waits = true {
		err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return fd, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return 0, errors.Join(fmt.Errorf("locking %s: %w", file, err), syscall.Close(fd))
		case !waits:
			log.Warn("another server or its git has the folder; waiting", "lock", file)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, errors.Join(fmt.Errorf("another server or its git has %s: %w", file, context.Cause(ctx)),
				syscall.Close(fd))
		}
	}
}

func release(fd int) error { return syscall.Close(fd) }
