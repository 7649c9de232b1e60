package scenario

import (
	"context"
	"fmt"
	"math"
	"time"

	"example.com/mlops-platform/bench/serving/internal/contender"
	"example.com/mlops-platform/bench/serving/internal/load"
	"example.com/mlops-platform/bench/serving/internal/report"
)

const (
	// pollSetting makes the service look at the alias every second, in the place of every ten.
	pollSetting = "POLL_SECONDS=1"
	alias       = "champion"
	// share of the closed loop's rate that is sent while something happens
	steadyShare = 0.5
)

// flip moves the alias between two versions while requests come. Of the contenders only ours follows an alias.
func flip(ctx context.Context, b *Bench, fleet []*Server) (err error) {
	c, there := ours(fleet)
	if !there {
		return nil
	}
	server, err := b.up(ctx, c, "mlp", pollSetting)
	if err != nil {
		return err
	}
	defer func() {
		if stopped := server.stop(context.WithoutCancel(ctx)); err == nil {
			err = stopped
		}
	}()
	capacity, err := server.loop(ctx, Case{Rows: 1, Connections: 8})
	if err != nil {
		return err
	}
	for round := range b.Pace.Restart {
		// To the second version and back, so that every round begins with the first.
		for _, version := range []int{2, 1} {
			values, err := server.flipTo(ctx, version, capacity["rate"]*steadyShare)
			if err != nil {
				return err
			}
			b.say("S6 round %d: to version %d after %.2f s, %.0f of %.0f failed, p99 %.2f ms",
				round+1, version, values["new_version_s"], values["failed"], values["requests"], values["p99_ms"])
			err = b.Record(report.Sample{
				Scenario: "S6", Case: "flip", Contender: c.Name, Round: 2*round + version%2, Values: values,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) flipTo(ctx context.Context, version int, rate float64) (map[string]float64, error) {
	var took time.Duration
	hits, err := s.during(ctx, rate, func() error {
		began := time.Now()
		if err := s.bench.Registry.Point(ctx, s.site.Model, alias, version); err != nil {
			return err
		}
		err := s.awaitVersion(ctx, version)
		took = time.Since(began)
		return err
	})
	if err != nil {
		return nil, err
	}
	outcome := load.Sum(hits)
	return map[string]float64{
		"requests":      float64(len(hits)),
		"failed":        float64(len(hits) - outcome.Fates[load.Answered]),
		"new_version_s": took.Seconds(),
		"p99_ms":        milliseconds(load.Percentile(outcome.Accepted, 99)),
	}, nil
}

// during sends a steady load, and lets something happen when a quarter of it is sent.
func (s *Server) during(ctx context.Context, rate float64, event func() error) ([]load.Hit, error) {
	type result struct {
		attack *load.Attack
		err    error
	}
	done := make(chan result, 1)
	go func() {
		attack, err := s.constant(ctx, 1, rate)
		done <- result{attack, err}
	}()
	failed := pause(ctx, s.bench.Pace.Phase/4)
	if failed == nil {
		failed = event()
	}
	sent := <-done
	if failed != nil {
		return nil, failed
	}
	if sent.err != nil {
		return nil, sent.err
	}
	return sent.attack.Hits(ctx)
}

// awaitVersion returns when the server answers as the version does. The golden rows tell the versions apart.
func (s *Server) awaitVersion(ctx context.Context, version int) error {
	folder := map[int]string{1: "mlp", 2: "mlp-next"}[version]
	wanted, err := s.bench.golden(folder)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		got, err := s.predict(ctx, wanted.Columns, wanted.Rows[:1])
		if err != nil {
			return err
		}
		if math.Abs(got[0]-wanted.Expected[0]) <= agreement {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("version %d does not serve: %w", version, err)
		}
	}
}

// registryDown takes MLflow away from a server that serves, and from one that starts with what it has downloaded.
func registryDown(ctx context.Context, b *Bench, fleet []*Server) (err error) {
	c, there := ours(fleet)
	if !there {
		return nil
	}
	server, err := b.up(ctx, c, "mlp", pollSetting)
	if err != nil {
		return err
	}
	defer func() {
		clean := context.WithoutCancel(ctx)
		if stopped := server.stop(clean); err == nil {
			err = stopped
		}
		if started := b.Registry.Start(clean); err == nil {
			err = started
		}
	}()
	capacity, err := server.loop(ctx, Case{Rows: 1, Connections: 8})
	if err != nil {
		return err
	}
	hits, err := server.during(ctx, capacity["rate"]*steadyShare, func() error { return b.Registry.Stop(ctx) })
	if err != nil {
		return err
	}
	steady := load.Sum(hits)
	if err := server.stop(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := server.start(pollSetting); err != nil {
		return err
	}
	if err := server.awaitAnswer(ctx, 1); err != nil {
		return err
	}
	values := map[string]float64{
		"requests":       float64(len(hits)),
		"failed":         float64(len(hits) - steady.Fates[load.Answered]),
		"p99_ms":         milliseconds(load.Percentile(steady.Accepted, 99)),
		"first_answer_s": time.Since(began).Seconds(),
	}
	b.say("S10 %.0f of %.0f failed without the registry; started without it in %.2f s",
		values["failed"], values["requests"], values["first_answer_s"])
	return b.Record(report.Sample{Scenario: "S10", Case: "registry down", Contender: contender.Ours, Values: values})
}
