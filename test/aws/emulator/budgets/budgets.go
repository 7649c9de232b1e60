// Package budgets answers what moto 5.2.5 lacks of the Budgets API: who hears of a notification, and tags. It notes
// both as they pass to moto, which keeps the budgets themselves
// (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html).
package budgets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

const service = "AWSBudgetServiceGateway."

// Server holds what moto forgets.
type Server struct {
	mu          sync.Mutex
	subscribers map[string][]subscriber      // by notification
	tags        map[string]map[string]string // by ARN
}

type subscriber struct {
	Type    string `json:"SubscriptionType"`
	Address string
}

type tag struct{ Key, Value string }

// request has the fields of all requests that are looked at.
type request struct {
	Account string `json:"AccountId"`
	Name    string `json:"BudgetName"`
	Budget  struct {
		Name string `json:"BudgetName"`
	}
	Notification struct {
		Type          string  `json:"NotificationType"`
		Operator      string  `json:"ComparisonOperator"`
		Threshold     float64 `json:"Threshold"`
		ThresholdType string
	}
	Subscribers []subscriber
	ARN         string   `json:"ResourceARN"`
	Tags        []tag    `json:"ResourceTags"`
	Keys        []string `json:"ResourceTagKeys"`
}

func (r request) notification() string {
	return fmt.Sprintf("%s/%s/%v", r.Account, r.Name, r.Notification)
}

func (r request) arn() string {
	return fmt.Sprintf("arn:aws:budgets::%s:budget/%s", r.Account, r.Budget.Name)
}

// New makes an empty store.
func New() *Server {
	return &Server{subscribers: map[string][]subscriber{}, tags: map[string]map[string]string{}}
}

// Handler answers what moto lacks, and is nil for what it has.
func (s *Server) Handler(r *http.Request) http.Handler {
	action, found := strings.CutPrefix(r.Header.Get("X-Amz-Target"), service)
	if !found {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var given request
	if err != nil || json.Unmarshal(body, &given) != nil {
		return nil // moto says what is wrong with it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch action {
	case "CreateBudget":
		s.tag(given.arn(), given.Tags)
	case "CreateNotification":
		s.subscribers[given.notification()] = given.Subscribers
	case "DescribeSubscribersForNotification":
		return answer(map[string]any{"Subscribers": s.subscribers[given.notification()]})
	case "TagResource":
		s.tag(given.ARN, given.Tags)
		return answer(struct{}{})
	case "UntagResource":
		maps.DeleteFunc(s.tags[given.ARN], func(key, _ string) bool { return slices.Contains(given.Keys, key) })
		return answer(struct{}{})
	case "ListTagsForResource":
		tags := []tag{}
		for key, value := range s.tags[given.ARN] {
			tags = append(tags, tag{key, value})
		}
		return answer(map[string]any{"ResourceTags": tags})
	}
	return nil
}

func (s *Server) tag(arn string, tags []tag) {
	if s.tags[arn] == nil {
		s.tags[arn] = map[string]string{}
	}
	for _, each := range tags {
		s.tags[arn][each.Key] = each.Value
	}
}

func answer(body any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(body)
	})
}
