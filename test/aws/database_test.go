package aws

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"
)

func checkDatabase(t *testing.T, e environment) {
	t.Helper()
	ctx, client := t.Context(), rds.NewFromConfig(e.config)
	found := must[*rds.DescribeDBInstancesOutput](t)(client.DescribeDBInstances(ctx,
		&rds.DescribeDBInstancesInput{DBInstanceIdentifier: &e.full})).DBInstances[0]
	want(t, "the engine", "postgres", text(found.Engine))
	want(t, "reachable from the internet", false, *found.PubliclyAccessible)
	want(t, "encrypted", true, *found.StorageEncrypted)
	want(t, "in two zones", e.prod, *found.MultiAZ)
	want(t, "guarded against deletion", e.prod, *found.DeletionProtection)
	want(t, "the host among the facts", text(found.Endpoint.Address), e.facts["databaseHost"])
	if days := *found.BackupRetentionPeriod; (e.prod && days < 14) || days < 7 {
		t.Errorf("it can be restored to a time in the last %d days only", days)
	}

	group := text(found.DBParameterGroups[0].DBParameterGroupName)
	want(t, "the parameter group that a restore must name", e.restore["parameter_group"], group)
	want(t, "the subnet group that a restore must name", e.restore["subnet_group"], text(found.DBSubnetGroup.DBSubnetGroupName))
	want(t, "the security group that a restore must name", e.restore["security_group"],
		text(found.VpcSecurityGroups[0].VpcSecurityGroupId))
	var subnets []string
	for _, subnet := range found.DBSubnetGroup.Subnets {
		subnets = append(subnets, text(subnet.SubnetIdentifier))
	}
	slices.Sort(subnets)
	if diff := cmp.Diff(private(t, e), subnets); diff != "" {
		t.Errorf("where it is, against the private subnets:\n%s", diff)
	}
	parameters := must[*rds.DescribeDBParametersOutput](t)(client.DescribeDBParameters(ctx,
		&rds.DescribeDBParametersInput{DBParameterGroupName: &group})).Parameters
	ssl := slices.IndexFunc(parameters, func(p types.Parameter) bool { return text(p.ParameterName) == "rds.force_ssl" })
	if ssl < 0 || text(parameters[ssl].ParameterValue) != "1" {
		t.Error("connections without TLS are not refused")
	}
	checkSecrets(t, e, found)
	checkPassword(t, e)
	checkWhoReachesIt(t, e)
}

// checkSecrets sees to it that both passwords are in Secrets Manager under the names that the manifests know.
func checkSecrets(t *testing.T, e environment, found types.DBInstance) {
	t.Helper()
	client := secretsmanager.NewFromConfig(e.config)
	if found.MasterUserSecret == nil {
		t.Fatal("RDS does not keep the master's password")
	}
	for _, name := range []string{e.facts["databaseMasterSecret"], e.facts["databaseUserSecret"]} {
		if _, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name}); err != nil {
			t.Errorf("the secret %s: %v", name, err)
		}
	}
}

// checkPassword sees to it that MLflow's password is a good one, and is nowhere but in its secret.
func checkPassword(t *testing.T, e environment) {
	t.Helper()
	value := must[*secretsmanager.GetSecretValueOutput](t)(secretsmanager.NewFromConfig(e.config).GetSecretValue(t.Context(),
		&secretsmanager.GetSecretValueInput{SecretId: ref(e.facts["databaseUserSecret"])}))
	var secret struct{ Username, Password string }
	if err := json.Unmarshal([]byte(text(value.SecretString)), &secret); err != nil {
		t.Fatalf("the secret is no JSON: %v", err)
	}
	want(t, "the user", "mlflow", secret.Username)
	want(t, "characters of the password", 40, len(secret.Password))
	if len(secret.Password) == 0 || bytes.Contains(e.state, []byte(secret.Password)) || bytes.Contains(e.outputs, []byte(secret.Password)) {
		t.Error("the password is in Terraform's state or outputs")
	}
}

func checkWhoReachesIt(t *testing.T, e environment) {
	t.Helper()
	group := must[*ec2.DescribeSecurityGroupsOutput](t)(ec2.NewFromConfig(e.config).DescribeSecurityGroups(t.Context(),
		&ec2.DescribeSecurityGroupsInput{GroupIds: []string{e.restore["security_group"]}})).SecurityGroups[0]
	if len(group.IpPermissions) != 1 {
		t.Fatalf("want one way in: %v", group.IpPermissions)
	}
	in := group.IpPermissions[0]
	want(t, "the first port", int32(5432), *in.FromPort)
	want(t, "the last port", int32(5432), *in.ToPort)
	if len(in.IpRanges)+len(in.Ipv6Ranges)+len(in.PrefixListIds) != 0 || len(in.UserIdGroupPairs) != 1 {
		t.Errorf("others than the cluster reach the database: %v", in)
	}
	open := slices.ContainsFunc(group.IpPermissionsEgress, func(p ec2types.IpPermission) bool { return len(p.IpRanges) > 0 })
	want(t, "a way out", false, open)
}
