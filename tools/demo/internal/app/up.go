package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"example.com/mlops-platform/internal/daemon"
	"example.com/mlops-platform/internal/load"
	"example.com/mlops-platform/tools/demo/internal/pipeline"
	"example.com/mlops-platform/tools/demo/internal/show"
)

// The first champion is trained on January and judged by February; the second
// has two more months to learn from and is judged by a month that neither saw.
const (
	firstMonth  = "2013-02"
	secondMonth = "2013-05"
)

// demo is one run of `demo up`.
type demo struct {
	config
	servers  *daemon.Set
	progress *show.Progress
	runner   *pipeline.Runner
	registry daemon.Record
	service  daemon.Record
}

func up(ctx context.Context, c config, servers *daemon.Set, stderr io.Writer) error {
	started := time.Now()
	if err := afresh(ctx, c, servers, stderr); err != nil {
		return err
	}
	d := &demo{config: c, servers: servers, progress: show.New(stderr, c.terminal)}
	if c.terminal {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go redraw(ctx, d.progress)
	}
	if err := d.loop(ctx); err != nil {
		d.progress.Print("")
		// Half a demo is of no use to anybody, its logs are.
		return errors.Join(err, down(context.WithoutCancel(ctx), servers, io.Discard))
	}
	d.summary(time.Since(started))
	return nil
}

// afresh ends what an earlier run left and empties the folder, if it is one of ours.
func afresh(ctx context.Context, c config, servers *daemon.Set, stderr io.Writer) error {
	records, err := servers.Records()
	if err != nil {
		return err
	}
	if len(records) > 0 {
		if err := down(ctx, servers, stderr); err != nil {
			return err
		}
	}
	marker := filepath.Join(c.dir, ".demo")
	entries, err := os.ReadDir(c.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(marker); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty and not made by demo; choose another --dir", c.dir)
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(marker, nil, 0o644)
}

func redraw(ctx context.Context, p *show.Progress) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.Tick()
		case <-ctx.Done():
			return
		}
	}
}

func (d *demo) loop(ctx context.Context) error {
	d.progress.Section("A registry: MLflow on SQLite and local files")
	if err := d.start("mlflow", &d.registry, func() (daemon.Record, error) {
		return startRegistry(ctx, d.config, d.servers)
	}); err != nil {
		return err
	}
	d.runner = &pipeline.Runner{
		Program: d.pipelines, Model: model, Dir: d.dir, Observe: d.progress.Begin,
		Env: []string{"MLFLOW_TRACKING_URI=" + d.registry.URL, "MLFLOW_DISABLE_TELEMETRY=true"},
	}

	d.progress.Section("Train on the months before " + firstMonth + ", decide on it")
	source, err := d.runner.Seed(ctx)
	if err != nil {
		return err
	}
	first, err := d.train(ctx, source, firstMonth)
	if err != nil {
		return err
	}

	d.progress.Section("Serve the champion")
	if err := d.start("inference-api", &d.service, func() (daemon.Record, error) {
		return startService(ctx, d.config, d.servers, d.registry.URL)
	}); err != nil {
		return err
	}
	body, err := d.predict(ctx)
	if err != nil {
		return err
	}

	d.progress.Section(fmt.Sprintf("Retrain on later data, while %d requests a second come in", d.rate))
	traffic := load.Start(ctx, d.service.URL+"/invocations", body, d.rate, 128)
	defer traffic.Stop()
	second, err := d.train(ctx, source, secondMonth)
	if err != nil {
		return err
	}
	if err := d.follow(ctx, traffic, second.Version); err != nil {
		return err
	}

	d.progress.Section("Roll back, still under load")
	back, err := d.runner.Rollback(ctx)
	if err != nil {
		return err
	}
	if back != first.Version {
		return fmt.Errorf("rolled back to version %s, not to %s", back, first.Version)
	}
	if err := d.follow(ctx, traffic, first.Version); err != nil {
		return err
	}
	return d.account(traffic.Stop())
}

func (d *demo) start(name string, into *daemon.Record, start func() (daemon.Record, error)) error {
	done := d.progress.Begin(name)
	record, err := start()
	*into = record
	done(record.URL, err)
	return err
}

// train ends with a new champion, or with the reason why there is none.
func (d *demo) train(ctx context.Context, source, month string) (pipeline.Outcome, error) {
	prepared, err := d.runner.Prepare(ctx, source, month)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	outcome, err := d.runner.Train(ctx, prepared)
	if err == nil && outcome.Gate != "pass" {
		err = fmt.Errorf("the gate let no candidate pass; why is in %s", outcome.Report)
	}
	return outcome, err
}

// follow waits until the service answers with the version.
func (d *demo) follow(ctx context.Context, traffic *load.Generator, version string) error {
	done := d.progress.Begin("swap")
	before := traffic.Counts().ByVersion[version]
	err := poll(ctx, time.Minute, func() bool { return traffic.Counts().ByVersion[version] > before })
	if err != nil {
		err = fmt.Errorf("the service does not answer with version %s: %w (its log: %s)", version, err, d.service.Log)
	}
	done("version "+version+" answers", err)
	return err
}

func (d *demo) account(c load.Counts) error {
	d.progress.Print(fmt.Sprintf("\n  %d requests, %d lost, p50 %.1f ms, p99 %.1f ms; answered by %s", c.Sent, c.Lost,
		c.P50.Seconds()*1000, c.P99.Seconds()*1000, versions(c.ByVersion)))
	if c.Lost > 0 {
		return fmt.Errorf("%d requests were lost: %v", c.Lost, c.Faults)
	}
	return nil
}

func poll(ctx context.Context, limit time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
