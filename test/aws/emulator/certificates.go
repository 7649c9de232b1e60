package emulator

import (
	"crypto/tls"
	"sync"
)

// certificates keeps one certificate per host: to make one costs more than the request that needs it.
type certificates struct {
	mu     sync.Mutex
	byHost map[string]*tls.Certificate
}

func newCertificates() *certificates { return &certificates{byHost: map[string]*tls.Certificate{}} }

// Fetch implements goproxy.CertStorage.
func (c *certificates) Fetch(host string, issue func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.byHost[host]; found != nil {
		return found, nil
	}
	made, err := issue()
	if err != nil {
		return nil, err
	}
	c.byHost[host] = made
	return made, nil
}
