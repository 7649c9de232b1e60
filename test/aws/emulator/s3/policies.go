// Package s3 keeps the policies of buckets in the place of moto 5.2.5. Moto enforces them and looks at no condition but
// StringEquals (moto/iam/access_control.py), so "deny what comes without TLS" would deny everything. Here they are kept
// and given back as they came; what they allow is asked of an evaluator (test/aws/iam).
package s3

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"sync"
)

// maxPolicy is the size limit of a bucket's policy, in bytes
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html).
const maxPolicy = 20 << 10

// Policies holds the policy of each bucket.
type Policies struct {
	mu       sync.Mutex
	byBucket map[string][]byte
}

// New makes an empty store.
func New() *Policies { return &Policies{byBucket: map[string][]byte{}} }

// bucket is the name in BUCKET.s3.REGION.amazonaws.com, or "" when the host is another.
func bucket(r *http.Request) string {
	name, rest, found := strings.Cut(r.URL.Hostname(), ".s3.")
	if !found || !strings.HasSuffix(rest, "amazonaws.com") {
		return ""
	}
	return name
}

// Handler answers what is about the policy of a bucket, and is nil for all else. A policy ends with its bucket.
func (p *Policies) Handler(r *http.Request) http.Handler {
	name := bucket(r)
	if name == "" || strings.Trim(r.URL.Path, "/") != "" {
		return nil
	}
	if r.Method == http.MethodDelete && r.URL.RawQuery == "" {
		p.mu.Lock()
		delete(p.byBucket, name)
		p.mu.Unlock()
	}
	if !r.URL.Query().Has("policy") {
		return nil
	}
	return p
}

func (p *Policies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := bucket(r)
	switch r.Method {
	case http.MethodPut:
		policy, err := io.ReadAll(io.LimitReader(r.Body, maxPolicy+1))
		if err != nil || len(policy) > maxPolicy {
			refuse(w, http.StatusBadRequest, "MalformedPolicy", name)
			return
		}
		p.byBucket[name] = policy
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		policy, found := p.byBucket[name]
		if !found {
			refuse(w, http.StatusNotFound, "NoSuchBucketPolicy", name)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(policy)
	case http.MethodDelete:
		delete(p.byBucket, name)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", name)
	}
}

// refuse answers with an error of the S3 API.
func refuse(w http.ResponseWriter, status int, code, bucket string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Bucket  string `xml:"BucketName"`
	}{Code: code, Bucket: bucket})
}
