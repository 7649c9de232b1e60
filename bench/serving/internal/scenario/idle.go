package scenario

import (
	"context"
	"time"

	"example.com/mlops-platform/bench/serving/internal/process"
	"example.com/mlops-platform/bench/serving/internal/report"
)

// spinning is the share of a core above which an idle server is measured alone, since it would take time from others.
const spinning = 0.2

// idleLook is how long each is looked at alone to see that.
const idleLook = 3 * time.Second

// idle measures what servers cost when nobody asks. Each has one request first, because that starts some threads.
func idle(ctx context.Context, b *Bench, fleet []*Server) error {
	var quiet []*Server
	look := min(b.Pace.Idle, idleLook)
	for _, server := range fleet {
		if err := server.process.Thaw(); err != nil {
			return err
		}
		if err := server.awaitAnswer(ctx, 1); err != nil {
			return err
		}
		used, err := idleFor(ctx, []*Server{server}, look)
		if err != nil {
			return err
		}
		if used[0].CPU.Seconds() > spinning*look.Seconds() {
			if err := b.recordIdle(server, used[0], look); err != nil {
				return err
			}
		} else {
			quiet = append(quiet, server)
		}
		if err := server.process.Freeze(); err != nil {
			return err
		}
	}
	return b.idleTogether(ctx, quiet)
}

func (b *Bench) idleTogether(ctx context.Context, quiet []*Server) error {
	for _, server := range quiet {
		if err := server.process.Thaw(); err != nil {
			return err
		}
		if err := server.awaitAnswer(ctx, 1); err != nil {
			return err
		}
	}
	used, err := idleFor(ctx, quiet, b.Pace.Idle)
	if err != nil {
		return err
	}
	for i, server := range quiet {
		if err := b.recordIdle(server, used[i], b.Pace.Idle); err != nil {
			return err
		}
		if err := server.process.Freeze(); err != nil {
			return err
		}
	}
	return nil
}

// idleFor gives the CPU time that each server uses in that time, and its memory at the end.
func idleFor(ctx context.Context, servers []*Server, duration time.Duration) ([]process.Usage, error) {
	used := make([]process.Usage, len(servers))
	for i, server := range servers {
		before, err := server.process.Usage()
		if err != nil {
			return nil, err
		}
		used[i].CPU = -before.CPU
	}
	if err := pause(ctx, duration); err != nil {
		return nil, err
	}
	for i, server := range servers {
		after, err := server.process.Usage()
		if err != nil {
			return nil, err
		}
		used[i].CPU += after.CPU
		used[i].Memory = after.Memory
	}
	return used, nil
}

func (b *Bench) recordIdle(server *Server, used process.Usage, duration time.Duration) error {
	values := map[string]float64{
		"cpu_percent": used.CPU.Seconds() / duration.Seconds() * 100,
		"memory_mib":  float64(used.Memory) / (1 << 20),
		"seconds":     duration.Seconds(),
	}
	b.say("S8 %-16s %6.2f %% of a core, %.0f MiB", server.contender.Name, values["cpu_percent"], values["memory_mib"])
	return b.Record(report.Sample{Scenario: "S8", Case: "idle", Contender: server.contender.Name, Values: values})
}
