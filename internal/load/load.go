// Package load sends one request over and over at a constant rate, and counts
// what comes back: how many answers each model version gave, and how many
// requests were lost.
package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// VersionHeader names the model version that answered.
const VersionHeader = "X-Model-Version"

// Counts is what came back so far.
type Counts struct {
	Sent      int
	Lost      int            // no answer, or one that is not 200
	ByVersion map[string]int // answers per model version
	Faults    map[string]int // why requests were lost
	P50, P99  time.Duration  // of the answers, from the moment each request was due
}

// Generator sends requests until it is stopped. Its rate does not depend on the
// answers, so a server that stalls is charged with every request it delays.
type Generator struct {
	url, contentType string
	body             []byte
	client           *http.Client
	stop             context.CancelFunc
	done             chan struct{}

	mu        sync.Mutex
	counts    Counts
	latencies []time.Duration
}

// Start begins to send body to url, rate times a second, with at most inFlight
// requests unanswered; a request that finds no free place is lost.
func Start(ctx context.Context, url string, body []byte, rate, inFlight int) *Generator {
	ctx, stop := context.WithCancel(ctx)
	g := &Generator{
		url: url, contentType: "application/json", body: body,
		client: &http.Client{
			Timeout:   10 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: inFlight, MaxConnsPerHost: inFlight},
		},
		stop: stop, done: make(chan struct{}),
		counts: Counts{ByVersion: map[string]int{}, Faults: map[string]int{}},
	}
	go g.run(ctx, time.Second/time.Duration(rate), inFlight)
	return g
}

func (g *Generator) run(ctx context.Context, interval time.Duration, inFlight int) {
	defer close(g.done)
	var requests sync.WaitGroup
	defer requests.Wait()
	places := make(chan struct{}, inFlight)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case due := <-tick.C:
			g.count(func(c *Counts) { c.Sent++ })
			select {
			case places <- struct{}{}:
				requests.Go(func() {
					defer func() { <-places }()
					g.send(context.WithoutCancel(ctx), due)
				})
			default:
				g.lose("too many unanswered")
			}
		}
	}
}

func (g *Generator) send(ctx context.Context, due time.Time) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(g.body))
	if err != nil {
		g.lose(err.Error())
		return
	}
	request.Header.Set("Content-Type", g.contentType)
	response, err := g.client.Do(request)
	if err != nil {
		g.lose(err.Error())
		return
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		g.lose(err.Error())
		return
	}
	if response.StatusCode != http.StatusOK {
		g.lose(fmt.Sprintf("status %d", response.StatusCode))
		return
	}
	took := time.Since(due)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts.ByVersion[response.Header.Get(VersionHeader)]++
	g.latencies = append(g.latencies, took)
}

func (g *Generator) lose(why string) {
	g.count(func(c *Counts) {
		c.Lost++
		c.Faults[why]++
	})
}

func (g *Generator) count(change func(*Counts)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.counts)
}

// Counts returns a copy of what was counted so far.
func (g *Generator) Counts() Counts {
	g.mu.Lock()
	defer g.mu.Unlock()
	counts := g.counts
	counts.ByVersion = maps.Clone(g.counts.ByVersion)
	counts.Faults = maps.Clone(g.counts.Faults)
	sorted := slices.Sorted(slices.Values(g.latencies))
	counts.P50, counts.P99 = quantile(sorted, 0.50), quantile(sorted, 0.99)
	return counts
}

// Stop ends the sending, waits for the answers still to come, and counts.
func (g *Generator) Stop() Counts {
	g.stop()
	<-g.done
	g.client.CloseIdleConnections()
	return g.Counts()
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}
