package app

import (
	"fmt"
	"io"
	"sync"
)

// progress shows which application is being rendered, on one line of a
// terminal; elsewhere it shows nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	count int
	on    bool
}

func newProgress(w io.Writer) *progress { return &progress{w: w, on: isTerminal(w)} }

func (p *progress) step(cluster, app string) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	fmt.Fprintf(p.w, "\r\x1b[Krendering %d · %s · %s", p.count, cluster, app)
}

func (p *progress) say(what string) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "\r\x1b[K%s", what)
}

func (p *progress) done() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
