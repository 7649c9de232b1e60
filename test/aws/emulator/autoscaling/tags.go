// Package autoscaling keeps the tags of the Auto Scaling groups behind EKS node groups. EKS makes such a group for each
// node group; moto 5.2.5 names one and makes none, so it refuses its tags.
package autoscaling

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Tags holds the tags of groups whose name begins with eks-.
type Tags struct {
	mu   sync.Mutex
	tags map[string]tag // by group and key
}

type tag struct {
	Group     string `xml:"ResourceId"`
	Type      string `xml:"ResourceType"`
	Key       string
	Value     string
	Propagate bool `xml:"PropagateAtLaunch"`
}

// New makes an empty store.
func New() *Tags { return &Tags{tags: map[string]tag{}} }

// Handler answers what is about tags of groups that EKS made.
func (t *Tags) Handler(r *http.Request) http.Handler {
	if !strings.HasPrefix(r.URL.Host, "autoscaling.") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, failed := url.ParseQuery(string(body))
	if err != nil || failed != nil {
		return nil // moto says what is wrong with it
	}
	action := form.Get("Action")
	switch action {
	case "CreateOrUpdateTags", "DeleteTags":
		given := read(form)
		if slices.ContainsFunc(given, func(each tag) bool { return !strings.HasPrefix(each.Group, "eks-") }) {
			return nil
		}
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			t.change(given, action == "DeleteTags")
			write(w, action, nil)
		})
	case "DescribeTags":
		wanted := filters(form)
		if !slices.ContainsFunc(wanted["auto-scaling-group"], func(g string) bool { return strings.HasPrefix(g, "eks-") }) {
			return nil
		}
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, action, t.find(wanted)) })
	}
	return nil
}

func (t *Tags) change(given []tag, remove bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, each := range given {
		if remove {
			delete(t.tags, each.Group+" "+each.Key)
		} else {
			t.tags[each.Group+" "+each.Key] = each
		}
	}
}

func (t *Tags) find(wanted map[string][]string) []tag {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := []tag{}
	for _, each := range t.tags {
		has := map[string]string{"auto-scaling-group": each.Group, "key": each.Key, "value": each.Value}
		matches := true
		for name, values := range wanted {
			matches = matches && slices.Contains(values, has[name])
		}
		if matches {
			found = append(found, each)
		}
	}
	slices.SortFunc(found, func(a, b tag) int { return cmp.Compare(a.Group+a.Key, b.Group+b.Key) })
	return found
}

// read takes Tags.member.N from a request.
func read(form url.Values) []tag {
	var found []tag
	for n := 1; ; n++ {
		prefix := fmt.Sprintf("Tags.member.%d.", n)
		if !form.Has(prefix + "Key") {
			return found
		}
		found = append(found, tag{
			Group: form.Get(prefix + "ResourceId"), Type: form.Get(prefix + "ResourceType"), Key: form.Get(prefix + "Key"),
			Value: form.Get(prefix + "Value"), Propagate: form.Get(prefix+"PropagateAtLaunch") == "true",
		})
	}
}

// filters takes Filters.member.N from a request: the values that each name may have.
func filters(form url.Values) map[string][]string {
	found := map[string][]string{}
	for n := 1; ; n++ {
		prefix := fmt.Sprintf("Filters.member.%d.", n)
		name := form.Get(prefix + "Name")
		if name == "" {
			return found
		}
		for v := 1; form.Has(fmt.Sprintf("%sValues.member.%d", prefix, v)); v++ {
			found[name] = append(found[name], form.Get(fmt.Sprintf("%sValues.member.%d", prefix, v)))
		}
	}
}

// write answers as the Query protocol does: ACTIONResponse around ACTIONResult.
func write(w http.ResponseWriter, action string, tags []tag) {
	type result struct {
		XMLName xml.Name
		Tags    []tag `xml:"Tags>member"`
	}
	answer := struct {
		XMLName xml.Name
		Result  result
		Request string `xml:"ResponseMetadata>RequestId"`
	}{
		XMLName: xml.Name{Space: "http://autoscaling.amazonaws.com/doc/2011-01-01/", Local: action + "Response"},
		Result:  result{XMLName: xml.Name{Local: action + "Result"}, Tags: tags},
		Request: "emulated",
	}
	w.Header().Set("Content-Type", "text/xml")
	_ = xml.NewEncoder(w).Encode(answer)
}
