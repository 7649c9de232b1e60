// Package show tells a person what is going on: one line per thing that was
// done, and on a terminal also what is being done and for how long.
package show

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Progress writes lines to one writer, also from several goroutines.
type Progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time

	mu      sync.Mutex
	running []*task
	shown   bool // a status line stands below what was printed
}

type task struct {
	title   string
	started time.Time
}

// New returns a Progress that writes to out; terminal says that out is one.
func New(out io.Writer, terminal bool) *Progress {
	return &Progress{out: out, terminal: terminal, now: time.Now}
}

// Section begins a part of the work.
func (p *Progress) Section(title string) { p.Print("\n" + title) }

// Print writes a line of its own.
func (p *Progress) Print(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintln(p.out, line)
	p.status()
}

// Begin says that something has begun; what it returns says how it ended.
func (p *Progress) Begin(title string) func(result string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &task{title: title, started: p.now()}
	p.running = append(p.running, t)
	p.clear()
	p.status()
	return func(result string, err error) { p.end(t, result, err) }
}

func (p *Progress) end(t *task, result string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.running {
		if other == t {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	mark := "✓"
	if err != nil {
		mark, result = "✗", "failed"
	}
	p.clear()
	fmt.Fprintf(p.out, "  %s %-16s %7s  %s\n", mark, t.title, seconds(p.now().Sub(t.started)), result)
	p.status()
}

// Tick redraws what is going on; call it every second or so.
func (p *Progress) Tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.status()
}

func (p *Progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}

func (p *Progress) status() {
	if !p.terminal || len(p.running) == 0 {
		return
	}
	parts := make([]string, len(p.running))
	for i, t := range p.running {
		parts[i] = t.title + " " + seconds(p.now().Sub(t.started))
	}
	fmt.Fprint(p.out, "  … "+strings.Join(parts, ", "))
	p.shown = true
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
