// Package door lets a browser in: it listens on a port of this machine's loopback and passes each request on to the
// Service that its host name stands for. Browsers and curl know every name below .localhost as loopback.
package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Route is one host name and what answers under it.
type Route struct {
	Host string // as in http://HOST
	// Namespace and Service name a Service of the cluster, Port its port.
	Namespace, Service string
	Port               int
	// TLS is for a server that encrypts with a certificate of its own making; nobody is between it and this machine.
	TLS bool
	// For says to people what is there.
	For string
}

// Routes are those of the platform.
func Routes() []Route {
	return []Route{
		{Host: "argocd.localhost", Namespace: "argocd", Service: "argocd-server", Port: 80, For: "Argo CD"},
		{
			Host: "workflows.localhost", Namespace: "argo", Service: "argo-server", Port: 2746, TLS: true,
			For: "Argo Workflows",
		},
		{Host: "mlflow.localhost", Namespace: "mlflow", Service: "mlflow", Port: 5000, For: "MLflow"},
		{
			Host: "inference.localhost", Namespace: "inference", Service: "inference-api", Port: 8080,
			For: "the service",
		},
	}
}

// Find returns the route of a host name, which may have a port.
func Find(routes []Route, host string) (Route, bool) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	at := slices.IndexFunc(routes, func(r Route) bool { return r.Host == strings.ToLower(host) })
	if at < 0 {
		return Route{}, false
	}
	return routes[at], true
}

// Addresses finds the cluster IP of a Service; the empty string means that there is none.
type Addresses func(ctx context.Context, namespace, service string) (string, error)

// known is how long an address is believed: a Service that is made anew has another.
const known = 5 * time.Second

// Handler passes requests on.
func Handler(routes []Route, addresses Addresses) http.Handler {
	cached := &cache{find: addresses, entries: map[string]entry{}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL = r.In.Context().Value(upstreamKey{}).(*url.URL).ResolveReference(&url.URL{
				Path: r.In.URL.Path, RawPath: r.In.URL.RawPath, RawQuery: r.In.URL.RawQuery,
			})
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		FlushInterval: -1, // the live pages of Argo CD and Argo Workflows are streams
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see Route.TLS
			MaxIdleConnsPerHost: 32,
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, context.Canceled) {
				slog.Warn("no answer", "host", r.Host, "path", r.URL.Path, "error", err.Error())
			}
			http.Error(w, fmt.Sprintf("%s does not answer: %v", r.Host, err), http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, is := Find(routes, r.Host)
		if !is {
			http.Error(w, "no such page; there are:\n"+list(routes), http.StatusNotFound)
			return
		}
		upstream, err := cached.upstream(r.Context(), route)
		if err != nil {
			http.Error(w, fmt.Sprintf("%s: %v", r.Host, err), http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), upstreamKey{}, upstream)))
	})
}

type upstreamKey struct{}

func list(routes []Route) string {
	var lines []string
	for _, r := range routes {
		lines = append(lines, "  "+r.Host+"  "+r.For)
	}
	return strings.Join(lines, "\n")
}

type entry struct {
	address string
	until   time.Time
}

// cache remembers addresses: the API server need not be asked for each picture of a page.
type cache struct {
	find    Addresses
	mu      sync.Mutex
	entries map[string]entry
}

func (c *cache) upstream(ctx context.Context, route Route) (*url.URL, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[route.Host]
	if time.Now().After(e.until) {
		address, err := c.find(ctx, route.Namespace, route.Service)
		switch {
		case err != nil && e.address == "":
			return nil, err
		case err == nil && address == "":
			return nil, fmt.Errorf("the Service %s/%s does not exist", route.Namespace, route.Service)
		case err == nil:
			e.address = address
		}
		e.until = time.Now().Add(known)
		c.entries[route.Host] = e
	}
	scheme := "http"
	if route.TLS {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: fmt.Sprintf("%s:%d", e.address, route.Port)}, nil
}
