package scenario

import (
	"context"
	"time"

	"example.com/mlops-platform/bench/serving/internal/contender"
	"example.com/mlops-platform/bench/serving/internal/report"
)

// coldStart measures the time from the start of the process to the first prediction. Files are in the page cache.
func coldStart(ctx context.Context, b *Bench, fleet []*Server) error {
	for round := range b.Pace.Restart {
		for _, server := range mains(fleet) {
			began := time.Now()
			fresh, err := b.launch(server.contender, server.site.Model)
			if err != nil {
				return err
			}
			err = fresh.awaitAnswer(ctx, 1)
			took := time.Since(began)
			if stopped := fresh.stop(context.WithoutCancel(ctx)); err == nil {
				err = stopped
			}
			if err != nil {
				return err
			}
			b.say("S9 round %d: %-16s %5.2f s", round+1, server.contender.Name, took.Seconds())
			err = b.Record(report.Sample{
				Scenario: "S9", Case: "cold", Contender: server.contender.Name, Round: round,
				Values: map[string]float64{"first_answer_s": took.Seconds()},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// find gives the one server of a contender, or nil.
func find(fleet []*Server, name string) *Server {
	for _, server := range fleet {
		if server.contender.Name == name {
			return server
		}
	}
	return nil
}

// ours gives the contender that follows a registry, if it takes part.
func ours(fleet []*Server) (contender.Contender, bool) {
	server := find(fleet, contender.Ours)
	if server == nil {
		return contender.Contender{}, false
	}
	return server.contender, true
}
