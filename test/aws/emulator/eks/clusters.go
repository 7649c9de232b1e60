package eks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"example.com/mlops-platform/test/aws/emulator/upstream"
)

// extras is what moto forgets of a cluster: how it is accessed, how it is supported, and what EKS makes for it, a
// security group and an issuer of tokens.
type extras struct {
	Access  json.RawMessage `json:"accessConfig"`
	Upgrade json.RawMessage `json:"upgradePolicy"`
	Network struct {
		Subnets []string `json:"subnetIds"`
	} `json:"resourcesVpcConfig"`

	vpc, group, issuer string
}

func (s *Server) routeClusters() {
	s.mux.HandleFunc("POST /clusters", s.createCluster)
	s.mux.HandleFunc("GET /clusters/{cluster}", s.describeCluster)
	s.mux.HandleFunc("DELETE /clusters/{cluster}", s.deleteCluster)
}

func (s *Server) createCluster(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var given extras
	var named struct{ Name string }
	if json.Unmarshal(body, &given) != nil || json.Unmarshal(body, &named) != nil {
		refuse(w, invalid("the body is not the JSON of a cluster"))
		return
	}
	status, answer, failed := s.ask(r)
	if failed == nil && status == http.StatusOK {
		failed = s.makeGroup(r, named.Name, &given)
	}
	if failed != nil {
		refuse(w, failed)
		return
	}
	if status == http.StatusOK {
		s.mu.Lock()
		s.clusters[named.Name] = &given
		s.mu.Unlock()
	}
	s.complete(w, named.Name, status, answer)
}

func (s *Server) describeCluster(w http.ResponseWriter, r *http.Request) {
	status, answer, failed := s.ask(r)
	if failed != nil {
		refuse(w, failed)
		return
	}
	s.complete(w, r.PathValue("cluster"), status, answer)
}

func (s *Server) deleteCluster(w http.ResponseWriter, r *http.Request) {
	status, answer, failed := s.ask(r)
	name := r.PathValue("cluster")
	s.mu.Lock()
	had := s.clusters[name]
	s.mu.Unlock()
	if failed == nil && status == http.StatusOK && had != nil {
		_, err := s.ec2(r).DeleteSecurityGroup(r.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &had.group})
		if err != nil {
			failed = &fault{http.StatusInternalServerError, "ServerException", err.Error()}
		}
	}
	if failed != nil {
		refuse(w, failed)
		return
	}
	s.complete(w, name, status, answer)
}

// makeGroup makes the cluster's security group, in the VPC of its subnets, and gives it an issuer.
func (s *Server) makeGroup(r *http.Request, name string, given *extras) *fault {
	client := s.ec2(r)
	subnets, err := client.DescribeSubnets(r.Context(), &ec2.DescribeSubnetsInput{SubnetIds: given.Network.Subnets})
	if err != nil || len(subnets.Subnets) == 0 {
		return invalid("The subnets %v do not exist: %v", given.Network.Subnets, err)
	}
	given.vpc = aws.ToString(subnets.Subnets[0].VpcId)
	group, err := client.CreateSecurityGroup(r.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("eks-cluster-sg-" + name), VpcId: &given.vpc,
		Description: aws.String("EKS created security group for the control plane and the nodes"),
	})
	if err != nil {
		return &fault{http.StatusInternalServerError, "ServerException", err.Error()}
	}
	given.group = aws.ToString(group.GroupId)
	given.issuer = fmt.Sprintf("https://oidc.eks.%s.amazonaws.com/id/%032X", region(r), s.made.Add(1))
	return nil
}

// complete answers with moto's answer and what it lacks.
func (s *Server) complete(w http.ResponseWriter, name string, status int, answer []byte) {
	var decoded struct {
		Cluster map[string]any `json:"cluster"`
	}
	s.mu.Lock()
	has := s.clusters[name]
	s.mu.Unlock()
	if status == http.StatusOK && has != nil && json.Unmarshal(answer, &decoded) == nil {
		if has.Access != nil {
			decoded.Cluster["accessConfig"] = has.Access
		}
		if has.Upgrade != nil {
			decoded.Cluster["upgradePolicy"] = has.Upgrade
		}
		if network, ok := decoded.Cluster["resourcesVpcConfig"].(map[string]any); ok {
			network["clusterSecurityGroupId"], network["vpcId"] = has.group, has.vpc
		}
		// Moto gives all clusters one issuer, and IAM takes an issuer once.
		decoded.Cluster["identity"] = map[string]any{"oidc": map[string]string{"issuer": has.issuer}}
		answer, _ = json.Marshal(decoded)
	}
	give(w, status, answer)
}

// give answers with moto's answer.
func give(w http.ResponseWriter, status int, answer []byte) {
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusNotFound {
		w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// ask gives a request to moto as it is.
func (s *Server) ask(r *http.Request) (int, []byte, *fault) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, invalid("the body ends early: %v", err)
	}
	answer, err := upstream.Ask(s.moto, r, body)
	if err != nil {
		return 0, nil, &fault{http.StatusInternalServerError, "ServerException", err.Error()}
	}
	return answer.Status, answer.Body, nil
}

// ec2 is a client for moto's EC2, in the region of a request.
func (s *Server) ec2(r *http.Request) *ec2.Client {
	return ec2.New(ec2.Options{
		Region: region(r), BaseEndpoint: aws.String(s.moto.String()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "emulated", SecretAccessKey: "emulated"}, nil
		}),
	})
}
