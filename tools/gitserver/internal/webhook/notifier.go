// Package webhook tells others that a branch has moved.
package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Patience is how long a message is tried, and the pauses between tries, which double from first to last.
type Patience struct {
	Total, First, Last time.Duration
}

// Default bridges a restart of who listens.
var Default = Patience{Total: time.Minute, First: 250 * time.Millisecond, Last: 4 * time.Second}

// Notifier sends events to some addresses, to each in the order in which they happened.
type Notifier struct {
	publicURL string
	patience  Patience
	client    *http.Client
	log       *slog.Logger
	receivers []*receiver
}

// receiver is one address, with what it has still to be told.
type receiver struct {
	url  string
	wake chan struct{}

	mu      sync.Mutex
	pending []Event
}

// New returns a notifier that names repositories by the address at which publicURL says they are.
func New(urls []string, publicURL string, patience Patience, log *slog.Logger) *Notifier {
	n := &Notifier{publicURL: publicURL, patience: patience, log: log, client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{}, // not through a proxy: it is in this cluster
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // what was meant for one is not told another
		},
	}}
	for _, url := range urls {
		n.receivers = append(n.receivers, &receiver{url: url, wake: make(chan struct{}, 1)})
	}
	return n
}

// Send puts an event in line; it never waits.
func (n *Notifier) Send(e Event) {
	for _, r := range n.receivers {
		r.add(e)
	}
}

// Run sends until the context ends. What is in line then is not sent.
func (n *Notifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range n.receivers {
		all.Go(func() {
			for ctx.Err() == nil {
				select {
				case <-r.wake:
				case <-ctx.Done():
					return
				}
				for e, is := r.next(); is && ctx.Err() == nil; e, is = r.next() {
					n.deliver(ctx, r.url, e)
				}
			}
		})
	}
	all.Wait()
}

// add replaces an earlier move of the same branch that was not sent yet: only where it is now is of use. So the line
// is never longer than there are branches.
func (r *receiver) add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, other := range r.pending {
		if other.Repository == e.Repository && other.Ref == e.Ref {
			e.Before = other.Before
			r.pending = append(r.pending[:i], r.pending[i+1:]...)
			break
		}
	}
	r.pending = append(r.pending, e)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *receiver) next() (Event, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pending) == 0 {
		return Event{}, false
	}
	e := r.pending[0]
	r.pending = r.pending[1:]
	return e, true
}

// errRefused is an answer that would be the same the next time.
var errRefused = errors.New("refused")

func (n *Notifier) deliver(ctx context.Context, url string, e Event) {
	log := n.log.With("url", url, "repository", e.Repository, "ref", e.Ref, "after", e.After)
	body, err := e.body(n.publicURL)
	if err != nil {
		log.Error("webhook not sent", "error", err.Error())
		return
	}
	id := rand.Text()
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, n.patience.Total)
	defer cancel()
	pause := n.patience.First
	for tries := 1; ; tries++ {
		err := n.post(ctx, url, id, body)
		if err == nil {
			log.Info("webhook sent", "tries", tries, "took_ms", time.Since(started).Milliseconds())
			return
		}
		if errors.Is(err, errRefused) {
			log.Error("webhook refused", "tries", tries, "error", err.Error())
			return
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, n.patience.Last)
		case <-ctx.Done():
			log.Error("webhook given up", "tries", tries, "error", err.Error())
			return
		}
	}
}

func (n *Notifier) post(ctx context.Context, url, id string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-GitHub-Event", "push")
	request.Header.Set("X-GitHub-Delivery", id)
	request.Header.Set("User-Agent", "gitserver")
	response, err := n.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 300)) // only for the log
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 500, code == http.StatusTooManyRequests:
		return fmt.Errorf("%s: %s", response.Status, bytes.TrimSpace(said))
	}
	return fmt.Errorf("%w: %s: %s", errRefused, response.Status, bytes.TrimSpace(said))
}
