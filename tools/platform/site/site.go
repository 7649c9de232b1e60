// Package site asks the platform's own pages, as they answer through the door: the registry and the service.
package site

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.com/mlops-platform/internal/openapi"
)

// Site is the pages behind one door.
type Site struct {
	port   int
	client *http.Client
}

// At returns the pages behind the door that listens on a port of the loopback.
func At(port int) *Site {
	// Go's resolver, unlike browsers and curl, does not know the names below .localhost.
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return &Site{port: port, client: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 32},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// URL is the address of a page, as people open it.
func (s *Site) URL(host, path string) string {
	if s.port == 80 {
		return "http://" + host + path
	}
	return fmt.Sprintf("http://%s:%d%s", host, s.port, path)
}

// Client reaches the pages by their names.
func (s *Site) Client() *http.Client { return s.client }

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Call asks one page; an answer that is not 2xx is an answer and no error.
func (s *Site) Call(ctx context.Context, method, host, path string, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL(host, path), bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := s.client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Header: response.Header, Body: data}, err
}

// ErrNone is the answer of a registry that has no such alias or model.
var ErrNone = errors.New("there is none")

// Version is one version of a registered model.
type Version struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	RunID   string            `json:"run_id"`
	Tags    map[string]string `json:"-"`
}

// record is a version as the registry answers.
type record struct {
	Version
	Tags []struct{ Key, Value string } `json:"tags"`
}

func (r record) version() Version {
	v := r.Version
	v.Tags = make(map[string]string, len(r.Tags))
	for _, tag := range r.Tags {
		v.Tags[tag.Key] = tag.Value
	}
	return v
}

// Alias returns the version that an alias of a model names.
func (s *Site) Alias(ctx context.Context, model, alias string) (Version, error) {
	var said struct {
		ErrorCode    string `json:"error_code"`
		Message      string `json:"message"`
		ModelVersion record `json:"model_version"`
	}
	status, err := s.registry(ctx, "registered-models/alias", url.Values{"name": {model}, "alias": {alias}}, &said)
	switch {
	case err != nil:
		return Version{}, err
	case said.ErrorCode == "RESOURCE_DOES_NOT_EXIST", strings.Contains(said.Message, "alias "+alias+" not found"):
		return Version{}, ErrNone
	case status != http.StatusOK:
		return Version{}, fmt.Errorf("the registry answered %d: %s", status, said.Message)
	}
	return said.ModelVersion.version(), nil
}

// Versions returns the versions of a registered model, the newest first.
func (s *Site) Versions(ctx context.Context, model string) ([]Version, error) {
	var said struct {
		Message       string   `json:"message"`
		ModelVersions []record `json:"model_versions"`
	}
	status, err := s.registry(ctx, "model-versions/search", url.Values{
		"filter": {"name = '" + model + "'"}, "max_results": {"10000"}, "order_by": {"version_number DESC"},
	}, &said)
	switch {
	case err != nil:
		return nil, err
	case status != http.StatusOK:
		return nil, fmt.Errorf("the registry answered %d: %s", status, said.Message)
	}
	versions := make([]Version, len(said.ModelVersions))
	for i, r := range said.ModelVersions {
		versions[i] = r.version()
	}
	return versions, nil
}

// registry asks the registry's API and reads the answer, whatever its status.
func (s *Site) registry(ctx context.Context, path string, query url.Values, into any) (status int, err error) {
	answer, err := s.Call(ctx, http.MethodGet, "mlflow.localhost", "/api/2.0/mlflow/"+path+"?"+query.Encode(), nil)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return 0, fmt.Errorf("the registry answered %d: %s", answer.Status, short(answer.Body))
	}
	return answer.Status, nil
}

// Service is what the service says of itself.
type Service struct {
	Ready      bool   `json:"ready"`
	WhyNot     string `json:"why_not"`
	Champion   Role   `json:"champion"`
	Challenger *Role  `json:"challenger"`
	Latency    struct {
		PerSecond float64  `json:"per_second"`
		P50       *float64 `json:"p50_ms"`
		P95       *float64 `json:"p95_ms"`
	} `json:"latency"`
}

// Role is a model that the service has loaded as champion or challenger.
type Role struct {
	Info *struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Provider string `json:"provider"`
	} `json:"info"`
}

// Version is the version that a role has, or the empty string.
func (r *Role) Version() string {
	if r == nil || r.Info == nil {
		return ""
	}
	return r.Info.Version
}

// Service asks the service which model it has.
func (s *Site) Service(ctx context.Context) (Service, error) {
	var service Service
	answer, err := s.Call(ctx, http.MethodGet, "inference.localhost", "/status", nil)
	if err != nil {
		return service, err
	}
	if answer.Status != http.StatusOK {
		return service, fmt.Errorf("the service answered %d: %s", answer.Status, short(answer.Body))
	}
	return service, json.Unmarshal(answer.Body, &service)
}

// Example returns the body of a request that the service gives as its example.
func (s *Site) Example(ctx context.Context) ([]byte, error) {
	answer, err := s.Call(ctx, http.MethodGet, "inference.localhost", "/openapi.json", nil)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("the service answered %d: %s", answer.Status, short(answer.Body))
	}
	return openapi.Example(answer.Body, "/invocations")
}

// Predict asks for a prediction and returns it with the version that gave it.
func (s *Site) Predict(ctx context.Context, body []byte) (prediction, version string, err error) {
	answer, err := s.Call(ctx, http.MethodPost, "inference.localhost", "/invocations", body)
	if err != nil {
		return "", "", err
	}
	if answer.Status != http.StatusOK {
		return "", "", fmt.Errorf("the service answered %d: %s", answer.Status, short(answer.Body))
	}
	return strings.TrimSpace(string(answer.Body)), answer.Header.Get("X-Model-Version"), nil
}

func short(text []byte) string {
	if len(text) > 300 {
		text = text[:300]
	}
	return strings.TrimSpace(string(text))
}
