package run

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAFailedProgramTellsItsLastLinesAndWhereTheRestIs(t *testing.T) {
	log := filepath.Join(t.TempDir(), "logs", "build.log")
	var lines []string
	out, err := Command{
		Args: []string{"sh", "-c", "echo result; seq 30 >&2; echo 'no space' >&2; exit 3"}, Log: log,
		Line: func(line string) { lines = append(lines, line) },
	}.Output(t.Context())
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no space") ||
		!strings.Contains(err.Error(), log) || strings.Contains(err.Error(), "\n  5\n") {
		t.Errorf("error = %v; want the exit code, the last lines only, and the log", err)
	}
	if out != "result\n" {
		t.Errorf("output = %q; want what went to stdout before", out)
	}
	kept, err := os.ReadFile(log)
	if err != nil || len(lines) != 31 || strings.Count(string(kept), "\n") != 31 {
		t.Errorf("%d lines were followed and the log is %q, %v; want all 31", len(lines), kept, err)
	}
}

func TestAProgramIsAskedToEndWhenTheWorkIsBrokenOff(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	_, err := Command{
		Args: []string{"sh", "-c", "trap 'echo cleaned >&2; exit 1' INT; echo up >&2; while :; do sleep 0.05; done"},
		Line: func(line string) {
			if line == "up" {
				stop()
			}
		},
	}.Output(ctx)
	if err == nil || !strings.Contains(err.Error(), "cleaned") {
		t.Errorf("error = %v; want the program to have cleaned up", err)
	}
}

func TestAProgramThatIsNotThereIsNamed(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if _, err := (Command{Args: []string{"no-such-program"}}).Output(ctx); err == nil ||
		!strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("error = %v; want its name", err)
	}
}
