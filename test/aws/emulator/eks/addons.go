package eks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

type addon struct {
	Name                    string            `json:"addonName"`
	Cluster                 string            `json:"clusterName"`
	Status                  string            `json:"status"`
	Version                 string            `json:"addonVersion"`
	ARN                     string            `json:"addonArn"`
	Created                 float64           `json:"createdAt"`
	Modified                float64           `json:"modifiedAt"`
	Role                    string            `json:"serviceAccountRoleArn,omitempty"`
	Tags                    map[string]string `json:"tags"`
	Configuration           string            `json:"configurationValues,omitempty"`
	PodIdentityAssociations []string          `json:"podIdentityAssociations"`
	Health                  health            `json:"health"`
}

type health struct {
	Issues []string `json:"issues"`
}

type update struct {
	ID     string   `json:"id"`
	Status string   `json:"status"`
	Type   string   `json:"type"`
	Errors []string `json:"errors"`
}

// addonRequest is the body of CreateAddon and UpdateAddon.
type addonRequest struct {
	Name                    string            `json:"addonName"`
	Version                 string            `json:"addonVersion"`
	Role                    string            `json:"serviceAccountRoleArn"`
	Tags                    map[string]string `json:"tags"`
	Configuration           string            `json:"configurationValues"`
	PodIdentityAssociations *[]struct {
		ServiceAccount string `json:"serviceAccount"`
		Role           string `json:"roleArn"`
	} `json:"podIdentityAssociations"`
}

// namespaces says where each add-on that may have a role runs; EKS knows this, and a request does not say it.
var namespaces = map[string]string{
	"amazon-cloudwatch-observability": "amazon-cloudwatch",
	"aws-ebs-csi-driver":              "kube-system",
	"vpc-cni":                         "kube-system",
}

func (s *Server) routeAddons() {
	s.route("POST /clusters/{cluster}/addons", s.createAddon)
	s.route("GET /clusters/{cluster}/addons", s.listAddons)
	s.route("GET /clusters/{cluster}/addons/{addon}", s.describeAddon)
	s.route("POST /clusters/{cluster}/addons/{addon}/update", s.updateAddon)
	s.route("DELETE /clusters/{cluster}/addons/{addon}", s.deleteAddon)
	s.route("GET /clusters/{cluster}/updates/{update}", s.describeUpdate)
}

func (s *Server) createAddon(c call) (any, *fault) {
	var given addonRequest
	if failed := c.read(&given); failed != nil {
		return nil, failed
	}
	key := c.cluster + "/" + given.Name
	if s.addons[key] != nil {
		return nil, inUse("Addon already exists.")
	}
	version := given.Version
	if version == "" {
		version = "v1.0.0-eksbuild.1"
	}
	made := &addon{
		Name: given.Name, Cluster: c.cluster, Status: "ACTIVE", Version: version, Created: stamp(), Modified: stamp(),
		ARN: s.arn(c, "addon", fmt.Sprintf("%s/%d", given.Name, s.next())), Role: given.Role, Tags: orEmpty(given.Tags),
		PodIdentityAssociations: []string{}, Health: health{Issues: []string{}},
	}
	if failed := s.apply(c, made, given); failed != nil {
		return nil, failed
	}
	s.addons[key] = made
	return map[string]any{"addon": made}, nil
}

// apply puts what create and update have in common into an add-on.
func (s *Server) apply(c call, a *addon, given addonRequest) *fault {
	if given.Configuration != "" && !json.Valid([]byte(given.Configuration)) {
		return invalid("ConfigurationValue is not in valid JSON format")
	}
	a.Configuration, a.Modified = given.Configuration, stamp()
	if given.PodIdentityAssociations == nil {
		return nil
	}
	s.dropAssociations(a)
	for _, each := range *given.PodIdentityAssociations {
		namespace, known := namespaces[a.Name]
		if !known {
			return invalid("Addon %s does not support pod identity associations", a.Name)
		}
		made := s.associate(c, namespace, each.ServiceAccount, each.Role, nil)
		made.Owner = a.ARN
		a.PodIdentityAssociations = append(a.PodIdentityAssociations, made.ARN)
	}
	return nil
}

func (s *Server) dropAssociations(a *addon) {
	for _, arn := range a.PodIdentityAssociations {
		delete(s.associations, a.Cluster+"/"+arn[strings.LastIndex(arn, "/")+1:])
	}
	a.PodIdentityAssociations = []string{}
}

func (s *Server) addon(c call) (*addon, *fault) {
	name := c.PathValue("addon")
	if found := s.addons[c.cluster+"/"+name]; found != nil {
		return found, nil
	}
	return nil, notFound("No addon: %s found in cluster: %s", name, c.cluster)
}

func (s *Server) describeAddon(c call) (any, *fault) {
	found, failed := s.addon(c)
	return map[string]any{"addon": found}, failed
}

func (s *Server) listAddons(c call) (any, *fault) {
	names := []string{}
	for _, each := range s.addons {
		if each.Cluster == c.cluster {
			names = append(names, each.Name)
		}
	}
	slices.Sort(names)
	return map[string]any{"addons": names}, nil
}

func (s *Server) updateAddon(c call) (any, *fault) {
	found, failed := s.addon(c)
	if failed != nil {
		return nil, failed
	}
	var given addonRequest
	if failed := c.read(&given); failed != nil {
		return nil, failed
	}
	if failed := s.apply(c, found, given); failed != nil {
		return nil, failed
	}
	if given.Version != "" {
		found.Version = given.Version
	}
	made := &update{ID: fmt.Sprintf("update-%d", s.next()), Status: "Successful", Type: "AddonUpdate", Errors: []string{}}
	s.updates[c.cluster+"/"+made.ID] = made
	return map[string]any{"update": made}, nil
}

func (s *Server) deleteAddon(c call) (any, *fault) {
	found, failed := s.addon(c)
	if failed != nil {
		return nil, failed
	}
	s.dropAssociations(found)
	delete(s.addons, c.cluster+"/"+found.Name)
	return map[string]any{"addon": found}, nil
}

func (s *Server) describeUpdate(c call) (any, *fault) {
	id := c.PathValue("update")
	if found := s.updates[c.cluster+"/"+id]; found != nil {
		return map[string]any{"update": found}, nil
	}
	// An update of what moto keeps is done when it answers.
	done := &update{ID: id, Status: "Successful", Type: "ConfigUpdate", Errors: []string{}}
	if c.Method != http.MethodGet {
		return nil, notFound("No update: %s", id)
	}
	return map[string]any{"update": done}, nil
}

func orEmpty(tags map[string]string) map[string]string {
	if tags == nil {
		return map[string]string{}
	}
	return tags
}
