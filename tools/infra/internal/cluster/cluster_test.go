package cluster

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"k8s.io/client-go/rest"
)

func credentials(t *testing.T) aws.Config {
	t.Helper()
	return aws.Config{
		Region: "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}, nil
		}),
	}
}

// pemOf is the certificate of a server as EKS gives it.
func pemOf(server *httptest.Server) string {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return base64.StdEncoding.EncodeToString(text)
}

func TestTheTokenIsASignedRequestThatNamesTheCluster(t *testing.T) {
	var seen string
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Get("Authorization")
		_, _ = w.Write([]byte("{}"))
	}))
	defer api.Close()
	found := &ekstypes.Cluster{
		Name: aws.String("mlops-dev"), Endpoint: aws.String(api.URL),
		CertificateAuthority: &ekstypes.Certificate{Data: aws.String(pemOf(api))},
	}
	const role = "arn:aws:iam::111122223333:role/people/platform-admin"
	caller := "arn:aws:sts::111122223333:assumed-role/platform-admin/somebody"
	config, err := Config(found, credentials(t), caller, role)
	if err != nil {
		t.Fatal(err)
	}
	if err := Reach(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(seen, "Bearer k8s-aws-v1.")
	if !ok {
		t.Fatalf("the header is %q", seen)
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := url.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	query := signed.Query()
	if signed.Host != "sts.eu-west-1.amazonaws.com" || query.Get("Action") != "GetCallerIdentity" {
		t.Errorf("the request is %s", signed)
	}
	if query.Get("X-Amz-Expires") != "60" || query.Get("X-Amz-Security-Token") != "session" {
		t.Errorf("the request is %s", signed)
	}
	if headers := query.Get("X-Amz-SignedHeaders"); !strings.Contains(headers, "x-k8s-aws-id") {
		t.Errorf("the name of the cluster is not signed: %s", headers)
	}
}

func TestAClusterThatIsNotThereIsUnreachable(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	refuses := &rest.Config{Host: gone.URL}
	if err := Reach(t.Context(), refuses); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a server that knows no /apis: %v", err)
	}
	gone.Close()
	started := time.Now()
	if err := Reach(t.Context(), refuses); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
	if time.Since(started) > reachLimit {
		t.Error("it takes longer than its limit")
	}
	if _, err := Config(&ekstypes.Cluster{Name: aws.String("mlops-dev"), Status: "CREATING"}, aws.Config{}, "", ""); err == nil {
		t.Error("a cluster without an endpoint has a way in")
	}
}

func TestARoleIsAssumedOnlyByWhoIsNotIt(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/platform-admin"
	for caller, is := range map[string]bool{
		"arn:aws:sts::111122223333:assumed-role/platform-admin/somebody":  true,
		"arn:aws:sts::111122223333:assumed-role/platform-admin-2/someone": false,
		"arn:aws:iam::111122223333:user/platform-admin":                   false,
		"": false,
	} {
		if isRole(caller, role) != is {
			t.Errorf("%q is the role: %v", caller, !is)
		}
	}
	if isRole("arn:aws:sts::111122223333:assumed-role//x", "arn:aws:iam::111122223333:role/") {
		t.Error("a role without a name is somebody")
	}
}
