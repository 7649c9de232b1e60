package load

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryRequestIsCountedByTheVersionThatAnswered(t *testing.T) {
	var seen atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) != "{}" || r.Method != http.MethodPost {
			t.Errorf("%s with body %q; want POST with {}", r.Method, body)
		}
		version := "1"
		if seen.Add(1) > 20 {
			version = "2"
		}
		w.Header().Set(VersionHeader, version)
	}))
	defer server.Close()

	g := Start(t.Context(), server.URL, []byte("{}"), 200, 16)
	eventually(t, func() bool { return g.Counts().ByVersion["2"] >= 10 })
	c := g.Stop()
	if c.ByVersion["1"] != 20 {
		t.Errorf("version 1 answered %d times; want 20", c.ByVersion["1"])
	}
	if answered := c.ByVersion["1"] + c.ByVersion["2"]; c.Lost != 0 || answered != c.Sent {
		t.Errorf("%d sent, %d answered, %d lost; want all answered", c.Sent, answered, c.Lost)
	}
	if c.P50 <= 0 || c.P99 < c.P50 {
		t.Errorf("p50 %s, p99 %s; want 0 < p50 <= p99", c.P50, c.P99)
	}
}

func TestAnAnswerThatIsNot200IsLostWithItsReason(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	g := Start(t.Context(), server.URL, nil, 200, 16)
	eventually(t, func() bool { return g.Counts().Lost >= 5 })
	if c := g.Stop(); c.Faults["status 503"] != c.Sent || c.Lost != c.Sent {
		t.Errorf("counts = %+v; want every request lost with status 503", c)
	}
}

func TestAServerThatStallsIsChargedForWhatItHoldsUp(t *testing.T) {
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	defer server.Close()
	g := Start(t.Context(), server.URL, nil, 500, 2)
	eventually(t, func() bool { return g.Counts().Faults["too many unanswered"] >= 5 })
	close(hold)
	if c := g.Stop(); c.ByVersion[""] != c.Sent-c.Lost || c.ByVersion[""] < 2 {
		t.Errorf("counts = %+v; want those in flight answered and the others lost", c)
	}
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not within 10 s")
		}
	}
}
