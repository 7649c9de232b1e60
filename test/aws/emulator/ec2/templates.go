// Package ec2 puts right what moto 5.2.5 says of launch templates: it lists the tags of the template itself among those
// of the instances to come, so to Terraform the template has changed.
package ec2

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"example.com/mlops-platform/test/aws/emulator/upstream"
)

// misplaced is the entry that belongs to the template and not to its data.
var misplaced = regexp.MustCompile(
	`(?s)<item>\s*<resourceType>launch-template</resourceType>\s*<tagSet>.*?</tagSet>\s*</item>`)

// Templates are the launch templates that moto keeps.
type Templates struct{ moto *url.URL }

// New puts right what moto at this address says.
func New(moto *url.URL) *Templates { return &Templates{moto} }

// Handler answers with the versions of a launch template, and is nil for all else.
func (t *Templates) Handler(r *http.Request) http.Handler {
	if !strings.HasPrefix(r.URL.Host, "ec2.") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil || !bytes.Contains(body, []byte("Action=DescribeLaunchTemplateVersions")) {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer, err := upstream.Ask(t.moto, r, body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer.Body = misplaced.ReplaceAll(answer.Body, nil)
		answer.Give(w)
	})
}
