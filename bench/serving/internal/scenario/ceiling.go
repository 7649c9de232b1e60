package scenario

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"example.com/mlops-platform/bench/serving/internal/load"
	"example.com/mlops-platform/bench/serving/internal/process"
	"example.com/mlops-platform/bench/serving/internal/report"
)

// nullPort is below those of the contenders.
const nullPort = firstPort - 1

// Ceiling measures how fast the load generators are against a server that does nothing. What a contender reaches must
// be well below, or it is the generator that is measured.
func (b *Bench) Ceiling(ctx context.Context, program string) (err error) {
	address := fmt.Sprintf("127.0.0.1:%d", nullPort)
	server, err := process.Start(process.Spec{
		Command: []string{program, "-null", address}, Core: ServerCore, Dir: b.Site.Work,
		Log: filepath.Join(b.Site.Work, "null.log"),
	})
	if err != nil {
		return err
	}
	defer func() {
		if stopped := server.Stop(context.WithoutCancel(ctx), killGrace); err == nil {
			err = stopped
		}
	}()
	url := "http://" + address + "/"
	waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := process.Await(waiting, server, http.MethodGet, url, nil); err != nil {
		return err
	}
	body := filepath.Join(b.Site.Work, "null.json")
	if err := os.WriteFile(body, make([]byte, 1024), 0o644); err != nil {
		return err
	}
	target := load.Target{URL: url, Body: body}
	closed, err := load.Loop(ctx, target, 32, b.Pace.Slice)
	if err != nil {
		return err
	}
	// More than it can send, so that what it sends is its most.
	attack, err := load.Constant(ctx, b.Vegeta, target, 100_000, 2*time.Second)
	if err != nil {
		return err
	}
	hits, err := attack.Hits(ctx)
	if err != nil {
		return err
	}
	last := hits[len(hits)-1]
	open := float64(len(hits)) / (last.At + last.Latency).Seconds()
	b.say("ceiling: wrk %.0f /s, vegeta %.0f /s", closed.Rate(), open)
	return b.Record(report.Sample{
		Scenario: "ceiling", Case: "null", Contender: "null",
		Values: map[string]float64{"wrk_rate": closed.Rate(), "vegeta_rate": open},
	})
}
