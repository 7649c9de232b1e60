package scenario

import (
	"context"
	"time"

	"example.com/mlops-platform/bench/serving/internal/load"
	"example.com/mlops-platform/bench/serving/internal/report"
)

const (
	// A load balancer goes on sending for about a second after a pod was told to end.
	balancerDelay   = time.Second
	beforeTerminate = 2 * time.Second
	// terminateRate is requests per second; every contender can answer this many of 32 rows.
	terminateRate = 100
)

// terminate sends SIGTERM to a server under load that it can bear, and counts what that costs.
func terminate(ctx context.Context, b *Bench, fleet []*Server) error {
	for round := range b.Pace.Restart {
		for _, server := range mains(fleet) {
			fresh, err := b.up(ctx, server.contender, server.site.Model)
			if err != nil {
				return err
			}
			values, err := fresh.terminate(ctx)
			if stopped := fresh.stop(context.WithoutCancel(ctx)); err == nil {
				err = stopped
			}
			if err != nil {
				return err
			}
			b.say("S7 round %d: %-16s lost %.0f, refused %.0f of %.0f, ended after %.1f s",
				round+1, server.contender.Name, values["lost"], values["refused"], values["requests"], values["exit_s"])
			err = b.Record(report.Sample{
				Scenario: "S7", Case: "SIGTERM", Contender: server.contender.Name, Round: round, Values: values,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) terminate(ctx context.Context) (map[string]float64, error) {
	if err := s.awaitAnswer(ctx, overloadRows); err != nil {
		return nil, err
	}
	type result struct {
		attack *load.Attack
		err    error
	}
	done := make(chan result, 1)
	go func() {
		attack, err := s.constantFor(ctx, overloadRows, terminateRate, beforeTerminate+balancerDelay)
		done <- result{attack, err}
	}()
	if err := pause(ctx, beforeTerminate); err != nil {
		<-done
		return nil, err
	}
	began := time.Now()
	if err := s.process.Terminate(); err != nil {
		<-done
		return nil, err
	}
	ended := make(chan time.Duration, 1)
	go func() {
		timer := time.NewTimer(stopGrace)
		defer timer.Stop()
		select {
		case <-s.process.Exited():
		case <-timer.C:
		}
		ended <- time.Since(began)
	}()
	sent := <-done
	exit := <-ended
	if sent.err != nil {
		return nil, sent.err
	}
	hits, err := sent.attack.Hits(ctx)
	if err != nil {
		return nil, err
	}
	outcome := load.Sum(hits)
	return map[string]float64{
		"requests": float64(len(hits)),
		"lost":     float64(outcome.Fates[load.Lost] + outcome.Fates[load.Shed]),
		"refused":  float64(outcome.Fates[load.Refused]),
		"p99_ms":   milliseconds(load.Percentile(outcome.Accepted, 99)),
		"exit_s":   exit.Seconds(),
	}, nil
}
