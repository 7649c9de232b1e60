package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hit is one request of an open loop and what came of it.
type Hit struct {
	At      time.Duration // when it was due, from the start
	Latency time.Duration // from when it was due to the end of the answer: waiting to be sent counts
	Code    int           // 0 without an answer
	Error   string
}

// Fate is what became of a request.
type Fate string

const (
	// Answered is 200.
	Answered Fate = "answered"
	// Shed is 429 or 503: told to come again.
	Shed Fate = "shed"
	// Refused never reached the server: nobody listened.
	Refused Fate = "refused"
	// Lost is everything else: another status, an answer that broke off, a timeout.
	Lost Fate = "lost"
)

// Fate of the request.
func (h Hit) Fate() Fate {
	switch {
	case h.Code == 200:
		return Answered
	case h.Code == 429 || h.Code == 503:
		return Shed
	case h.Code == 0 && strings.Contains(h.Error, "connection refused"):
		return Refused
	}
	return Lost
}

// Timeout is how long a request of an open loop waits for its answer.
const Timeout = 5 * time.Second

// Attack is an open loop whose results lie in a file.
type Attack struct {
	vegeta, folder string
	perMinute      int
}

// Constant sends so many requests per second for that long, and returns when the last has its outcome. Its results are
// read later: to decode them takes time that the next load may not wait for.
func Constant(
	ctx context.Context, vegeta string, target Target, rate float64, duration time.Duration,
) (*Attack, error) {
	folder, err := os.MkdirTemp("", "vegeta")
	if err != nil {
		return nil, err
	}
	attack := &Attack{vegeta: vegeta, folder: folder, perMinute: int(rate * 60)} // a rate need not be a whole number
	targets := filepath.Join(folder, "targets")
	text := fmt.Sprintf("POST %s\nContent-Type: application/json\n@%s\n", target.URL, target.Body)
	if err := os.WriteFile(targets, []byte(text), 0o600); err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, vegeta, "attack", "-targets", targets, "-output", attack.results(),
		"-rate", strconv.Itoa(attack.perMinute)+"/1m", "-duration", duration.String(), "-timeout", Timeout.String(),
		"-max-workers", "4096", "-max-body", "0")
	if output, err := command.CombinedOutput(); err != nil {
		_ = os.RemoveAll(folder) // the attack's own failure is the one to tell
		return nil, fmt.Errorf("vegeta attack: %w: %s", err, output)
	}
	return attack, nil
}

func (a *Attack) results() string { return filepath.Join(a.folder, "results") }

// Hits gives the requests in the order they were due, and removes the file.
func (a *Attack) Hits(ctx context.Context) ([]Hit, error) {
	defer os.RemoveAll(a.folder)
	encoded, err := exec.CommandContext(ctx, a.vegeta, "encode", "-to", "json", a.results()).Output()
	if err != nil {
		return nil, fmt.Errorf("vegeta encode: %w", err)
	}
	return parseHits(bytes.NewReader(encoded), float64(a.perMinute)/60)
}

// parseHits reads vegeta's results, a JSON document per line. Vegeta times a request from when it was sent; a request
// that was sent late because the server kept every connection busy is charged with that wait here.
func parseHits(results io.Reader, rate float64) ([]Hit, error) {
	type result struct {
		Seq       int64     `json:"seq"`
		Code      int       `json:"code"`
		Timestamp time.Time `json:"timestamp"`
		Latency   int64     `json:"latency"`
		Error     string    `json:"error"`
	}
	var list []result
	lines := bufio.NewScanner(results)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one result
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, fmt.Errorf("a result of vegeta: %w: %.120s", err, lines.Bytes())
		}
		list = append(list, one)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("vegeta sent nothing")
	}
	slices.SortFunc(list, func(a, b result) int { return int(a.Seq - b.Seq) })
	due := func(r result) time.Duration { return time.Duration(float64(r.Seq) / rate * float64(time.Second)) }
	// Nothing is sent before it is due, so the start is no later than any request's time less its turn.
	start := list[0].Timestamp.Add(-due(list[0]))
	for _, r := range list {
		if earlier := r.Timestamp.Add(-due(r)); earlier.Before(start) {
			start = earlier
		}
	}
	hits := make([]Hit, len(list))
	for i, r := range list {
		hits[i] = Hit{
			At:      due(r),
			Latency: r.Timestamp.Sub(start) - due(r) + time.Duration(r.Latency),
			Code:    r.Code,
			Error:   r.Error,
		}
	}
	return hits, nil
}

// Percentile of the latencies, by nearest rank; 0 of none.
func Percentile(latencies []time.Duration, percent float64) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(latencies))
	rank := int(math.Ceil(float64(len(sorted)) * percent / 100))
	return sorted[max(rank, 1)-1]
}
