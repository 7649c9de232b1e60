package aws

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	policies "example.com/mlops-platform/test/aws/iam"
	"example.com/mlops-platform/test/aws/iam/iamtest"
)

// checkRoles asks the account for the role of each workload, and an evaluator what the roles of the whole environment
// may do.
func checkRoles(t *testing.T, e environment) {
	t.Helper()
	client := iam.NewFromConfig(e.config)
	for fact, subject := range map[string]string{
		"mlflowRoleArn":            "system:serviceaccount:mlflow:mlflow",
		"inferenceRoleArn":         "system:serviceaccount:inference:inference-api",
		"trainingRoleArn":          "system:serviceaccount:training:training",
		"featuresRoleArn":          "system:serviceaccount:training:features",
		"workflowArtifactsRoleArn": "system:serviceaccount:argo:argo-server",
	} {
		arn := e.facts[fact]
		name := arn[len("arn:aws:iam::"+e.id+":role/"):]
		role := must[*iam.GetRoleOutput](t)(client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: &name})).Role
		want(t, "the role of the fact "+fact, arn, text(role.Arn))
		want(t, "who may have it", subject, subjectOf(t, text(role.AssumeRolePolicyDocument)))
	}
	account, err := policies.Read(e.state)
	if err != nil {
		t.Fatal(err)
	}
	names, err := iamtest.NamesOf(account)
	if err != nil {
		t.Fatal(err)
	}
	iamtest.Environment(t, account, names)
}

// subjectOf is the subject that a trust policy wants, when it wants exactly one and an audience besides.
func subjectOf(t *testing.T, document string) string {
	t.Helper()
	var policy struct {
		Statement []struct {
			Condition map[string]map[string]string
		}
	}
	plain := must[string](t)(url.QueryUnescape(document))
	if err := json.Unmarshal([]byte(plain), &policy); err != nil {
		t.Fatal(err)
	}
	conditions := policy.Statement[0].Condition
	if len(policy.Statement) != 1 || len(conditions) != 1 || len(conditions["StringEquals"]) != 2 {
		t.Errorf("not one statement with a subject and an audience: %s", plain)
	}
	for key, value := range conditions["StringEquals"] {
		if key[max(0, len(key)-4):] == ":sub" {
			return value
		}
	}
	return ""
}
