package aws

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"
)

func checkBootstrap(t *testing.T, a account, bootstrap *root) {
	t.Helper()
	t.Run("state", func(t *testing.T) { checkBucket(t, a, bootstrap.output(t, "state_bucket")) })
	t.Run("repositories", func(t *testing.T) {
		repositories := must[*ecr.DescribeRepositoriesOutput](t)(
			ecr.NewFromConfig(a.config).DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{})).Repositories
		names := []string{}
		for _, each := range repositories {
			names = append(names, text(each.RepositoryName))
			want(t, "tags of "+text(each.RepositoryName), types.ImageTagMutabilityImmutable, each.ImageTagMutability)
			want(t, "a scan on push", true, each.ImageScanningConfiguration.ScanOnPush)
		}
		slices.Sort(names)
		if diff := cmp.Diff([]string{"mlops/inference-api", "mlops/mlflow", "mlops/pipelines"}, names); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("roles of CI", func(t *testing.T) {
		client := iam.NewFromConfig(a.config)
		var arns map[string]string
		if err := json.Unmarshal([]byte(bootstrap.outputJSON(t, "role_arns")), &arns); err != nil {
			t.Fatal(err)
		}
		wanted := map[string][]string{
			"apply-dev": {"AdministratorAccess"}, "apply-prod": {"AdministratorAccess"}, "images": {}, "plan": {"ReadOnlyAccess"},
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(wanted)), slices.Sorted(maps.Keys(arns))); diff != "" {
			t.Fatal(diff)
		}
		for name, policies := range wanted {
			role := "mlops-github-" + name
			attached := must[*iam.ListAttachedRolePoliciesOutput](t)(client.ListAttachedRolePolicies(t.Context(),
				&iam.ListAttachedRolePoliciesInput{RoleName: &role})).AttachedPolicies
			found := []string{}
			for _, each := range attached {
				found = append(found, text(each.PolicyName))
			}
			if diff := cmp.Diff(policies, found); diff != "" {
				t.Errorf("managed policies of %s:\n%s", role, diff)
			}
		}
	})
}
