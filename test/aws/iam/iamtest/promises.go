package iamtest

import (
	"slices"

	"example.com/mlops-platform/test/aws/iam"
)

// verdict is what a promise expects.
type verdict string

const (
	allowed   verdict = "allowed"
	forbidden verdict = "forbidden"
	// noAnswer is expected where a managed policy of AWS decides, whose text nobody here has.
	noAnswer verdict = "no answer"
)

// promise is a line of the table: what a role may or may not do.
type promise struct {
	// Role is its short name: the name without that of the cluster.
	Role, Action, Resource string
	Want                   verdict
	// Context is added to a request over TLS in the environment's own region.
	Context iam.Context
}

// with is a context of one value per key.
func with(pairs ...string) iam.Context {
	context := iam.Context{}
	for i := 0; i+1 < len(pairs); i += 2 {
		context[pairs[i]] = []string{pairs[i+1]}
	}
	return context
}

var plainHTTP = with("aws:SecureTransport", "false")

// workloadPromises are about the pods that Argo CD and the workflows start.
func workloadPromises(n Names) []promise {
	return slices.Concat(
		mlflowPromises(n), inferencePromises(n), trainingPromises(n), featuresPromises(n), argoPromises(n),
	)
}

// model, feature, passed and raw are an object of each kind.
func (n Names) model() string   { return n.Artifacts + "/mlflow/1/abc/artifacts/model.onnx" }
func (n Names) feature() string { return n.Feat + "/features/2026-01/part-0.parquet" }
func (n Names) passed() string  { return n.Feat + "/workflows/train-x/main.log" }
func (n Names) raw() string     { return n.Data + "/flights/2026-01.csv" }

// viaS3 and viaSecrets are requests to the key that a service makes for the caller.
func (n Names) viaS3() iam.Context { return with("kms:ViaService", "s3."+n.Region+".amazonaws.com") }
func (n Names) viaSecrets() iam.Context {
	return with("kms:ViaService", "secretsmanager."+n.Region+".amazonaws.com")
}

func prefix(text string) iam.Context { return with("s3:prefix", text) }

// mlflowPromises: MLflow's server lists, shows and, in its garbage collection, deletes artifacts, and nothing else.
func mlflowPromises(n Names) []promise {
	const role = "mlflow"
	return []promise{
		{role, "s3:GetObject", n.model(), allowed, nil},
		{role, "s3:PutObject", n.model(), allowed, nil},
		{role, "s3:DeleteObject", n.model(), allowed, nil},
		{role, "s3:ListBucket", n.Artifacts, allowed, prefix("mlflow/*")},
		{role, "s3:ListBucket", n.Artifacts, forbidden, prefix("")},
		{role, "s3:ListBucket", n.Artifacts, forbidden, nil},
		{role, "s3:DeleteObjectVersion", n.model(), forbidden, nil},
		{role, "s3:GetObject", n.Artifacts + "/other/key", forbidden, nil},
		{role, "s3:GetObject", n.feature(), forbidden, nil},
		{role, "s3:GetObject", n.raw(), forbidden, nil},
		{role, "s3:DeleteBucket", n.Artifacts, forbidden, nil},
		{role, "s3:PutBucketVersioning", n.Artifacts, forbidden, nil},
		{role, "kms:Decrypt", n.Key, allowed, n.viaS3()},
		{role, "kms:ScheduleKeyDeletion", n.Key, forbidden, nil},
		{role, "secretsmanager:GetSecretValue", n.UserSecret, forbidden, nil},
	}
}

// inferencePromises: The inference service reads models. Nobody gets a model into it this way.
func inferencePromises(n Names) []promise {
	const role = "inference"
	return []promise{
		{role, "s3:GetObject", n.model(), allowed, nil},
		{role, "s3:GetObjectVersion", n.model(), allowed, nil},
		{role, "s3:ListBucket", n.Artifacts, forbidden, prefix("")},
		{role, "s3:PutObject", n.model(), forbidden, nil},
		{role, "s3:DeleteObject", n.model(), forbidden, nil},
		{role, "s3:PutObject", n.passed(), forbidden, nil},
		{role, "s3:GetObject", n.feature(), forbidden, nil},
		{role, "s3:GetObject", n.raw(), forbidden, nil},
		{role, "s3:GetObject", n.Artifacts + "/mlflow-backup/model.onnx", forbidden, nil},
		{role, "kms:Decrypt", n.Key, allowed, n.viaS3()},
		{role, "kms:Decrypt", n.Key, forbidden, nil},
		{role, "kms:Decrypt", n.Key, forbidden, n.viaSecrets()},
		{role, "kms:GenerateDataKey", n.Key, forbidden, n.viaS3()},
		{role, "kms:Encrypt", n.Key, forbidden, nil},
		{role, "kms:Decrypt", n.ClusterKey, forbidden, nil},
	}
}

// trainingPromises: Training reads features and writes models; it deletes nothing, and sees no raw data.
func trainingPromises(n Names) []promise {
	const role = "training"
	return []promise{
		{role, "s3:PutObject", n.model(), allowed, nil},
		{role, "s3:GetObject", n.model(), allowed, nil},
		{role, "s3:GetObject", n.feature(), allowed, nil},
		{role, "s3:PutObject", n.passed(), allowed, nil},
		{role, "s3:AbortMultipartUpload", n.model(), allowed, nil},
		{role, "s3:ListBucket", n.Feat, allowed, prefix("features/*")},
		{role, "s3:DeleteObject", n.model(), forbidden, nil},
		{role, "s3:DeleteObjectVersion", n.model(), forbidden, nil},
		{role, "s3:PutObject", n.feature(), forbidden, nil},
		{role, "s3:GetObject", n.raw(), forbidden, nil},
		{role, "s3:PutObjectAcl", n.model(), forbidden, nil},
		{role, "kms:GenerateDataKey", n.Key, allowed, n.viaS3()},
		{role, "kms:GenerateDataKey", n.Key, forbidden, n.viaSecrets()},
		{role, "kms:CreateGrant", n.Key, forbidden, nil},
		{role, "kms:PutKeyPolicy", n.Key, forbidden, nil},
	}
}

// featuresPromises: The feature pipeline reads raw data and writes features.
func featuresPromises(n Names) []promise {
	const role = "features"
	return []promise{
		{role, "s3:GetObject", n.raw(), allowed, nil},
		{role, "s3:ListBucket", n.Data, allowed, prefix("flights/")},
		{role, "s3:PutObject", n.feature(), allowed, nil},
		{role, "s3:PutObject", n.passed(), allowed, nil},
		{role, "s3:PutObject", n.raw(), forbidden, nil},
		{role, "s3:DeleteObject", n.raw(), forbidden, nil},
		{role, "s3:DeleteObject", n.feature(), forbidden, nil},
		{role, "s3:GetObject", n.model(), forbidden, nil},
		{role, "s3:PutObject", n.model(), forbidden, nil},
		{role, "s3:ListBucket", n.Artifacts, forbidden, prefix("mlflow/1/")},
	}
}

// argoPromises: Argo's server shows what workflows left.
func argoPromises(n Names) []promise {
	const role = "workflow-artifacts"
	return []promise{
		{role, "s3:GetObject", n.passed(), allowed, nil},
		{role, "s3:GetObject", n.feature(), allowed, nil},
		{role, "s3:ListBucket", n.Feat, forbidden, prefix("other/")},
		{role, "s3:PutObject", n.passed(), forbidden, nil},
		{role, "s3:DeleteObject", n.passed(), forbidden, nil},
		{role, "s3:GetObject", n.model(), forbidden, nil},
		{role, "s3:GetObject", n.raw(), forbidden, nil},
		{role, "s3:ListBucket", n.Data, forbidden, prefix("features/2026-01/")},
		{role, "kms:GenerateDataKey", n.Key, forbidden, n.viaS3()},
	}
}

// Workloads are the roles of pods by their service account, NAMESPACE:NAME.
var workloads = map[string]string{
	"mlflow":             "mlflow:mlflow",
	"inference":          "inference:inference-api",
	"training":           "training:training",
	"features":           "training:features",
	"workflow-artifacts": "argo:argo-server",
}

// commonPromises hold for every workload: what an attacker in a pod would try first.
func commonPromises(n Names) []promise {
	cluster := "arn:aws:eks:" + n.Region + ":" + n.Account + ":cluster/" + n.Cluster
	var all []promise
	for role := range workloads {
		all = append(all,
			promise{role, "iam:PassRole", n.NodeRole, forbidden, with("iam:PassedToService", "ec2.amazonaws.com")},
			promise{role, "iam:CreateAccessKey", "arn:aws:iam::" + n.Account + ":user/admin", forbidden, nil},
			promise{role, "iam:AttachRolePolicy", n.roleARN(role), forbidden, nil},
			promise{role, "sts:AssumeRole", n.NodeRole, forbidden, nil},
			promise{role, "secretsmanager:GetSecretValue", n.MasterSecret, forbidden, nil},
			promise{role, "secretsmanager:GetSecretValue", n.UserSecret, forbidden, nil},
			promise{role, "ssm:GetParameter", n.parameter(), forbidden, nil},
			promise{role, "s3:GetObject", n.elsewhere(n.Artifacts) + "/mlflow/1/model.onnx", forbidden, nil},
			promise{role, "s3:GetObject", n.elsewhere(n.Feat) + "/features/x", forbidden, nil},
			promise{role, "s3:GetObject", n.elsewhere(n.Data) + "/flights/x", forbidden, nil},
			promise{role, "s3:PutObject", n.elsewhere(n.Artifacts) + "/mlflow/1/model.onnx", forbidden, nil},
			promise{role, "s3:GetObject", n.Artifacts + "/mlflow/1/model.onnx", forbidden, plainHTTP},
			promise{role, "s3:GetObject", n.Feat + "/workflows/x", forbidden, plainHTTP},
			promise{role, "s3:GetObject", n.Data + "/flights/x", forbidden, plainHTTP},
			promise{role, "s3:ListAllMyBuckets", "*", forbidden, nil},
			promise{role, "s3:PutBucketPolicy", n.Artifacts, forbidden, nil},
			promise{role, "ec2:RunInstances", "*", forbidden, nil},
			promise{role, "eks:DescribeCluster", cluster, forbidden, nil},
			promise{role, "sqs:SendMessage", n.Queue, forbidden, nil},
			promise{role, "sns:Publish", n.Topic, forbidden, nil},
		)
	}
	return all
}
