package iamtest

import (
	"maps"
	"testing"

	"example.com/mlops-platform/test/aws/iam"
)

// checkServices checks the policies of resources on principals that are no roles of the account: services of AWS, and
// everybody else.
func checkServices(t *testing.T, account *iam.Account, n Names) {
	t.Helper()
	const foreign = "444455556666"
	service := func(name string) iam.Principal { return iam.Principal{Type: "Service", ID: name + ".amazonaws.com"} }
	stranger := iam.Principal{Type: "AWS", ID: "arn:aws:iam::" + foreign + ":role/admin"}
	ours, theirs := with("aws:SourceAccount", n.Account), with("aws:SourceAccount", foreign)
	table := []struct {
		who              iam.Principal
		action, resource string
		context          iam.Context
		want             verdict
	}{
		{service("events"), "sqs:SendMessage", n.Queue, ours, allowed},
		{service("events"), "sqs:SendMessage", n.Queue, theirs, forbidden},
		{service("events"), "sqs:SendMessage", n.Queue, nil, forbidden},
		{service("events"), "sqs:ReceiveMessage", n.Queue, ours, forbidden},
		{service("lambda"), "sqs:SendMessage", n.Queue, ours, forbidden},
		{stranger, "sqs:SendMessage", n.Queue, theirs, forbidden},
		{stranger, "sqs:SendMessage", n.Queue, ours, forbidden},

		{service("cloudwatch"), "sns:Publish", n.Topic, ours, allowed},
		{service("budgets"), "sns:Publish", n.Topic, ours, allowed},
		{service("cloudwatch"), "sns:Publish", n.Topic, theirs, forbidden},
		{service("cloudwatch"), "sns:Publish", n.Topic, nil, forbidden},
		{service("cloudwatch"), "sns:Subscribe", n.Topic, ours, forbidden},
		{stranger, "sns:Publish", n.Topic, ours, forbidden},
		{stranger, "sns:Subscribe", n.Topic, nil, forbidden},

		{service("cloudwatch"), "kms:GenerateDataKey", n.Key, ours, allowed},
		{service("budgets"), "kms:Decrypt", n.Key, ours, allowed},
		{service("cloudwatch"), "kms:Decrypt", n.Key, theirs, forbidden},
		{service("cloudwatch"), "kms:Decrypt", n.Key, nil, forbidden},
		{service("cloudwatch"), "kms:ScheduleKeyDeletion", n.Key, ours, forbidden},
		{service("lambda"), "kms:Decrypt", n.Key, ours, forbidden},
		{stranger, "kms:Decrypt", n.Key, nil, forbidden},
		{stranger, "kms:Decrypt", n.ClusterKey, nil, forbidden},

		{stranger, "s3:GetObject", n.Artifacts + "/mlflow/1/model.onnx", nil, forbidden},
		{stranger, "s3:PutObject", n.Artifacts + "/mlflow/1/model.onnx", nil, forbidden},
		{stranger, "s3:ListBucket", n.Data, nil, forbidden},
		{stranger, "s3:GetObject", n.Feat + "/features/x", nil, forbidden},
	}
	for _, row := range table {
		context := with("aws:SecureTransport", "true", "aws:RequestedRegion", n.Region)
		maps.Copy(context, row.context)
		request := iam.Request{Principal: row.who, Action: row.action, Resource: row.resource, Context: context}
		if got, reason := decide(t, account, request); got != row.want {
			t.Errorf("%s: %s on %s with %v is %s, want %s (%s)",
				row.who.ID, row.action, row.resource, row.context, got, row.want, reason)
		}
	}
}
