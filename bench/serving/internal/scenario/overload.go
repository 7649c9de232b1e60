package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/mlops-platform/bench/serving/internal/load"
	"example.com/mlops-platform/bench/serving/internal/report"
)

const (
	overloadRows = 32
	// normalShare and overloadFactor are of the capacity that a closed loop has found.
	normalShare    = 0.6
	overloadFactor = 2.0
)

// overload sends each server twice what it can answer, after and before a load that it can bear.
func overload(ctx context.Context, b *Bench, fleet []*Server) error {
	for _, server := range mains(fleet) {
		if err := server.process.Thaw(); err != nil {
			return err
		}
		values, err := server.overload(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", server.contender.Name, err)
		}
		b.say("S5 %-16s capacity %.0f/s: answered %.0f/s, p99 %.0f ms (normal %.0f), shed %.0f, lost %.0f, recovered %.1f s",
			server.contender.Name, values["capacity"], values["goodput"], values["p99_ms"], values["normal_p99_ms"],
			values["shed"], values["lost"]+values["refused"], values["recovery_s"])
		err = b.Record(report.Sample{Scenario: "S5", Case: "2x", Contender: server.contender.Name, Values: values})
		if err != nil {
			return err
		}
		// Not frozen again: what it still has in its queues would be served in the next measurement.
		if err := server.restart(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) overload(ctx context.Context) (map[string]float64, error) {
	capacity, err := s.loop(ctx, Case{Rows: overloadRows, Connections: 8})
	if err != nil {
		return nil, err
	}
	if capacity["rate"] < 1 {
		return nil, errors.New("it answers less than once per second; there is nothing to overload")
	}
	normalRate, overRate := capacity["rate"]*normalShare, capacity["rate"]*overloadFactor
	normal, err := s.constant(ctx, overloadRows, normalRate)
	if err != nil {
		return nil, err
	}
	normalHits, err := normal.Hits(ctx)
	if err != nil {
		return nil, err
	}
	over, after, err := s.overThenNormal(ctx, overRate, normalRate)
	if err != nil {
		return nil, err
	}
	overHits, err := over.Hits(ctx)
	if err != nil {
		return nil, err
	}
	afterHits, err := after.Hits(ctx)
	if err != nil {
		return nil, err
	}
	outcome := load.Sum(overHits)
	normalP99 := load.Percentile(load.Sum(normalHits).Accepted, 99)
	values := map[string]float64{
		"capacity":      capacity["rate"],
		"offered":       overRate,
		"goodput":       float64(load.Within(overHits, s.bench.Pace.Phase)) / s.bench.Pace.Phase.Seconds(),
		"normal_p99_ms": milliseconds(normalP99),
		"p50_ms":        milliseconds(load.Percentile(outcome.Accepted, 50)),
		"p99_ms":        milliseconds(load.Percentile(outcome.Accepted, 99)),
		"shed":          float64(outcome.Fates[load.Shed]),
		"refused":       float64(outcome.Fates[load.Refused]),
		"lost":          float64(outcome.Fates[load.Lost]),
		"recovery_s":    load.LastTrouble(afterHits, 2*normalP99).Seconds(),
	}
	for code, count := range outcome.Codes {
		values[fmt.Sprintf("code_%d", code)] = float64(count)
	}
	return values, nil
}

// overThenNormal begins the normal load at the moment when the overload is to end, whatever is left of it.
func (s *Server) overThenNormal(
	ctx context.Context, overRate, normalRate float64,
) (over, after *load.Attack, err error) {
	done := make(chan error, 1)
	go func() {
		var failed error
		over, failed = s.constant(ctx, overloadRows, overRate)
		done <- failed
	}()
	if err := pause(ctx, s.bench.Pace.Phase); err != nil {
		<-done
		return nil, nil, err
	}
	after, err = s.constant(ctx, overloadRows, normalRate)
	if failed := <-done; failed != nil {
		return nil, nil, failed
	}
	return over, after, err
}

func (s *Server) constant(ctx context.Context, rows int, rate float64) (*load.Attack, error) {
	return s.constantFor(ctx, rows, rate, s.bench.Pace.Phase)
}

func (s *Server) constantFor(ctx context.Context, rows int, rate float64, d time.Duration) (*load.Attack, error) {
	target, err := s.target(rows)
	if err != nil {
		return nil, err
	}
	return load.Constant(ctx, s.bench.Vegeta, target, rate, d)
}

// restart puts a fresh process in the place of the server's, frozen.
func (s *Server) restart(ctx context.Context) error {
	if err := s.stop(ctx); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		return err
	}
	return s.process.Freeze()
}
