package eks

import (
	"encoding/json"
	"net/http"
)

func (s *Server) routeNodeGroups() {
	s.mux.HandleFunc("POST /clusters/{cluster}/node-groups", s.withoutRemoteAccess)
	s.mux.HandleFunc("GET /clusters/{cluster}/node-groups/{group}", s.withoutRemoteAccess)
}

// withoutRemoteAccess passes a request on, and takes from the answer what moto says of remote access where none was
// asked for. EKS says nothing, and to Terraform the difference means a new node group.
func (s *Server) withoutRemoteAccess(w http.ResponseWriter, r *http.Request) {
	status, answer, failed := s.ask(r)
	if failed != nil {
		refuse(w, failed)
		return
	}
	var decoded struct {
		Group map[string]any `json:"nodegroup"`
	}
	if status == http.StatusOK && json.Unmarshal(answer, &decoded) == nil && decoded.Group != nil {
		if access, _ := decoded.Group["remoteAccess"].(map[string]any); access["ec2SshKey"] == nil {
			delete(decoded.Group, "remoteAccess")
		}
		answer, _ = json.Marshal(decoded)
	}
	give(w, status, answer)
}
