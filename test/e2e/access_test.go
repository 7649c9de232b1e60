package e2e

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorization "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

var update = flag.Bool("update", false, "write testdata/access.txt anew")

// The namespaces whose accounts are ours.
var namespaces = []string{"argo", "argo-rollouts", "argocd", "git", "inference", "mlflow", "training"}

const golden = "testdata/access.txt"

func TestEachAccountMayDoWhatTheTableSaysAndNothingMore(t *testing.T) {
	p := given(t)
	accounts, err := kubernetes.NewForConfig(p.Config)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, namespace := range namespaces {
		list, err := accounts.CoreV1().ServiceAccounts(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, account := range list.Items {
			lines = append(lines, p.rights(t, namespace, account.Name)...)
		}
	}
	text := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("rights differ from %s (-table +cluster):\n%s", golden, diff)
	}
}

// rights lists what an account may do in each of the namespaces, one line per rule, without what everybody may.
func (p *platform) rights(t *testing.T, namespace, name string) []string {
	t.Helper()
	config := rest.CopyConfig(p.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":" + name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string][]string{} // rule to the namespaces where it holds
	for _, where := range append([]string{"kube-system"}, namespaces...) {
		review, err := client.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(),
			&authorization.SelfSubjectRulesReview{Spec: authorization.SelfSubjectRulesReviewSpec{Namespace: where}},
			metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range review.Status.ResourceRules {
			if text := describe(rule); text != "" && !slices.Contains(rules[text], where) {
				rules[text] = append(rules[text], where)
			}
		}
	}
	lines := []string{fmt.Sprintf("%s/%s", namespace, name)}
	for rule, where := range rules {
		in := strings.Join(where, ",")
		if len(where) == len(namespaces)+1 {
			in = "everywhere"
		}
		lines = append(lines, fmt.Sprintf("  in %s: %s", in, rule))
	}
	slices.Sort(lines[1:])
	if len(lines) == 1 {
		lines[0] += ": nothing"
	}
	return lines
}

// describe says in one line what a rule allows; nothing for the questions about oneself that everybody may ask.
func describe(rule authorization.ResourceRule) string {
	if slices.Equal(rule.APIGroups, []string{"authorization.k8s.io"}) ||
		slices.Equal(rule.APIGroups, []string{"authentication.k8s.io"}) {
		return ""
	}
	sorted := func(values []string) string { return strings.Join(slices.Sorted(slices.Values(values)), ",") }
	text := fmt.Sprintf("%s %s.%s", sorted(rule.Verbs), sorted(rule.Resources), sorted(rule.APIGroups))
	if len(rule.ResourceNames) > 0 {
		text += " named " + sorted(rule.ResourceNames)
	}
	return strings.TrimSuffix(text, ".")
}
