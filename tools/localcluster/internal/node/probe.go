package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const probeTimeout = 2 * time.Second

// prepare reads the probe's certificates and returns the question to ask.
func (p Probe) prepare() (func(context.Context) error, error) {
	if p.Socket != "" {
		return func(ctx context.Context) error {
			dialer := net.Dialer{Timeout: probeTimeout}
			connection, err := dialer.DialContext(ctx, "unix", p.Socket)
			if err != nil {
				return err
			}
			return connection.Close()
		}, nil
	}
	config, err := p.tls()
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: probeTimeout, Transport: &http.Transport{TLSClientConfig: config}}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, http.NoBody)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, response.Body)
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", p.URL, response.Status)
		}
		return nil
	}, nil
}

func (p Probe) tls() (*tls.Config, error) {
	if p.Authority == "" {
		// The controller-manager and the scheduler make a certificate of their own at each start, which nobody has
		// signed. Nothing is sent to them but the question whether they are well, on the node's loopback.
		return &tls.Config{InsecureSkipVerify: true}, nil
	}
	authority, err := os.ReadFile(cert(p.Authority))
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert(p.Client), key(p.Client))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
