package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// between two looks at a server that does not answer yet
const pollInterval = 20 * time.Millisecond

// Await repeats a request until it is answered with 200, and gives that answer. It gives up when the context ends or
// the process does.
func Await(ctx context.Context, p *Process, method, url string, body []byte) ([]byte, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	last := errors.New("it was not asked")
	for {
		answer, err := Ask(ctx, method, url, body)
		if err == nil {
			return answer, nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s does not answer 200: %w%s", url, last, tail(p.log))
		case <-p.exited:
			return nil, fmt.Errorf("the server ended: %s%s", p.command.ProcessState, tail(p.log))
		case <-ticker.C:
		}
	}
}

// Ask sends one request and gives the answer, if it is 200.
func Ask(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Close = true // a connection kept would count as a client of the server when it is to end
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", response.Status, answer)
	}
	return answer, err
}

// tail is the end of a log, to be shown with an error.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s ends:\n%s", path, text[max(0, len(text)-1500):])
}
