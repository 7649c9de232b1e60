package emulator

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/elazarl/goproxy"
)

// answerer has the answers of one service that moto has not.
type answerer interface {
	// Handler is what answers a request, or nil where moto does. It is asked about every request, so it can also note
	// what passes to moto; when it reads the body it puts it back.
	Handler(*http.Request) http.Handler
}

// newProxy makes the proxy: TLS for *.amazonaws.com ends here; what an answerer knows is answered, all else goes to
// moto with its host name, by which moto tells services apart. Each request is a line in log.
func newProxy(authority *tls.Certificate, moto *url.URL, log io.Writer, answerers ...answerer) http.Handler {
	proxy := goproxy.NewProxyHttpServer()
	proxy.Logger = stdlog.New(log, "", 0) // a client that hangs up is a line there, not one among the tests' own
	intercept := &goproxy.ConnectAction{Action: goproxy.ConnectMitm, TLSConfig: goproxy.TLSConfigFromCA(authority)}
	proxy.CertStore = newCertificates()
	proxy.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		if isAWS(host) {
			return intercept, host
		}
		return goproxy.RejectConnect, host
	})
	proxy.OnResponse().DoFunc(func(answer *http.Response, c *goproxy.ProxyCtx) *http.Response {
		if asked, ok := c.UserData.(string); ok && answer != nil {
			_, _ = fmt.Fprintf(log, "%s %d %s\n", time.Now().UTC().Format(time.TimeOnly), answer.StatusCode, asked)
		}
		return answer
	})
	proxy.OnRequest().DoFunc(func(r *http.Request, c *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		c.UserData = describe(r)
		if !isAWS(r.URL.Host) {
			text := fmt.Sprintf("this is an emulator of AWS; %s is not of AWS", r.URL.Host)
			return r, goproxy.NewResponse(r, goproxy.ContentTypeText, http.StatusForbidden, text)
		}
		for _, each := range answerers {
			if handler := each.Handler(r); handler != nil {
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, r)
				response := recorder.Result()
				response.Request = r
				return r, response
			}
		}
		r.Host = r.URL.Host
		r.URL.Scheme, r.URL.Host = moto.Scheme, moto.Host
		return r, nil
	})
	return proxy
}

// isAWS tells whether a host, with or without a port, is one of AWS's.
func isAWS(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	return strings.HasSuffix(name, ".amazonaws.com")
}

// describe says what a request asks for: "rds.eu-west-1.amazonaws.com CreateDBInstance" or "… GET /bucket/key".
func describe(r *http.Request) string {
	host := r.URL.Hostname()
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return host + " " + target
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if form, err := url.ParseQuery(string(body)); err == nil {
			return host + " " + form.Get("Action")
		}
	}
	return host + " " + r.Method + " " + r.URL.RequestURI()
}
