package iamtest

import (
	"errors"
	"fmt"
	"strings"

	"example.com/mlops-platform/test/aws/iam"
)

// Names are what the promises of an environment are about. All but Environment, Region, Account, Cluster and Issuer are
// ARNs.
type Names struct {
	Environment, Region, Account, Cluster, Issuer string

	Data, Feat, Artifacts           string
	Key, Queue, Topic, NodeRole     string
	MasterSecret, UserSecret        string
	MLflowTargets, InferenceTargets string
	ClusterKey                      string
}

// NamesOf takes the names of an environment from the output `facts`, which is the contract with the manifests, and from
// the addresses of the few resources that are no fact.
func NamesOf(account *iam.Account) (Names, error) {
	facts, ok := account.Outputs["facts"].(map[string]any)
	if !ok {
		return Names{}, errors.New("no output facts: not the plan or state of an environment")
	}
	var faults []error
	fact := func(name string) string {
		text, _ := facts[name].(string)
		if text == "" {
			faults = append(faults, fmt.Errorf("the fact %s is missing or empty", name))
		}
		return text
	}
	arn := func(address string) string {
		arn := arnOf(account, address)
		if arn == "" {
			faults = append(faults, fmt.Errorf("no resource %s", address))
		}
		return arn
	}
	n := Names{Environment: fact("environment"), Region: fact("region"), Account: account.ID, Cluster: fact("clusterName")}
	n.Data, n.Feat = "arn:aws:s3:::"+fact("dataBucket"), "arn:aws:s3:::"+fact("featBucket")
	n.Artifacts = "arn:aws:s3:::" + fact("artifactsBucket")
	n.Key, n.ClusterKey = arn("module.data_key.aws_kms_key.this"), arn("module.eks.aws_kms_key.this")
	n.Queue, n.Topic = arn("module.karpenter.aws_sqs_queue.this"), arn("module.cloudwatch.aws_sns_topic.alarms")
	n.NodeRole = fmt.Sprintf("arn:aws:iam::%s:role/%s", account.ID, fact("karpenterNodeRole"))
	n.MasterSecret = n.secret(account, fact("databaseMasterSecret"))
	n.UserSecret = n.secret(account, fact("databaseUserSecret"))
	n.MLflowTargets, n.InferenceTargets = fact("mlflowTargetGroupArn"), fact("inferenceTargetGroupArn")
	for issuer := range account.Providers {
		n.Issuer = issuer
	}
	if len(account.Providers) != 1 {
		faults = append(faults, fmt.Errorf("want one identity provider, the cluster's, got %d", len(account.Providers)))
	}
	return n, errors.Join(faults...)
}

// secret finds the ARN of a secret by its name; AWS adds six characters that nobody can know.
func (n Names) secret(account *iam.Account, name string) string {
	start := fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-", n.Region, n.Account, name)
	for _, r := range account.Resources {
		candidates := []any{r.Values["arn"]}
		if managed, ok := r.Values["master_user_secret"].([]any); ok && len(managed) == 1 {
			secret, _ := managed[0].(map[string]any)
			candidates = append(candidates, secret["secret_arn"])
		}
		for _, candidate := range candidates {
			if arn, ok := candidate.(string); ok && strings.HasPrefix(arn, start) {
				return arn
			}
		}
	}
	return start + "abc123"
}

// role is the full name of a role of the environment.
func (n Names) role(short string) string { return n.Cluster + "-" + short }

func (n Names) roleARN(short string) string {
	return "arn:aws:iam::" + n.Account + ":role/" + n.role(short)
}

// parameter is one of the account's own.
func (n Names) parameter() string {
	return "arn:aws:ssm:" + n.Region + ":" + n.Account + ":parameter/token"
}

// elsewhere is the same ARN in the other environment of the account.
func (n Names) elsewhere(arn string) string {
	other := "prod"
	if n.Environment == "prod" {
		other = "dev"
	}
	return strings.ReplaceAll(arn, n.Environment, other)
}
