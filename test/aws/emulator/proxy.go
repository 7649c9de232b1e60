package emulator

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/elazarl/goproxy"
)

// answerer has the answers of one service that moto has not.
type answerer interface {
	// Handler is what answers a request, or nil where moto does. It is asked about every request, so it can also note
	// what passes to moto; when it reads the body it puts it back.
	Handler(*http.Request) http.Handler
}

// newProxy makes the proxy: TLS for *.amazonaws.com ends here; what an answerer knows is answered, all else goes to
// moto with its host name, by which moto tells services apart.
func newProxy(authority *tls.Certificate, moto *url.URL, answerers ...answerer) http.Handler {
	proxy := goproxy.NewProxyHttpServer()
	intercept := &goproxy.ConnectAction{Action: goproxy.ConnectMitm, TLSConfig: goproxy.TLSConfigFromCA(authority)}
	proxy.CertStore = newCertificates()
	proxy.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		if isAWS(host) {
			return intercept, host
		}
		return goproxy.RejectConnect, host
	})
	proxy.OnRequest().DoFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Request, *http.Response) {
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
