// Package eks answers the part of the EKS API that moto 5.2.5 has not: add-ons, access entries, Pod Identity
// associations, and some fields of a cluster. Requests and answers have the shapes of the EKS API reference
// (https://docs.aws.amazon.com/eks/latest/APIReference/); what it stores lives as long as the process.
package eks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Server holds what the clusters of one account have in add-ons, entries and associations.
type Server struct {
	account string
	moto    *url.URL
	mux     *http.ServeMux
	made    atomic.Int64 // clusters so far

	mu           sync.Mutex
	addons       map[string]*addon       // by cluster/name
	entries      map[string]*entry       // by cluster/principal
	associations map[string]*association // by cluster/id
	updates      map[string]*update      // by cluster/id
	clusters     map[string]*extras      // by name
	groups       map[string]*asked       // by cluster/name
	number       int                     // of what was made last
}

// New makes the answers for an account whose clusters moto keeps.
func New(account string, moto *url.URL) *Server {
	s := &Server{
		account: account, moto: moto, mux: http.NewServeMux(),
		addons: map[string]*addon{}, entries: map[string]*entry{},
		associations: map[string]*association{}, updates: map[string]*update{},
		clusters: map[string]*extras{}, groups: map[string]*asked{},
	}
	s.routeClusters()
	s.routeNodeGroups()
	s.routeAddons()
	s.routeEntries()
	s.routeAssociations()
	return s
}

// Handler answers what moto lacks, and is nil for what it has.
func (s *Server) Handler(r *http.Request) http.Handler {
	if !strings.HasPrefix(r.URL.Host, "eks.") {
		return nil
	}
	if handler, pattern := s.mux.Handler(r); pattern != "" && handler != nil {
		// The mux itself, not what it found: it sets the values of the path.
		return s.mux
	}
	return nil
}

// fault is an error of the API: its name and what it says.
type fault struct {
	status int
	name   string
	text   string
}

func (f *fault) Error() string { return f.name + ": " + f.text }

func notFound(format string, a ...any) *fault {
	return &fault{http.StatusNotFound, "ResourceNotFoundException", fmt.Sprintf(format, a...)}
}

func inUse(format string, a ...any) *fault {
	return &fault{http.StatusConflict, "ResourceInUseException", fmt.Sprintf(format, a...)}
}

func invalid(format string, a ...any) *fault {
	return &fault{http.StatusBadRequest, "InvalidParameterException", fmt.Sprintf(format, a...)}
}

// call is one request for something of a cluster.
type call struct {
	*http.Request
	cluster string
	region  string
}

// read decodes the body.
func (c call) read(into any) *fault {
	if err := json.NewDecoder(c.Body).Decode(into); err != nil {
		return invalid("the body is not the JSON of this request: %v", err)
	}
	return nil
}

// route answers a pattern with what handle returns, as JSON, when the cluster in its path exists.
func (s *Server) route(pattern string, handle func(call) (any, *fault)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		c := call{Request: r, cluster: r.PathValue("cluster"), region: region(r)}
		answer, failed := any(nil), s.mustExist(c)
		if failed == nil {
			s.mu.Lock()
			answer, failed = handle(c)
			s.mu.Unlock()
		}
		if failed != nil {
			refuse(w, failed)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// refuse answers with an error of the API.
func refuse(w http.ResponseWriter, f *fault) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", f.name)
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": f.text})
}

// region is that of the API asked: its host is eks.REGION.amazonaws.com.
func region(r *http.Request) string { return strings.Split(r.URL.Host, ".")[1] }

// mustExist asks moto for the cluster.
func (s *Server) mustExist(c call) *fault {
	address := s.moto.JoinPath("clusters", c.cluster)
	request, err := http.NewRequestWithContext(c.Context(), http.MethodGet, address.String(), nil)
	if err != nil {
		return invalid("%v", err)
	}
	request.Host = c.URL.Host
	request.Header.Set("Authorization", c.Header.Get("Authorization"))
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return &fault{http.StatusInternalServerError, "ServerException", err.Error()}
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return notFound("No cluster found for name: %s.", c.cluster)
	}
	return nil
}

// arn names something of a cluster.
func (s *Server) arn(c call, kind, rest string) string {
	return fmt.Sprintf("arn:aws:eks:%s:%s:%s/%s/%s", c.region, s.account, kind, c.cluster, rest)
}

// next gives a number to what is made now.
func (s *Server) next() int {
	s.number++
	return s.number
}

// stamp is the time as the API writes it: seconds since 1970.
func stamp() float64 { return float64(time.Now().UnixMilli()) / 1000 }
