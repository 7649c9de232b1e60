// Package rds tells the databases of moto 5.2.5 apart: it gives all of them the same DbiResourceId, a constant, by which
// Terraform looks one up.
package rds

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// same is what moto calls every database (moto/rds/models.py).
const same = "db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U"

var identifier = regexp.MustCompile(`<DBInstanceIdentifier>([^<]+)</DBInstanceIdentifier>`)

// Identities gives each database an id of its own, made of its name.
type Identities struct {
	moto *url.URL

	mu    sync.Mutex
	names map[string]string // by id
}

// New makes ids for the databases that moto keeps.
func New(moto *url.URL) *Identities { return &Identities{moto: moto, names: map[string]string{}} }

// Handler passes what is about databases on, and is nil for all else.
func (i *Identities) Handler(r *http.Request) http.Handler {
	if !strings.HasPrefix(r.URL.Host, "rds.") {
		return nil
	}
	return i
}

func (i *Identities) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	form, bad := url.ParseQuery(string(body))
	if err != nil || bad != nil {
		http.Error(w, "the body is no form", http.StatusBadRequest)
		return
	}
	i.byName(form)
	answer, err := i.ask(r, form)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(i.withIDs(text))
}

// byName asks for a database by its name where the request asks by an id that was made here.
func (i *Identities) byName(form url.Values) {
	const filter = "Filters.Filter.1."
	if form.Get(filter+"Name") != "dbi-resource-id" {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for key, values := range form {
		if name, known := i.names[values[0]]; known && strings.HasPrefix(key, filter+"Values.") {
			form.Set(filter+"Name", "db-instance-id")
			form.Set(key, name)
		}
	}
}

// ask gives the request to moto, with another form.
func (i *Identities) ask(r *http.Request, form url.Values) (*http.Response, error) {
	body := form.Encode()
	passed := r.Clone(r.Context())
	passed.Host, passed.RequestURI = r.URL.Host, ""
	passed.URL.Scheme, passed.URL.Host = i.moto.Scheme, i.moto.Host
	passed.Body, passed.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	passed.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return http.DefaultTransport.RoundTrip(passed)
}

// withIDs puts an id of its own into each database of an answer.
func (i *Identities) withIDs(answer []byte) []byte {
	parts := bytes.SplitAfter(answer, []byte("</DBInstance>"))
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, part := range parts {
		if name := identifier.FindSubmatch(part); name != nil {
			sum := sha256.Sum256(name[1])
			id := "db-" + base32.StdEncoding.EncodeToString(sum[:])[:26]
			i.names[id] = string(name[1])
			parts[n] = bytes.ReplaceAll(part, []byte(same), []byte(id))
		}
	}
	return bytes.Join(parts, nil)
}
