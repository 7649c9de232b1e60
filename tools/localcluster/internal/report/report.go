// Package report tells a person what is being done, and how long it took.
package report

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Report writes one line per phase.
type Report struct {
	out      io.Writer
	terminal bool
}

// To returns a report to w, with a running clock where a person looks at it.
func To(w io.Writer) *Report { return &Report{out: w, terminal: isTerminal(w)} }

// Phase does the work and tells its time.
func (r *Report) Phase(name string, work func() error) error {
	started := time.Now()
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go r.clock(name, started, stop, stopped)
	err := work()
	close(stop)
	<-stopped
	mark := "ok"
	if err != nil {
		mark = "FAILED"
	}
	r.line(name, started, mark+"\n")
	return err
}

func (r *Report) clock(name string, started time.Time, stop, stopped chan struct{}) {
	defer close(stopped)
	if !r.terminal {
		<-stop
		return
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		r.line(name, started, "")
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

func (r *Report) line(name string, started time.Time, end string) {
	start := ""
	if r.terminal {
		start = "\r"
	}
	fmt.Fprintf(r.out, "%s  %-44s %6.1f s  %s", start, name, time.Since(started).Seconds(), end)
}

// Say writes a line.
func (r *Report) Say(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

func isTerminal(w io.Writer) bool {
	file, isFile := w.(*os.File)
	if !isFile {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
