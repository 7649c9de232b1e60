package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/mlops-platform/internal/load"
	"example.com/mlops-platform/internal/openapi"
)

// predict asks for one prediction with the example that the service's own
// OpenAPI document gives, and keeps the body for the person to try.
func (d *demo) predict(ctx context.Context) ([]byte, error) {
	done := d.progress.Begin("predict")
	body, err := d.example(ctx)
	if err != nil {
		done("", err)
		return nil, err
	}
	answer, version, err := d.ask(ctx, body)
	done(fmt.Sprintf("version %s answers %s", version, answer), err)
	if err != nil {
		return nil, err
	}
	return body, os.WriteFile(d.requestFile(), body, 0o644)
}

func (d *demo) requestFile() string { return filepath.Join(d.dir, "request.json") }

func (d *demo) example(ctx context.Context) ([]byte, error) {
	_, document, err := call(ctx, http.MethodGet, d.service.URL+"/openapi.json", nil)
	if err != nil {
		return nil, err
	}
	return openapi.Example(document, "/invocations")
}

func (d *demo) ask(ctx context.Context, body []byte) (answer, version string, err error) {
	header, data, err := call(ctx, http.MethodPost, d.service.URL+"/invocations", body)
	return strings.TrimSpace(string(data)), header.Get(load.VersionHeader), err
}

func call(ctx context.Context, method, url string, body []byte) (http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, url, response.Status, data)
	}
	return response.Header, data, err
}

func versions(counts map[string]int) string {
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("version %s %d times", version, counts[version]))
	}
	return strings.Join(parts, ", ")
}

// summary says where to look and what to try.
func (d *demo) summary(took time.Duration) {
	d.progress.Print(fmt.Sprintf(`
Done in %s. Both stay up until make demo-down:

  the registry    %s
  the service     %s          predict in the browser, watch latency and drift
  its API         %s/docs

Try next

  curl -s %s/invocations -H 'Content-Type: application/json' -d @%s
  curl -s %s/metrics | grep -v '^#'
  the evaluation that decided: %s`,
		took.Round(time.Second), d.registry.URL, d.service.URL, d.service.URL, d.service.URL,
		d.requestFile(), d.service.URL,
		filepath.Join(d.dir, "steps", secondMonth, "evaluate", "out", "evaluation", "report.html")))
}
