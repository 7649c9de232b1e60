// Package rds puts right what moto 5.2.5 says of databases: it gives all of them the same DbiResourceId, a constant,
// by which Terraform looks one up; it does not say that a parameter was set by a user; and it forgets Performance
// Insights.
package rds

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"example.com/mlops-platform/test/aws/emulator/upstream"
)

// same is what moto calls every database (moto/rds/models.py).
const same = "db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U"

var silence = regexp.MustCompile(`<PerformanceInsightsEnabled>[^<]*</PerformanceInsightsEnabled>`)

var identifier = regexp.MustCompile(`<DBInstanceIdentifier>([^<]+)</DBInstanceIdentifier>`)

// Server answers for the databases that moto keeps.
type Server struct {
	moto *url.URL

	mu       sync.Mutex
	names    map[string]string   // by id
	insights map[string]insights // by name
}

// insights is what a database was asked for of Performance Insights.
type insights struct{ enabled, key string }

// New answers for moto at this address.
func New(moto *url.URL) *Server {
	return &Server{moto: moto, names: map[string]string{}, insights: map[string]insights{}}
}

// Handler answers what is about databases, and is nil for all else.
func (s *Server) Handler(r *http.Request) http.Handler {
	if !strings.HasPrefix(r.URL.Host, "rds.") {
		return nil
	}
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	form, bad := url.ParseQuery(string(body))
	if err != nil || bad != nil {
		http.Error(w, "the body is no form", http.StatusBadRequest)
		return
	}
	s.byName(form)
	s.note(form)
	answer, err := upstream.Ask(s.moto, r, []byte(form.Encode()))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer.Body = s.withIDs(answer.Body)
	if form.Get("Action") == "DescribeDBParameters" {
		// Moto lists what somebody set, and nothing else.
		answer.Body = bytes.ReplaceAll(answer.Body, []byte("</Parameter>"), []byte("<Source>user</Source></Parameter>"))
	}
	answer.Give(w)
}

// byName asks for a database by its name where the request asks by an id that was made here.
func (s *Server) byName(form url.Values) {
	const filter = "Filters.Filter.1."
	if form.Get(filter+"Name") != "dbi-resource-id" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, values := range form {
		if name, known := s.names[values[0]]; known && strings.HasPrefix(key, filter+"Values.") {
			form.Set(filter+"Name", "db-instance-id")
			form.Set(key, name)
		}
	}
}

// note keeps what moto forgets.
func (s *Server) note(form url.Values) {
	if enabled := form.Get("EnablePerformanceInsights"); enabled != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.insights[form.Get("DBInstanceIdentifier")] = insights{enabled, form.Get("PerformanceInsightsKMSKeyId")}
	}
}

// withIDs puts an id of its own, made of its name, into each database of an answer, and what moto forgets.
func (s *Server) withIDs(answer []byte) []byte {
	parts := bytes.SplitAfter(answer, []byte("</DBInstance>"))
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, part := range parts {
		if name := identifier.FindSubmatch(part); name != nil {
			sum := sha256.Sum256(name[1])
			id := "db-" + base32.StdEncoding.EncodeToString(sum[:])[:26]
			s.names[id] = string(name[1])
			part = bytes.ReplaceAll(part, []byte(same), []byte(id))
			if has, known := s.insights[string(name[1])]; known {
				part = bytes.ReplaceAll(silence.ReplaceAll(part, nil), []byte("</DBInstance>"), fmt.Appendf(nil,
					"<PerformanceInsightsEnabled>%s</PerformanceInsightsEnabled>"+
						"<PerformanceInsightsKMSKeyId>%s</PerformanceInsightsKMSKeyId></DBInstance>", has.enabled, has.key))
			}
			parts[n] = part
		}
	}
	return bytes.Join(parts, nil)
}
