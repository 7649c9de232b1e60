package mutation

// setting is a line of the Terraform code that keeps something safe, and what it would be if somebody got it wrong.
type setting struct {
	Name string
	// File is under terraform/.
	File string
	// Old occurs exactly once in the file; New stands in its place.
	Old, New string
	// Tests are where it should be noticed first: folders under terraform/, or iam:ROOT for the promises of
	// test/aws/iam about bootstrap, dev or prod.
	Tests []string
}

// settings are one per promise that the READMEs of the modules make. A new promise gets a line here.
var settings = []setting{
	// Buckets.
	{
		"buckets keep old versions", "modules/s3/main.tf",
		"versioning_configuration {\n    status = \"Enabled\"", "versioning_configuration {\n    status = \"Suspended\"",
		[]string{"modules/s3"},
	},
	{
		"buckets block public ACLs", "modules/s3/main.tf",
		"block_public_acls       = true", "block_public_acls       = false", []string{"modules/s3"},
	},
	{
		"buckets block public policies", "modules/s3/main.tf",
		"block_public_policy     = true", "block_public_policy     = false", []string{"modules/s3"},
	},
	{
		"buckets ignore public ACLs", "modules/s3/main.tf",
		"ignore_public_acls      = true", "ignore_public_acls      = false", []string{"modules/s3"},
	},
	{
		"public buckets are restricted", "modules/s3/main.tf",
		"restrict_public_buckets = true", "restrict_public_buckets = false", []string{"modules/s3"},
	},
	{
		"objects belong to the bucket's owner", "modules/s3/main.tf",
		`"BucketOwnerEnforced"`, `"ObjectWriter"`, []string{"modules/s3"},
	},
	{
		"objects are encrypted with our key", "modules/s3/main.tf",
		"kms_master_key_id = var.kms_key_arn", "kms_master_key_id = null", []string{"modules/s3"},
	},
	{
		"objects are encrypted by KMS", "modules/s3/main.tf",
		`sse_algorithm     = "aws:kms"`, `sse_algorithm     = "AES256"`, []string{"modules/s3"},
	},
	{
		"buckets refuse plain HTTP", "modules/s3/main.tf",
		`effect    = "Deny"`, `effect    = "Allow"`, []string{"modules/s3"},
	},
	{
		"objects refuse plain HTTP", "modules/s3/main.tf",
		`["arn:aws:s3:::${each.value}", "arn:aws:s3:::${each.value}/*"]`, `["arn:aws:s3:::${each.value}"]`, []string{"modules/s3"},
	},
	{
		"a bucket with data is not destroyed", "modules/s3/variables.tf",
		"type        = bool\n  default     = false", "type        = bool\n  default     = true", []string{"modules/s3"},
	},
	{
		"old versions are kept for a week or more", "modules/s3/variables.tf",
		"bucket.noncurrent_days >= 7", "bucket.noncurrent_days >= 0", []string{"modules/s3"},
	},

	// Keys.
	{
		"the data key rotates", "modules/kms/main.tf",
		"enable_key_rotation     = true", "enable_key_rotation     = false", []string{"modules/kms"},
	},
	{
		"the data key can be brought back for a month", "modules/kms/main.tf",
		"deletion_window_in_days = 30", "deletion_window_in_days = 7", []string{"modules/kms"},
	},
	{
		"services use the data key for this account only", "modules/kms/main.tf",
		`values   = [var.account_id]`, `values   = [var.account_id, "444455556666"]`, []string{"modules/kms"},
	},
	{
		"services use the data key to encrypt and decrypt", "modules/kms/main.tf",
		`["kms:Decrypt", "kms:GenerateDataKey*"]`, `["kms:*"]`, []string{"modules/kms"},
	},

	// The cluster.
	{
		"access to the cluster is by entries only", "modules/eks/main.tf",
		`authentication_mode                         = "API"`, `authentication_mode                         = "API_AND_CONFIG_MAP"`,
		[]string{"modules/eks"},
	},
	{
		"who makes the cluster is no administrator of it", "modules/eks/main.tf",
		"bootstrap_cluster_creator_admin_permissions = false", "bootstrap_cluster_creator_admin_permissions = true",
		[]string{"modules/eks"},
	},
	{
		"the cluster's API is private", "modules/eks/main.tf",
		"endpoint_public_access  = length(var.allow_public_endpoint_from) > 0", "endpoint_public_access  = true",
		[]string{"modules/eks"},
	},
	{
		"a public API is not for everybody", "modules/eks/main.tf",
		"length(var.allow_public_endpoint_from) > 0 ? var.allow_public_endpoint_from : null", "null",
		[]string{"modules/eks"},
	},
	{
		"nobody names the whole internet", "modules/eks/variables.tf",
		`tonumber(split("/", cidr)[1]) >= 16`, `tonumber(split("/", cidr)[1]) >= 0`, []string{"modules/eks"},
	},
	{
		"the audit log is on", "modules/eks/main.tf",
		`["api", "audit", "authenticator",`, `["api", "authenticator",`, []string{"modules/eks"},
	},
	{
		"the audit log is kept", "modules/eks/variables.tf",
		"contains([90, 120,", "contains([1, 3, 5, 7, 14, 30, 60, 90, 120,", []string{"modules/eks"},
	},
	{
		"Secrets of Kubernetes have a key of their own", "modules/eks/main.tf",
		"key_arn = aws_kms_key.this.arn", `key_arn = "arn:aws:kms:eu-west-1:111122223333:key/other"`, []string{"modules/eks"},
	},
	{
		"the cluster's key rotates", "modules/eks/main.tf",
		"enable_key_rotation     = true", "enable_key_rotation     = false", []string{"modules/eks"},
	},
	{
		"pods' tokens are for STS", "modules/eks/main.tf",
		`client_id_list = ["sts.amazonaws.com"]`, `client_id_list = ["sts.amazonaws.com", "anything"]`, []string{"modules/eks"},
	},

	// Nodes and network.
	{
		"nodes want a token for their metadata", "modules/node_group/main.tf",
		`http_tokens                 = "required"`, `http_tokens                 = "optional"`, []string{"modules/node_group"},
	},
	{
		"a pod cannot reach the node's role", "modules/node_group/main.tf",
		"http_put_response_hop_limit = 1", "http_put_response_hop_limit = 2", []string{"modules/node_group"},
	},
	{
		"disks of nodes are encrypted", "modules/node_group/main.tf",
		"encrypted             = true", "encrypted             = false", []string{"modules/node_group"},
	},
	{
		"public subnets give no public addresses", "modules/vpc/main.tf",
		"map_public_ip_on_launch = false", "map_public_ip_on_launch = true", []string{"modules/vpc"},
	},
	{
		"all traffic is logged", "modules/vpc/flow_logs.tf",
		`traffic_type             = "ALL"`, `traffic_type             = "REJECT"`, []string{"modules/vpc"},
	},
	{
		"the default security group lets nothing through", "modules/vpc/main.tf",
		"resource \"aws_default_security_group\" \"this\" {\n  vpc_id = aws_vpc.this.id\n",
		"resource \"aws_default_security_group\" \"this\" {\n  vpc_id = aws_vpc.this.id\n\n  ingress {\n    protocol  = \"-1\"\n" +
			"    self      = true\n    from_port = 0\n    to_port   = 0\n  }\n",
		[]string{"modules/vpc"},
	},

	// The load balancer.
	{
		"TLS is 1.2 or newer", "modules/alb/main.tf",
		`"ELBSecurityPolicy-TLS13-1-2-2021-06"`, `"ELBSecurityPolicy-2016-08"`, []string{"modules/alb"},
	},
	{
		"plain HTTP is sent to HTTPS", "modules/alb/main.tf",
		`protocol    = "HTTPS"`, `protocol    = "HTTP"`, []string{"modules/alb"},
	},
	{
		"headers that are no headers are dropped", "modules/alb/main.tf",
		"drop_invalid_header_fields = true", "drop_invalid_header_fields = false", []string{"modules/alb"},
	},
	{
		"ambiguous requests are refused", "modules/alb/main.tf",
		`"strictest"`, `"monitor"`, []string{"modules/alb"},
	},
	{
		"the load balancer is internal", "modules/alb/main.tf",
		"internal           = !var.internet_facing", "internal           = false", []string{"modules/alb"},
	},

	// The database.
	{
		"the database speaks TLS only", "modules/rds/main.tf",
		"name  = \"rds.force_ssl\"\n    value = \"1\"", "name  = \"rds.force_ssl\"\n    value = \"0\"", []string{"modules/rds"},
	},
	{
		"the database's disk is encrypted", "modules/rds/main.tf",
		"storage_encrypted     = true", "storage_encrypted     = false", []string{"modules/rds"},
	},
	{
		"the database has no public address", "modules/rds/main.tf",
		"publicly_accessible    = false", "publicly_accessible    = true", []string{"modules/rds"},
	},
	{
		"no password is in the state", "modules/rds/main.tf",
		"manage_master_user_password   = true", `password                      = "mutant-mutant"`, []string{"modules/rds"},
	},
	{
		"the database is for named security groups", "modules/rds/main.tf",
		"referenced_security_group_id = each.value", `cidr_ipv4                    = "0.0.0.0/0"`, []string{"modules/rds"},
	},
	{
		"the database's backups go back a week or more", "modules/rds/variables.tf",
		"var.backup_retention_days >= 7", "var.backup_retention_days >= 0", []string{"modules/rds"},
	},
	{
		"prod's database cannot be deleted", "envs/prod/main.tf",
		"user_secret_name           =", "deletion_protection        = false\n  user_secret_name           =", []string{"envs/prod"},
	},

	// Images.
	{
		"a tag never moves", "modules/ecr/main.tf",
		`image_tag_mutability = "IMMUTABLE"`, `image_tag_mutability = "MUTABLE"`, []string{"modules/ecr"},
	},
	{
		"images are scanned", "modules/ecr/main.tf", "scan_on_push = true", "scan_on_push = false", []string{"modules/ecr"},
	},

	// Workloads' roles.
	{
		"a workload's role is for its service account", "modules/iam/main.tf",
		`values   = ["system:serviceaccount:${each.value.subject}"]`,
		`values   = ["system:serviceaccount:${each.value.subject}", "system:serviceaccount:default:default"]`,
		[]string{"modules/iam"},
	},
	{
		"a workload's token is for STS", "modules/iam/main.tf",
		`variable = "${var.oidc_issuer}:aud"`, `variable = "${var.oidc_issuer}:sub"`, []string{"modules/iam"},
	},
	{
		"inference writes nothing", "modules/iam/main.tf",
		"subject = \"inference:inference-api\"\n      read    = [\"${var.buckets.artifacts}/mlflow/*\"]\n      write   = []",
		"subject = \"inference:inference-api\"\n      read    = [\"${var.buckets.artifacts}/mlflow/*\"]\n" +
			"      write   = [\"${var.buckets.artifacts}/mlflow/*\"]",
		[]string{"modules/iam"},
	},
	{
		"training deletes nothing", "modules/iam/main.tf",
		"write   = [\"${var.buckets.artifacts}/mlflow/*\", \"${var.buckets.feat}/workflows/*\"]\n      delete  = []",
		"write   = [\"${var.buckets.artifacts}/mlflow/*\", \"${var.buckets.feat}/workflows/*\"]\n" +
			"      delete  = [\"${var.buckets.artifacts}/mlflow/*\"]",
		[]string{"modules/iam"},
	},
	{
		"features reads no model", "modules/iam/main.tf",
		`read    = ["${var.buckets.data}/*", `, `read    = ["${var.buckets.artifacts}/*", "${var.buckets.data}/*", `,
		[]string{"iam:dev"},
	},
	{
		"workloads use the key through S3 only", "modules/iam/main.tf",
		`values   = ["s3.${var.region}.amazonaws.com"]`,
		`values   = ["s3.${var.region}.amazonaws.com", "secretsmanager.${var.region}.amazonaws.com"]`,
		[]string{"iam:dev"},
	},

	// Controllers' roles.
	{
		"a controller's role is for its service account", "modules/pod_identity/main.tf",
		`values   = [var.service_account]`, `values   = [var.service_account, "default"]`, []string{"modules/pod_identity"},
	},
	{
		"an add-on's role is for its service account", "modules/addons/main.tf",
		`values   = [each.value.service_account]`, `values   = [each.value.service_account, "default"]`, []string{"modules/addons"},
	},
	{
		"External Secrets reads the database's secrets only", "modules/controllers/main.tf",
		"resources = var.secret_arns", `resources = ["*"]`, []string{"modules/controllers"},
	},
	{
		"pods join the two target groups only", "modules/controllers/main.tf",
		"resources = var.target_group_arns", `resources = ["*"]`, []string{"iam:dev"},
	},
	{
		"dev's External Secrets gets dev's secrets", "envs/dev/main.tf",
		"[module.rds.master_secret_arn, module.rds.user_secret_arn]", `[module.rds.user_secret_arn, replace(module.rds.master_secret_arn, "dev", "prod")]`,
		[]string{"iam:dev"},
	},
	{
		"Karpenter passes the nodes' role only", "modules/karpenter/instance_profiles.tf",
		"resources = [local.node_role_arn]", `resources = ["arn:aws:iam::${var.account_id}:role/*"]`, []string{"modules/karpenter"},
	},
	{
		"Karpenter passes it to EC2 only", "modules/karpenter/instance_profiles.tf",
		`values   = ["ec2.amazonaws.com"]`, `values   = ["ec2.amazonaws.com", "lambda.amazonaws.com"]`, []string{"iam:dev"},
	},
	{
		"Karpenter ends its own nodes only", "modules/karpenter/controller.tf",
		`ec2_has  = [local.cluster_tags[0], { test = "StringLike", tag = "karpenter.sh/nodepool", value = "*" }]`,
		`ec2_has  = [local.cluster_tags[0]]`, []string{"modules/karpenter"},
	},
	{
		"Karpenter's queue is for this account's events", "modules/karpenter/main.tf",
		"values   = [var.account_id]", `values   = [var.account_id, "444455556666"]`, []string{"modules/karpenter"},
	},
	{
		"Karpenter's queue refuses plain HTTP", "modules/karpenter/main.tf",
		`values   = ["false"]`, `values   = ["true"]`, []string{"modules/karpenter"},
	},

	// Alarms.
	{
		"alarms are encrypted with our key", "modules/cloudwatch/main.tf",
		"kms_master_key_id = var.kms_key_arn", `kms_master_key_id = "alias/aws/sns"`, []string{"modules/cloudwatch"},
	},

	// Roles of CI.
	{
		"CI's tokens are for STS", "bootstrap/github.tf",
		`variable = "token.actions.githubusercontent.com:aud"`, `variable = "token.actions.githubusercontent.com:sub"`,
		[]string{"bootstrap"},
	},
	{
		"CI's subjects are whole", "bootstrap/github.tf",
		"    # Whole subjects, no pattern.\n    condition {\n      test     = \"StringEquals\"",
		"    # Whole subjects, no pattern.\n    condition {\n      test     = \"StringLike\"", []string{"bootstrap"},
	},
	{
		"no branch but main pushes images", "bootstrap/github.tf",
		`{ images = ["ref:refs/heads/main"] }`, `{ images = ["ref:refs/heads/main", "pull_request"] }`, []string{"iam:bootstrap"},
	},
	{
		"a plan reads no data", "bootstrap/github.tf",
		`actions       = ["s3:GetObject", "s3:GetObjectVersion"]`, `actions       = ["s3:GetObjectVersion"]`, []string{"bootstrap"},
	},
	{
		"a plan reads no secret", "bootstrap/github.tf",
		`"secretsmanager:GetSecretValue"`, `"secretsmanager:PutSecretValue"`, []string{"bootstrap"},
	},
	{
		"a plan is no administrator", "bootstrap/github.tf",
		"policy/ReadOnlyAccess", "policy/PowerUserAccess", []string{"bootstrap"},
	},
	{
		"images go to our repositories only", "bootstrap/github.tf",
		"resources = values(module.ecr.arns)", `resources = ["*"]`, []string{"bootstrap"},
	},
	{
		"a repository's name is no pattern", "bootstrap/variables.tf",
		`regex("^[A-Za-z0-9._-]+$", var.repository.name)`, `regex("^[A-Za-z0-9._*-]+$", var.repository.name)`, []string{"bootstrap"},
	},
}
