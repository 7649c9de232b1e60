package door

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// upstream answers with what it was asked.
func upstream(t *testing.T, encrypted bool) (route Route) {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.Host, r.URL.RequestURI(), r.Header.Get("X-Forwarded-Host"))
	})
	server := httptest.NewUnstartedServer(handler)
	if encrypted {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return Route{Host: "mlflow.localhost", Namespace: "mlflow", Service: "mlflow", Port: number, TLS: encrypted, For: "MLflow"}
}

func loopback(context.Context, string, string) (string, error) { return "127.0.0.1", nil }

func ask(t *testing.T, handler http.Handler, host, path string) (int, string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	request.Host = host
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	body, err := io.ReadAll(recorder.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return recorder.Code, string(body)
}

func TestARequestReachesTheServiceOfItsNameWithHostPathAndQuery(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		handler := Handler([]Route{upstream(t, encrypted)}, loopback)
		code, body := ask(t, handler, "mlflow.localhost:8090", "/a%2Fb/c?d=e")
		if code != http.StatusOK || body != "mlflow.localhost:8090 /a%2Fb/c?d=e mlflow.localhost:8090" {
			t.Errorf("encrypted %v: %d %q; want the request unchanged", encrypted, code, body)
		}
	}
}

func TestAnUnknownNameIsToldWhichThereAre(t *testing.T) {
	code, body := ask(t, Handler(Routes(), loopback), "example.com", "/")
	if code != http.StatusNotFound || !strings.Contains(body, "argocd.localhost") {
		t.Errorf("%d %q; want 404 and the names", code, body)
	}
}

func TestAServiceThatIsNotThereIsNamed(t *testing.T) {
	none := func(context.Context, string, string) (string, error) { return "", nil }
	if code, body := ask(t, Handler(Routes(), none), "mlflow.localhost", "/"); code != http.StatusBadGateway ||
		!strings.Contains(body, "mlflow/mlflow does not exist") {
		t.Errorf("%d %q; want 502 and the Service", code, body)
	}
}

func TestWhenTheAPIDoesNotAnswerTheLastAddressIsStillUsed(t *testing.T) {
	route := upstream(t, false)
	calls := 0
	c := &cache{entries: map[string]entry{}, find: func(context.Context, string, string) (string, error) {
		if calls++; calls > 1 {
			return "", errors.New("no answer")
		}
		return "127.0.0.1", nil
	}}
	for range 2 {
		if _, err := c.upstream(t.Context(), route); err != nil {
			t.Fatal(err)
		}
		expired := c.entries[route.Host]
		expired.until = expired.until.Add(-2 * known)
		c.entries[route.Host] = expired
	}
	if calls != 2 {
		t.Errorf("the API was asked %d times; want 2", calls)
	}
}
