package scenario

import (
	"context"
	"os"
	"slices"
	"time"

	"example.com/mlops-platform/bench/serving/internal/load"
	"example.com/mlops-platform/bench/serving/internal/report"
)

// Case of a closed loop.
type Case struct {
	Rows        int
	Connections int
}

// closedLoop measures every server in rounds, forwards and backwards in turn, so that what slows the machine for a
// while slows all of them.
func (b *Bench) closedLoop(ctx context.Context, scenario Scenario, fleet []*Server) error {
	for round := range b.Pace.Rounds {
		order := slices.Clone(fleet)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, server := range order {
			if err := server.process.Thaw(); err != nil {
				return err
			}
			for _, one := range scenario.Cases {
				values, err := server.loop(ctx, one)
				if err != nil {
					return err
				}
				b.say("%s %s round %d: %-16s %7.0f /s  p99 %6.2f ms  %.3f CPU s/1000",
					scenario.Name, connections(one.Connections), round+1, server.contender.Name,
					values["rate"], values["p99_ms"], values["cpu_s_per_1000"])
				err = b.Record(report.Sample{
					Scenario: scenario.Name, Case: connections(one.Connections),
					Contender: server.contender.Name, Round: round, Values: values,
				})
				if err != nil {
					return err
				}
			}
			if err := server.process.Freeze(); err != nil {
				return err
			}
		}
	}
	return nil
}

// warmUp is how many requests a server answers, one after the other, before each time it is measured.
const warmUp = 20

// loop measures one case once.
func (s *Server) loop(ctx context.Context, one Case) (map[string]float64, error) {
	target, err := s.target(one.Rows)
	if err != nil {
		return nil, err
	}
	for range warmUp {
		if err := s.awaitAnswer(ctx, one.Rows); err != nil {
			return nil, err
		}
	}
	before, err := s.process.Usage()
	if err != nil {
		return nil, err
	}
	outcome, err := load.Loop(ctx, target, one.Connections, s.bench.Pace.Slice)
	if err != nil {
		return nil, err
	}
	after, err := s.process.Usage()
	if err != nil {
		return nil, err
	}
	body, err := os.Stat(target.Body)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{
		"rate":          outcome.Rate(),
		"p50_ms":        milliseconds(outcome.P50),
		"p95_ms":        milliseconds(outcome.P95),
		"p99_ms":        milliseconds(outcome.P99),
		"errors":        float64(outcome.Errors),
		"memory_mib":    float64(after.Memory) / (1 << 20),
		"request_bytes": float64(body.Size()),
	}
	if outcome.Requests > 0 {
		values["cpu_s_per_1000"] = (after.CPU - before.CPU).Seconds() / float64(outcome.Requests) * 1000
	}
	return values, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
