package show

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestOffATerminalEachThingDoneIsOneLine(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, false)
	now := time.Unix(0, 0)
	p.now = func() time.Time { return now }
	first := p.Begin("train gbm")
	second := p.Begin("train mlp")
	now = now.Add(1500 * time.Millisecond)
	p.Tick()
	second("", errors.New("no memory"))
	first("tracked", nil)
	want := "  ✗ train mlp          1.5 s  failed\n  ✓ train gbm          1.5 s  tracked\n"
	if out.String() != want {
		t.Errorf("wrote\n%q\nwant\n%q", out.String(), want)
	}
}

func TestOnATerminalWhatRunsIsShownAndCleared(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, true)
	done := p.Begin("features")
	if !strings.Contains(out.String(), "… features 0.0 s") {
		t.Errorf("wrote %q; want what runs", out.String())
	}
	done("2 computed", nil)
	if last := out.String()[strings.LastIndexByte(out.String(), '\r'):]; strings.Contains(last, "…") ||
		!strings.HasPrefix(last, "\r\x1b[K") {
		t.Errorf("ends with %q; want the line cleared and only the result", last)
	}
}
