package load

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheSummaryOfWrkIsItsLastLine(t *testing.T) {
	output := `Running 2s test @ http://127.0.0.1:18100/invocations
  1 threads and 8 connections
Requests/sec:   1000.00
{"requests":2000,"microseconds":2000000,"p50":900,"p95":1500,"p99":3000,"refused":1,"broken":2,"status":3,"timeouts":4}
`
	got, err := parseClosed([]byte(output))
	if err != nil {
		t.Fatal(err)
	}
	want := Closed{
		Requests: 2000, Errors: 10, Elapsed: 2 * time.Second,
		P50: 900 * time.Microsecond, P95: 1500 * time.Microsecond, P99: 3 * time.Millisecond,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Rate() != 995 {
		t.Errorf("%g answers per second; what failed is no answer", got.Rate())
	}
}

func TestAServerTooSlowToAnswerInTimeHasARateOfNone(t *testing.T) {
	got, err := parseClosed([]byte(
		`{"requests":0,"microseconds":1000000,"p50":0,"p95":0,"p99":0,"refused":0,"broken":0,"status":0,"timeouts":0}`))
	if err != nil || got.Rate() != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestALoopThatOnlyFailsIsAnError(t *testing.T) {
	for _, output := range []string{
		"", "unable to connect to 127.0.0.1:18100 Connection refused\n",
		`{"requests":0,"microseconds":2000000,"p50":0,"p95":0,"p99":0,"refused":8,"broken":0,"status":0,"timeouts":0}`,
	} {
		if got, err := parseClosed([]byte(output)); err == nil {
			t.Errorf("%q was read as %+v", output, got)
		}
	}
}

// vegetaResult is a line of `vegeta encode`, sent so many milliseconds after the start.
func vegetaResult(seq, code, sent, took int, problem string) string {
	at := time.Date(2026, 1, 2, 3, 4, 5, sent*1e6, time.UTC).Format(time.RFC3339Nano)
	return fmt.Sprintf(`{"attack":"","seq":%d,"code":%d,"timestamp":"%s","latency":%d,"bytes_out":1,"bytes_in":1,"error":"%s",`+
		`"body":null,"method":"POST","url":"http://127.0.0.1/","headers":{}}`, seq, code, at, took*1e6, problem)
}

func TestWaitingToBeSentCountsAsLatency(t *testing.T) {
	// At 10 a second the third is due after 200 ms; it was sent 300 ms late, and took 50 ms.
	results := strings.Join([]string{
		vegetaResult(2, 200, 500, 50, ""), vegetaResult(0, 200, 0, 20, ""), vegetaResult(1, 200, 100, 20, ""),
	}, "\n")
	hits, err := parseHits(strings.NewReader(results), 10)
	if err != nil {
		t.Fatal(err)
	}
	milli := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	want := []Hit{
		{At: 0, Latency: milli(20), Code: 200}, {At: milli(100), Latency: milli(20), Code: 200},
		{At: milli(200), Latency: milli(350), Code: 200},
	}
	if diff := cmp.Diff(want, hits); diff != "" {
		t.Error(diff)
	}
}

func TestAnAttackWithoutResultsIsAnError(t *testing.T) {
	for _, results := range []string{"", "not JSON\n"} {
		if hits, err := parseHits(strings.NewReader(results), 10); err == nil {
			t.Errorf("%q was read as %v", results, hits)
		}
	}
}

func TestEachRequestHasOneFate(t *testing.T) {
	for want, hits := range map[Fate][]Hit{
		Answered: {{Code: 200}},
		Shed:     {{Code: 429}, {Code: 503}},
		Refused:  {{Error: "dial tcp 127.0.0.1:18100: connect: connection refused"}},
		Lost: {
			{Code: 500}, {Code: 504}, {Code: 404}, {Error: "EOF"}, {Error: "read: connection reset by peer"},
			{Error: "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"},
		},
	} {
		for _, hit := range hits {
			if got := hit.Fate(); got != want {
				t.Errorf("%+v is %s, not %s", hit, got, want)
			}
		}
	}
}

func TestAnOpenLoopIsSummedUpByFate(t *testing.T) {
	got := Sum([]Hit{{Code: 200, Latency: 1}, {Code: 429, Latency: 2}, {Code: 200, Latency: 3}, {Code: 0, Error: "EOF"}})
	want := Outcome{
		Fates:    map[Fate]int{Answered: 2, Shed: 1, Lost: 1},
		Codes:    map[int]int{200: 2, 429: 1, 0: 1},
		Accepted: []time.Duration{1, 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRecoveryEndsWithTheLastBadRequest(t *testing.T) {
	hits := []Hit{
		{At: 1, Code: 429}, {At: 2, Code: 200, Latency: 90}, {At: 3, Code: 200, Latency: 10}, {At: 4, Code: 200, Latency: 20},
	}
	for bound, want := range map[time.Duration]time.Duration{20: 2, 15: 4, 100: 1} {
		if got := LastTrouble(hits, bound); got != want {
			t.Errorf("bound %d: trouble until %d, not %d", bound, got, want)
		}
	}
	if got := LastTrouble(hits[2:], 20); got != 0 {
		t.Errorf("no trouble, and yet until %d", got)
	}
}

func TestAnAnswerAfterTheEndOfTheLoadIsNotCounted(t *testing.T) {
	hits := []Hit{{At: 1, Code: 200, Latency: 1}, {At: 8, Code: 200, Latency: 2}, {At: 9, Code: 200, Latency: 2}, {At: 2, Code: 429}}
	if got := Within(hits, 10); got != 2 {
		t.Errorf("%d answers before the end", got)
	}
}

func TestPercentilesAreOfTheNearestRank(t *testing.T) {
	var latencies []time.Duration
	for i := 100; i > 0; i-- {
		latencies = append(latencies, time.Duration(i))
	}
	for percent, want := range map[float64]time.Duration{0: 1, 1: 1, 50: 50, 95: 95, 99: 99, 99.5: 100, 100: 100} {
		if got := Percentile(latencies, percent); got != want {
			t.Errorf("p%g is %d, not %d", percent, got, want)
		}
	}
	if got := Percentile(nil, 99); got != 0 {
		t.Errorf("p99 of nothing is %d", got)
	}
}
