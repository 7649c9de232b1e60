// Package cluster empties a cluster of what AWS would otherwise be left with: its nodes and its ties to target groups.
package cluster

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/client-go/rest"
)

// reachLimit bounds the wait for an API that does not answer: a private endpoint from outside the VPC never does.
const reachLimit = 15 * time.Second

// Config is the way into a cluster of EKS as an IAM role, which is assumed unless the caller is that role already.
func Config(found *ekstypes.Cluster, account aws.Config, caller, role string) (*rest.Config, error) {
	if found.Endpoint == nil || found.CertificateAuthority == nil {
		return nil, fmt.Errorf("cluster %s is %s and has no API", aws.ToString(found.Name), found.Status)
	}
	authority, err := base64.StdEncoding.DecodeString(aws.ToString(found.CertificateAuthority.Data))
	if err != nil {
		return nil, fmt.Errorf("the certificate of cluster %s: %w", aws.ToString(found.Name), err)
	}
	account = account.Copy()
	if !isRole(caller, role) {
		account.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(account), role))
	}
	signer := &tokens{cluster: aws.ToString(found.Name), client: sts.NewPresignClient(sts.NewFromConfig(account))}
	return &rest.Config{
		Host:            aws.ToString(found.Endpoint),
		TLSClientConfig: rest.TLSClientConfig{CAData: authority},
		WrapTransport:   func(next http.RoundTripper) http.RoundTripper { return bearer{signer, next} },
	}, nil
}

// isRole tells whether the ARN of a session is one of a role: the session's has the role's name, without its path.
func isRole(caller, role string) bool {
	_, path, ok := strings.Cut(role, ":role/")
	name := path[strings.LastIndex(path, "/")+1:]
	return ok && name != "" && strings.Contains(caller, ":assumed-role/"+name+"/")
}

// ErrUnreachable is what Reach returns when nothing answers.
var ErrUnreachable = errors.New("the cluster does not answer")

// Reach tells whether the API answers and lets the caller in.
func Reach(ctx context.Context, config *rest.Config) error {
	config = rest.CopyConfig(config)
	config.Timeout = reachLimit
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(config.Host, "/")+"/apis", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%w as it should: %s says %s", ErrUnreachable, config.Host, answer.Status)
	}
	return nil
}
