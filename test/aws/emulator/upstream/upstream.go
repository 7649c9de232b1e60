// Package upstream asks moto what a program asked of AWS.
package upstream

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
)

// Answer is what moto answered.
type Answer struct {
	Status int
	Type   string // the Content-Type
	Body   []byte
}

// Ask gives a request to moto, under the host name that it came with. body takes the place of the request's own.
func Ask(moto *url.URL, r *http.Request, body []byte) (Answer, error) {
	// A client that hangs up must not leave half of a change behind.
	passed := r.Clone(context.WithoutCancel(r.Context()))
	passed.Host, passed.RequestURI = r.URL.Host, ""
	passed.URL.Scheme, passed.URL.Host = moto.Scheme, moto.Host
	passed.Body, passed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	passed.Header.Del("Content-Length")
	// An answer that is changed must be read first.
	passed.Header.Set("Accept-Encoding", "identity")
	answer, err := http.DefaultTransport.RoundTrip(passed)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: answer.StatusCode, Type: answer.Header.Get("Content-Type"), Body: text}, nil
}

// Give answers with an answer of moto's.
func (a Answer) Give(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.Type)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}
