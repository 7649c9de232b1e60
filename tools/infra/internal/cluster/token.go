package cluster

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// tokenLife is how long a token is used. EKS takes one for 15 minutes after it was signed.
const tokenLife = 10 * time.Minute

// tokens makes the tokens that EKS knows an IAM role by: a signed request to STS, in which the cluster is named. It is
// what `aws eks get-token` prints.
type tokens struct {
	cluster string
	client  *sts.PresignClient

	mu     sync.Mutex
	token  string
	signed time.Time
}

func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && time.Since(t.signed) < tokenLife {
		return t.token, nil
	}
	request, err := t.client.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions,
				smithyhttp.SetHeaderValue("x-k8s-aws-id", t.cluster), smithyhttp.SetHeaderValue("X-Amz-Expires", "60"))
		})
	})
	if err != nil {
		return "", fmt.Errorf("no token for the cluster: %w", err)
	}
	t.token = "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(request.URL))
	t.signed = time.Now()
	return t.token, nil
}

// bearer sends each request with a token that is valid.
type bearer struct {
	tokens *tokens
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := b.tokens.get(r.Context())
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return b.next.RoundTrip(r)
}
