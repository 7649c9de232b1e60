package site

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// behind returns the pages behind a door on loopback that answers as the handler does.
func behind(t *testing.T, handler http.HandlerFunc) *Site {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(address.Host)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return At(number)
}

func answering(t *testing.T, status int, body string) *Site {
	t.Helper()
	return behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Model-Version", "3")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func TestTheRegistryIsAskedByItsNameForTheVersionOfAnAlias(t *testing.T) {
	asked := ""
	pages := behind(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Host + r.URL.RequestURI()
		_, _ = io.WriteString(w, `{"model_version": {"name": "m", "version": "3", "run_id": "r",
			"tags": [{"key": "mlops.month", "value": "2013-02"}]}}`)
	})
	version, err := pages.Alias(t.Context(), "m", "champion")
	if err != nil || version.Version != "3" || version.RunID != "r" || version.Tags["mlops.month"] != "2013-02" {
		t.Errorf("Alias = %+v, %v; want version 3 with its tag", version, err)
	}
	if !strings.HasPrefix(asked, "mlflow.localhost:") ||
		!strings.HasSuffix(asked, "/api/2.0/mlflow/registered-models/alias?alias=champion&name=m") {
		t.Errorf("asked %q; want the registry by its name", asked)
	}
}

func TestNoAliasAndNoModelAreNotFaults(t *testing.T) {
	for _, body := range []string{
		`{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Registered Model with name=m not found"}`,
		`{"error_code": "INVALID_PARAMETER_VALUE", "message": "Registered model alias champion not found."}`,
	} {
		if _, err := answering(t, 404, body).Alias(t.Context(), "m", "champion"); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v; want ErrNone", body, err)
		}
	}
	if _, err := answering(t, 500, `{"message": "no database"}`).Alias(t.Context(), "m", "champion"); errors.Is(err, ErrNone) ||
		err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("error = %v; want what the registry said", err)
	}
	if _, err := answering(t, 502, "bad gateway").Alias(t.Context(), "m", "champion"); err == nil ||
		!strings.Contains(err.Error(), "502: bad gateway") {
		t.Errorf("error = %v; want the status and the text", err)
	}
}

func TestAPredictionCarriesTheVersionThatGaveIt(t *testing.T) {
	prediction, version, err := answering(t, 200, "{\"predictions\": [0.2]}\n").Predict(t.Context(), []byte("{}"))
	if err != nil || prediction != `{"predictions": [0.2]}` || version != "3" {
		t.Errorf("Predict = %q, %q, %v", prediction, version, err)
	}
	if _, _, err := answering(t, 503, "no model").Predict(t.Context(), nil); err == nil ||
		!strings.Contains(err.Error(), "503: no model") {
		t.Errorf("error = %v; want the answer", err)
	}
}

func TestAServiceWithoutAModelIsNotReadyAndSaysWhy(t *testing.T) {
	service, err := answering(t, 200, `{"ready": false, "why_not": "no champion", "champion": {"info": null},
		"challenger": null, "latency": {"per_second": 0, "p50_ms": null, "p95_ms": null}}`).Service(t.Context())
	if err != nil || service.Ready || service.WhyNot != "no champion" || service.Champion.Version() != "" ||
		service.Challenger.Version() != "" {
		t.Errorf("Service = %+v, %v", service, err)
	}
}

func TestTheExampleIsTheOneOfTheDocument(t *testing.T) {
	body, err := answering(t, 200, `{"paths": {"/invocations": {"post": {"requestBody": {"content":
		{"application/json": {"example": {"inputs": [[1]]}}}}}}}}`).Example(t.Context())
	if err != nil || string(body) != `{"inputs": [[1]]}` {
		t.Errorf("Example = %s, %v", body, err)
	}
	if _, err := answering(t, 200, `{"paths": {}}`).Example(t.Context()); err == nil {
		t.Error("a document without an example is taken for one")
	}
}

func TestThePortIsPartOfTheAddressUnlessItIsTheUsualOne(t *testing.T) {
	if got := At(80).URL("mlflow.localhost", "/"); got != "http://mlflow.localhost/" {
		t.Errorf("URL = %q", got)
	}
	if got := At(8090).URL("mlflow.localhost", "/"); got != "http://mlflow.localhost:8090/" {
		t.Errorf("URL = %q", got)
	}
}
