package stage

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestWhereNobodyLooksEachNewLineIsWrittenOnce(t *testing.T) {
	var out bytes.Buffer
	err := To(&out).Run("sync", func(v *View) (string, error) {
		v.Show("mlflow  OutOfSync")
		v.Show("mlflow  OutOfSync")
		v.Show("mlflow  Synced", "training  Synced")
		return "2 applications", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || strings.Contains(out.String(), "\x1b") {
		t.Errorf("output = %q; want three lines and the result, without control sequences", lines)
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "✓ sync") || !strings.HasSuffix(last, "2 applications") {
		t.Errorf("last line = %q; want the title and the result", last)
	}
}

func TestAFailedPartIsMarkedAndItsErrorReturned(t *testing.T) {
	var out bytes.Buffer
	wrong := errors.New("wrong")
	stages := To(&out)
	if err := stages.Run("sync", func(*View) (string, error) { return "half", wrong }); !errors.Is(err, wrong) {
		t.Errorf("Run = %v; want the error of the work", err)
	}
	if !strings.HasPrefix(out.String(), "✗ sync") || strings.Contains(out.String(), "half") {
		t.Errorf("output = %q; want it marked as failed", out.String())
	}
	if took := stages.Took(); len(took) != 1 || took[0].Title != "sync" {
		t.Errorf("Took = %v; want the failed part as well", took)
	}
}

func TestOnATerminalWhatWasShownIsGoneAtTheEnd(t *testing.T) {
	var out bytes.Buffer
	err := (&Stages{out: &out, width: func() int { return 20 }}).Run("sync", func(v *View) (string, error) {
		v.Show("a line that is longer than the terminal is wide")
		v.redraw(true)
		return "done", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "terminal is wide") {
		t.Errorf("output = %q; want long lines cut", out.String())
	}
	drawnAway := strings.LastIndex(out.String(), "\x1b[J")
	if drawnAway < 0 || strings.TrimSpace(out.String()[drawnAway+3:]) == "" ||
		!strings.HasPrefix(out.String()[drawnAway+3:], "✓ sync") {
		t.Errorf("output = %q; want only the result to stay", out.String())
	}
}
