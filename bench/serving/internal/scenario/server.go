package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"example.com/mlops-platform/bench/serving/internal/contender"
	"example.com/mlops-platform/bench/serving/internal/load"
	"example.com/mlops-platform/bench/serving/internal/process"
	"example.com/mlops-platform/bench/serving/internal/wire"
)

const (
	firstPort    = 18100
	portsEach    = 3 // MLServer has two more
	startTimeout = 5 * time.Minute
	// stopGrace is longer than any contender waits for its own requests.
	stopGrace = 40 * time.Second
	// killGrace is for the end of a measurement, when nothing is left to wait for.
	killGrace = 100 * time.Millisecond
	// agreement is the most that a prediction may differ from the golden one: float32, printed by different hands.
	agreement = 1e-5
)

// Server is a contender that runs.
type Server struct {
	contender contender.Contender
	site      contender.Site
	process   *process.Process
	bench     *Bench
}

// golden is what models/build.py wrote beside a model.
type golden struct {
	Columns  []string    `json:"columns"`
	Rows     [][]float64 `json:"rows"`
	Expected []float64   `json:"expected"`
}

// up starts a contender and returns once it says that it serves. Settings come on top of its environment.
func (b *Bench) up(ctx context.Context, c contender.Contender, model string, settings ...string) (*Server, error) {
	server, err := b.launch(c, model, settings...)
	if err != nil {
		return nil, err
	}
	return server, server.awaitReady(ctx)
}

// launch starts a contender in a new folder.
func (b *Bench) launch(c contender.Contender, model string, settings ...string) (*Server, error) {
	site := b.Site
	site.Model, site.Registry = model, b.Registry.URL()
	site.Port = firstPort + b.ports*portsEach
	site.Work = filepath.Join(b.Site.Work, fmt.Sprintf("%03d-%s", b.ports, c.Name))
	b.ports++
	if err := os.MkdirAll(site.Work, 0o755); err != nil {
		return nil, err
	}
	server := &Server{contender: c, site: site, bench: b}
	return server, server.start(settings...)
}

// start runs the server's command; also again after it ended, in the same folder.
func (s *Server) start(settings ...string) error {
	launch := s.contender.Launch(s.site)
	started, err := process.Start(process.Spec{
		Command: launch.Command,
		Env:     append(launch.Env, settings...),
		Dir:     launch.Dir,
		Core:    ServerCore,
		Log:     filepath.Join(s.site.Work, "server.log"),
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.contender.Name, err)
	}
	s.process = started
	return nil
}

func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	_, err := process.Await(ctx, s.process, http.MethodGet, s.site.URL(s.contender.Ready), nil)
	if err != nil {
		_ = s.stop(ctx) // it did not start; that is the error to tell
		return fmt.Errorf("%s: %w", s.contender.Name, err)
	}
	return nil
}

// awaitAnswer returns once the server has answered a prediction of so many rows.
func (s *Server) awaitAnswer(ctx context.Context, rows int) error {
	body, err := s.body(rows)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := process.Await(ctx, s.process, http.MethodPost, s.site.URL(s.contender.Path), text); err != nil {
		return fmt.Errorf("%s: %w", s.contender.Name, err)
	}
	return nil
}

// stop ends the server at once: what it had to do is measured.
func (s *Server) stop(ctx context.Context) error { return s.process.Stop(ctx, killGrace) }

// checkGolden compares the server's answers with the golden ones; different answers are not worth timing.
func (s *Server) checkGolden(ctx context.Context) error {
	golden, err := s.bench.golden(s.site.Model)
	if err != nil {
		return err
	}
	probabilities, err := s.predict(ctx, golden.Columns, golden.Rows)
	if err != nil {
		return fmt.Errorf("%s: %w", s.contender.Name, err)
	}
	return compare(s.contender.Name, golden.Expected, probabilities)
}

func compare(name string, expected, got []float64) error {
	if len(got) != len(expected) {
		return fmt.Errorf("%s gives %d answers to %d rows", name, len(got), len(expected))
	}
	for i := range got {
		if !(math.Abs(got[i]-expected[i]) <= agreement) { // so that NaN is no agreement
			return fmt.Errorf("%s, row %d: %g, the others give %g", name, i, got[i], expected[i])
		}
	}
	return nil
}

// predict asks for the probabilities of rows.
func (s *Server) predict(ctx context.Context, columns []string, rows [][]float64) ([]float64, error) {
	body, err := s.contender.Format.Body(columns, rows)
	if err != nil {
		return nil, err
	}
	answer, err := process.Ask(ctx, http.MethodPost, s.site.URL(s.contender.Path), body)
	if err != nil {
		return nil, err
	}
	return wire.Probabilities(answer)
}

// target is what load is sent to: the first rows of the golden ones.
func (s *Server) target(rows int) (load.Target, error) {
	body, err := s.body(rows)
	return load.Target{URL: s.site.URL(s.contender.Path), Body: body}, err
}

// body is a file with a request of so many rows in the server's format.
func (s *Server) body(rows int) (string, error) {
	name := fmt.Sprintf("%s-%d-%d.json", s.site.Model, s.contender.Format, rows)
	if path, there := s.bench.bodies[name]; there {
		return path, nil
	}
	golden, err := s.bench.golden(s.site.Model)
	if err != nil {
		return "", err
	}
	text, err := s.contender.Format.Body(golden.Columns, golden.Rows[:rows])
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.bench.Site.Work, name)
	s.bench.bodies[name] = path
	return path, os.WriteFile(path, text, 0o644)
}

func (b *Bench) golden(model string) (golden, error) {
	var read golden
	text, err := os.ReadFile(filepath.Join(b.Site.Models, model, "golden.json"))
	if err != nil {
		return read, err
	}
	return read, json.Unmarshal(text, &read)
}

// connections as the name of a case.
func connections(n int) string { return "c=" + strconv.Itoa(n) }
