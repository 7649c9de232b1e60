package eks

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// asked is what a request said of a node group where moto answers something else: with remote access that nobody asked
// for, and without how nodes are repaired and replaced. To Terraform each difference is a change.
type asked struct {
	Name   string          `json:"nodegroupName"`
	Remote json.RawMessage `json:"remoteAccess"`
	Repair json.RawMessage `json:"nodeRepairConfig"`
	Update json.RawMessage `json:"updateConfig"`
}

func (s *Server) routeNodeGroups() {
	s.mux.HandleFunc("POST /clusters/{cluster}/node-groups", s.createGroup)
	s.mux.HandleFunc("GET /clusters/{cluster}/node-groups/{group}", s.describeGroup)
}

func (s *Server) createGroup(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var given asked
	if json.Unmarshal(body, &given) == nil {
		s.mu.Lock()
		s.groups[r.PathValue("cluster")+"/"+given.Name] = &given
		s.mu.Unlock()
	}
	s.group(w, r, given.Name)
}

func (s *Server) describeGroup(w http.ResponseWriter, r *http.Request) {
	s.group(w, r, r.PathValue("group"))
}

// group passes a request on and makes the answer say what was asked for.
func (s *Server) group(w http.ResponseWriter, r *http.Request, name string) {
	status, answer, failed := s.ask(r)
	if failed != nil {
		refuse(w, failed)
		return
	}
	var decoded struct {
		Group map[string]any `json:"nodegroup"`
	}
	s.mu.Lock()
	wanted := s.groups[r.PathValue("cluster")+"/"+name]
	s.mu.Unlock()
	if status == http.StatusOK && wanted != nil && json.Unmarshal(answer, &decoded) == nil && decoded.Group != nil {
		for field, value := range map[string]json.RawMessage{
			"remoteAccess": wanted.Remote, "nodeRepairConfig": wanted.Repair, "updateConfig": wanted.Update,
		} {
			delete(decoded.Group, field)
			if value != nil {
				decoded.Group[field] = value
			}
		}
		answer, _ = json.Marshal(decoded)
	}
	give(w, status, answer)
}
