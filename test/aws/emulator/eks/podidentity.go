package eks

import "fmt"

type association struct {
	Cluster        string            `json:"clusterName"`
	Namespace      string            `json:"namespace"`
	ServiceAccount string            `json:"serviceAccount"`
	Role           string            `json:"roleArn"`
	ARN            string            `json:"associationArn"`
	ID             string            `json:"associationId"`
	Tags           map[string]string `json:"tags"`
	Created        float64           `json:"createdAt"`
	Modified       float64           `json:"modifiedAt"`
	Owner          string            `json:"ownerArn,omitempty"`
}

func (s *Server) routeAssociations() {
	s.route("POST /clusters/{cluster}/pod-identity-associations", s.createAssociation)
	s.route("GET /clusters/{cluster}/pod-identity-associations", s.listAssociations)
	s.route("GET /clusters/{cluster}/pod-identity-associations/{association}", s.describeAssociation)
	s.route("POST /clusters/{cluster}/pod-identity-associations/{association}", s.updateAssociation)
	s.route("DELETE /clusters/{cluster}/pod-identity-associations/{association}", s.deleteAssociation)
}

// associate makes an association.
func (s *Server) associate(c call, namespace, account, role string, tags map[string]string) *association {
	id := fmt.Sprintf("a-%017d", s.next())
	made := &association{
		Cluster: c.cluster, Namespace: namespace, ServiceAccount: account, Role: role, ID: id,
		ARN: s.arn(c, "podidentityassociation", id), Tags: orEmpty(tags), Created: stamp(), Modified: stamp(),
	}
	s.associations[c.cluster+"/"+id] = made
	return made
}

func (s *Server) createAssociation(c call) (any, *fault) {
	var given association
	if failed := c.read(&given); failed != nil {
		return nil, failed
	}
	for _, each := range s.associations {
		if each.Cluster == c.cluster && each.Namespace == given.Namespace && each.ServiceAccount == given.ServiceAccount {
			return nil, inUse("Association already exists: %s", each.ID)
		}
	}
	made := s.associate(c, given.Namespace, given.ServiceAccount, given.Role, given.Tags)
	return map[string]any{"association": made}, nil
}

func (s *Server) association(c call) (*association, *fault) {
	id := c.PathValue("association")
	if found := s.associations[c.cluster+"/"+id]; found != nil {
		return found, nil
	}
	return nil, notFound("The association ID does not exist: %s", id)
}

func (s *Server) describeAssociation(c call) (any, *fault) {
	found, failed := s.association(c)
	return map[string]any{"association": found}, failed
}

func (s *Server) listAssociations(c call) (any, *fault) {
	query := c.URL.Query()
	namespace, account := query.Get("namespace"), query.Get("serviceAccount")
	found := []*association{}
	for _, each := range s.associations {
		if each.Cluster == c.cluster && (namespace == "" || namespace == each.Namespace) &&
			(account == "" || account == each.ServiceAccount) {
			found = append(found, each)
		}
	}
	return map[string]any{"associations": found}, nil
}

func (s *Server) updateAssociation(c call) (any, *fault) {
	found, failed := s.association(c)
	if failed != nil {
		return nil, failed
	}
	given := association{Role: found.Role}
	if failed := c.read(&given); failed != nil {
		return nil, failed
	}
	found.Role, found.Modified = given.Role, stamp()
	return map[string]any{"association": found}, nil
}

func (s *Server) deleteAssociation(c call) (any, *fault) {
	found, failed := s.association(c)
	if failed != nil {
		return nil, failed
	}
	delete(s.associations, c.cluster+"/"+found.ID)
	return map[string]any{"association": found}, nil
}
