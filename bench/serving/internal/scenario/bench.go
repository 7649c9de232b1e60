// Package scenario measures: one file per scenario, what they share in bench.go and server.go.
package scenario

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"example.com/mlops-platform/bench/serving/internal/contender"
	"example.com/mlops-platform/bench/serving/internal/registry"
	"example.com/mlops-platform/bench/serving/internal/report"
)

// ServerCore runs what is measured and nothing else, LoadCore everything else.
const (
	ServerCore = 0
	LoadCore   = 1
)

// Pace says how long things are measured.
type Pace struct {
	Rounds  int           // of each case of a closed loop
	Slice   int           // seconds of each of those
	Phase   time.Duration // of an open loop
	Idle    time.Duration
	Restart int // times that a start or a stop is repeated
}

// The paces: two to publish, and one to see that everything runs.
var (
	Full  = Pace{Rounds: 5, Slice: 2, Phase: 10 * time.Second, Idle: time.Minute, Restart: 3}
	Brief = Pace{Rounds: 3, Slice: 2, Phase: 6 * time.Second, Idle: 30 * time.Second, Restart: 2}
	Quick = Pace{Rounds: 1, Slice: 1, Phase: 2 * time.Second, Idle: 3 * time.Second, Restart: 1}
)

// Bench is one run of the harness.
type Bench struct {
	Site       contender.Site // without model and port
	Contenders []contender.Contender
	Registry   *registry.Registry
	Vegeta     string
	Pace       Pace
	Progress   io.Writer
	Record     func(report.Sample) error

	ports  int
	bodies map[string]string
}

// say writes a line of progress.
func (b *Bench) say(format string, arguments ...any) {
	fmt.Fprintf(b.Progress, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, arguments...))
}

// Scenario is a group of measurements of one model.
type Scenario struct {
	Name  string
	What  string
	Model string
	// Cases of a closed loop; the others have Run.
	Cases []Case
	// run measures with every contender of the model up and frozen.
	run func(ctx context.Context, b *Bench, fleet []*Server) error
}

// All scenarios; those of one model lie together, so that servers start once per model.
func All() []Scenario {
	return []Scenario{
		{Name: "S1", What: "one row", Model: "mlp", Cases: []Case{{1, 1}, {1, 8}, {1, 32}}},
		{Name: "S2", What: "32 rows", Model: "mlp", Cases: []Case{{32, 8}}},
		{Name: "S6", What: "the alias moves under load", Model: "mlp", run: flip},
		{Name: "S8", What: "idle after one request", Model: "mlp", run: idle},
		{Name: "S9", What: "cold start to the first answer", Model: "mlp", run: coldStart},
		{Name: "S10", What: "the registry is down", Model: "mlp", run: registryDown},
		{Name: "S3", What: "one row of 600 columns", Model: "wide", Cases: []Case{{1, 8}}},
		{Name: "S4", What: "one row of a heavy model", Model: "heavy", Cases: []Case{{1, 8}, {1, 32}}},
		{Name: "S5", What: "twice the capacity, 32 rows of a heavy model", Model: "heavy", run: overload},
		{Name: "S7", What: "SIGTERM under load, 32 rows of a heavy model", Model: "heavy", run: terminate},
	}
}

// Run measures the scenarios named, or all of them.
func (b *Bench) Run(ctx context.Context, names []string) error {
	b.bodies = map[string]string{}
	todo := slices.DeleteFunc(All(), func(s Scenario) bool { return len(names) > 0 && !slices.Contains(names, s.Name) })
	b.say("about %s to go", b.left(todo, ""))
	for len(todo) > 0 {
		model := todo[0].Model
		others := slices.IndexFunc(todo, func(s Scenario) bool { return s.Model != model })
		if others < 0 {
			others = len(todo)
		}
		if err := b.runModel(ctx, model, todo[:others], todo[others:]); err != nil {
			return err
		}
		todo = todo[others:]
	}
	return nil
}

// runModel starts every contender, has their answers compared, and measures.
func (b *Bench) runModel(ctx context.Context, model string, scenarios, later []Scenario) (err error) {
	var fleet []*Server
	defer func() {
		for _, server := range fleet {
			// Also after an interrupt nothing stays running.
			if stopped := server.stop(context.WithoutCancel(ctx)); err == nil {
				err = stopped
			}
		}
	}()
	for _, c := range b.Contenders {
		if !c.Serves(model) {
			continue
		}
		b.say("%s: start %s", model, c.Name)
		server, err := b.up(ctx, c, model)
		if err != nil {
			return err
		}
		fleet = append(fleet, server)
		if err := server.checkGolden(ctx); err != nil {
			return err
		}
		if err := server.process.Freeze(); err != nil {
			return err
		}
	}
	b.say("%s: %d servers give equal answers", model, len(fleet))
	for i, scenario := range scenarios {
		todo := b.left(slices.Concat(scenarios[i:], later), model)
		b.say("%s: %s; about %s to go", scenario.Name, scenario.What, todo)
		if scenario.run == nil {
			err = b.closedLoop(ctx, scenario, fleet)
		} else {
			err = scenario.run(ctx, b, fleet)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", scenario.Name, err)
		}
	}
	return nil
}

// mains are the servers that stand for their peers in scenarios about behaviour.
func mains(fleet []*Server) []*Server {
	return slices.DeleteFunc(slices.Clone(fleet), func(s *Server) bool { return !s.contender.Main })
}

// pause waits, or fails when the run is interrupted.
func pause(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
