// Package load sends requests: as fast as answers come (wrk), or at a given rate whatever the answers (vegeta).
package load

import (
	"bytes"
	"context"
	_ "embed" // the script of wrk
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Target is where the requests go. All are the same.
type Target struct {
	URL  string
	Body string // a file
}

// Closed is the outcome of a closed loop: each connection sends its next request when it has its answer.
type Closed struct {
	Requests      int
	Errors        int // answers over 399, connections refused or broken, timeouts
	Elapsed       time.Duration
	P50, P95, P99 time.Duration
}

// Rate is answers per second.
func (c Closed) Rate() float64 { return float64(c.Requests-c.Errors) / c.Elapsed.Seconds() }

//go:embed closed.lua
var closedScript []byte

// Loop drives the target over so many connections for so many whole seconds.
func Loop(ctx context.Context, target Target, connections, seconds int) (Closed, error) {
	folder, err := os.MkdirTemp("", "wrk")
	if err != nil {
		return Closed{}, err
	}
	defer os.RemoveAll(folder)
	script := filepath.Join(folder, "closed.lua")
	if err := os.WriteFile(script, closedScript, 0o600); err != nil {
		return Closed{}, err
	}
	command := exec.CommandContext(ctx, "wrk", "--threads", "1", "--connections", strconv.Itoa(connections),
		"--duration", strconv.Itoa(seconds)+"s", "--timeout", "10s", "--script", script, target.URL)
	command.Env = append(os.Environ(), "BODY="+target.Body)
	output, err := command.CombinedOutput()
	if err != nil {
		return Closed{}, fmt.Errorf("wrk: %w: %s", err, output)
	}
	return parseClosed(output)
}

// parseClosed reads the last line of what wrk printed. A server so slow that no answer came in time has a rate of 0.
func parseClosed(output []byte) (Closed, error) {
	output = bytes.TrimSpace(output)
	line := output[bytes.LastIndexByte(output, '\n')+1:]
	var printed struct {
		Requests, Microseconds            int64
		P50, P95, P99                     int64
		Refused, Broken, Status, Timeouts int
	}
	if err := json.Unmarshal(line, &printed); err != nil {
		return Closed{}, fmt.Errorf("wrk printed no summary: %w: %.200s", err, output)
	}
	failures := printed.Refused + printed.Broken + printed.Status + printed.Timeouts
	if printed.Microseconds == 0 || (printed.Requests == 0 && failures > 0) {
		return Closed{}, fmt.Errorf("wrk had no answer, %d requests failed", failures)
	}
	micro := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	return Closed{
		Requests: int(printed.Requests),
		Errors:   failures,
		Elapsed:  micro(printed.Microseconds),
		P50:      micro(printed.P50),
		P95:      micro(printed.P95),
		P99:      micro(printed.P99),
	}, nil
}
