package eks

import (
	"fmt"
	"slices"
	"strings"
)

type entry struct {
	Cluster   string            `json:"clusterName"`
	Principal string            `json:"principalArn"`
	Groups    []string          `json:"kubernetesGroups"`
	ARN       string            `json:"accessEntryArn"`
	Created   float64           `json:"createdAt"`
	Modified  float64           `json:"modifiedAt"`
	Tags      map[string]string `json:"tags"`
	User      string            `json:"username"`
	Type      string            `json:"type"`

	policies []policy
}

type policy struct {
	ARN        string  `json:"policyArn"`
	Scope      scope   `json:"accessScope"`
	Associated float64 `json:"associatedAt"`
	Modified   float64 `json:"modifiedAt"`
}

type scope struct {
	Type       string   `json:"type"`
	Namespaces []string `json:"namespaces"`
}

func (s *Server) routeEntries() {
	s.route("POST /clusters/{cluster}/access-entries", s.createEntry)
	s.route("GET /clusters/{cluster}/access-entries", s.listEntries)
	s.route("GET /clusters/{cluster}/access-entries/{principal}", s.describeEntry)
	s.route("POST /clusters/{cluster}/access-entries/{principal}", s.updateEntry)
	s.route("DELETE /clusters/{cluster}/access-entries/{principal}", s.deleteEntry)
	s.route("POST /clusters/{cluster}/access-entries/{principal}/access-policies", s.associatePolicy)
	s.route("GET /clusters/{cluster}/access-entries/{principal}/access-policies", s.listPolicies)
	s.route("DELETE /clusters/{cluster}/access-entries/{principal}/access-policies/{policy}", s.disassociatePolicy)
}

func (s *Server) createEntry(c call) (any, *fault) {
	given := entry{Type: "STANDARD", Groups: []string{}}
	if failed := c.read(&given); failed != nil {
		return nil, failed
	}
	key := c.cluster + "/" + given.Principal
	if s.entries[key] != nil {
		return nil, inUse("The specified access entry resource is already in use on this cluster.")
	}
	if !strings.HasPrefix(given.Principal, "arn:aws:iam::"+s.account+":") {
		return nil, invalid("The specified principalArn is invalid: it is of another account.")
	}
	given.Cluster, given.Tags = c.cluster, orEmpty(given.Tags)
	given.Created, given.Modified = stamp(), stamp()
	given.ARN = s.arn(c, "access-entry", fmt.Sprintf("role/%s/%d", s.account, s.next()))
	if given.User == "" {
		given.User = strings.Replace(given.Principal, ":iam:", ":sts:", 1)
	}
	s.entries[key] = &given
	return map[string]any{"accessEntry": given}, nil
}

func (s *Server) entry(c call) (*entry, *fault) {
	principal := c.PathValue("principal")
	if found := s.entries[c.cluster+"/"+principal]; found != nil {
		return found, nil
	}
	return nil, notFound("The specified principalArn could not be found. You can view your available access entries "+
		"with 'list-access-entries'. (%s)", principal)
}

func (s *Server) describeEntry(c call) (any, *fault) {
	found, failed := s.entry(c)
	return map[string]any{"accessEntry": found}, failed
}

func (s *Server) listEntries(c call) (any, *fault) {
	names := []string{}
	for _, each := range s.entries {
		if each.Cluster == c.cluster {
			names = append(names, each.Principal)
		}
	}
	slices.Sort(names)
	return map[string]any{"accessEntries": names}, nil
}

func (s *Server) updateEntry(c call) (any, *fault) {
	found, failed := s.entry(c)
	if failed != nil {
		return nil, failed
	}
	given := entry{Groups: found.Groups, User: found.User}
	if failed := c.read(&given); failed != nil {
		return nil, failed
	}
	found.Groups, found.User, found.Modified = given.Groups, given.User, stamp()
	return map[string]any{"accessEntry": found}, nil
}

func (s *Server) deleteEntry(c call) (any, *fault) {
	found, failed := s.entry(c)
	if failed != nil {
		return nil, failed
	}
	delete(s.entries, c.cluster+"/"+found.Principal)
	return map[string]any{}, nil
}

func (s *Server) associatePolicy(c call) (any, *fault) {
	found, failed := s.entry(c)
	if failed != nil {
		return nil, failed
	}
	given := policy{Scope: scope{Namespaces: []string{}}, Associated: stamp(), Modified: stamp()}
	if failed := c.read(&given); failed != nil {
		return nil, failed
	}
	if !strings.HasPrefix(given.ARN, "arn:aws:eks::aws:cluster-access-policy/") {
		return nil, invalid("The policyArn parameter format is not valid")
	}
	found.policies = slices.DeleteFunc(found.policies, func(each policy) bool { return each.ARN == given.ARN })
	found.policies = append(found.policies, given)
	return map[string]any{
		"clusterName": c.cluster, "principalArn": found.Principal, "associatedAccessPolicy": given,
	}, nil
}

func (s *Server) listPolicies(c call) (any, *fault) {
	found, failed := s.entry(c)
	if failed != nil {
		return nil, failed
	}
	return map[string]any{
		"clusterName": c.cluster, "principalArn": found.Principal,
		"associatedAccessPolicies": append([]policy{}, found.policies...),
	}, nil
}

func (s *Server) disassociatePolicy(c call) (any, *fault) {
	found, failed := s.entry(c)
	if failed != nil {
		return nil, failed
	}
	arn := c.PathValue("policy")
	before := len(found.policies)
	found.policies = slices.DeleteFunc(found.policies, func(each policy) bool { return each.ARN == arn })
	if len(found.policies) == before {
		return nil, notFound("The specified policyArn is not associated: %s", arn)
	}
	return map[string]any{}, nil
}
