package iamtest

import (
	"fmt"
	"strings"

	"example.com/mlops-platform/test/aws/iam"
)

// Repository is the GitHub repository that the roles of CI are for.
type Repository struct {
	Owner, Name string
	OwnerID, ID int
}

const (
	gitHub   = "token.actions.githubusercontent.com"
	audience = "sts.amazonaws.com"
)

// login is a token of GitHub's, and the roles that it opens.
type login struct {
	Case  string
	Token iam.Token
	Opens []string
}

// withIDs is the beginning of a subject in the immutable form.
func withIDs(r Repository, owner, id int) string {
	return fmt.Sprintf("repo:%s@%d/%s@%d:", r.Owner, owner, r.Name, id)
}

// logins are subjects in GitHub's forms ("OpenID Connect reference", "Filtering for specific …"): those that are meant,
// and those that differ from them in what somebody else could get.
func logins(r Repository) []login {
	name := fmt.Sprintf("repo:%s/%s:", r.Owner, r.Name)
	ids := withIDs(r, r.OwnerID, r.ID)
	token := func(subject string) iam.Token { return iam.Token{Issuer: gitHub, Subject: subject, Audience: audience} }
	main := []string{"images", "plan"}
	none := []string(nil)
	fork, renamed := "repo:somebody/"+r.Name+":", "repo:"+r.Owner+"/"+r.Name+"-old:"
	upper := "repo:" + strings.ToUpper(r.Owner) + "/" + r.Name + ":"
	workflow := r.Owner + "/" + r.Name + "/.github/workflows/apply.yml@refs/heads/main"
	return []login{
		{"a pull request", token(name + "pull_request"), []string{"plan"}},
		{"a pull request, by ids", token(ids + "pull_request"), []string{"plan"}},
		{"main", token(name + "ref:refs/heads/main"), main},
		{"main, by ids", token(ids + "ref:refs/heads/main"), main},
		{"the environment dev", token(name + "environment:dev"), []string{"apply-dev"}},
		{"the environment dev, by ids", token(ids + "environment:dev"), []string{"apply-dev"}},
		{"the environment prod", token(name + "environment:prod"), []string{"apply-prod"}},
		{"the environment prod, by ids", token(ids + "environment:prod"), []string{"apply-prod"}},

		{"a pull request of a fork's own", token(fork + "pull_request"), none},
		{"main of a fork", token(fork + "ref:refs/heads/main"), none},
		{"an environment of a fork", token(fork + "environment:prod"), none},
		{"another branch", token(name + "ref:refs/heads/feature"), none},
		{"a branch whose name begins so", token(name + "ref:refs/heads/main-2"), none},
		{"a branch under main", token(name + "ref:refs/heads/main/x"), none},
		{"a tag", token(name + "ref:refs/tags/v1"), none},
		{"a tag called main", token(name + "ref:refs/tags/main"), none},
		{"another environment", token(name + "environment:staging"), none},
		{"an environment whose name begins so", token(name + "environment:prod-2"), none},
		{"an environment in capitals", token(name + "environment:PROD"), none},
		{"a pull_request_target as a branch", token(name + "pull_request_target"), none},
		{"the owner in capitals", token(upper + "ref:refs/heads/main"), none},
		{"another owner's id", token(withIDs(r, r.OwnerID+1, r.ID) + "environment:prod"), none},
		{"another repository's id", token(withIDs(r, r.OwnerID, r.ID+1) + "environment:prod"), none},
		{"the ids exchanged", token(withIDs(r, r.ID, r.OwnerID) + "environment:prod"), none},
		{"the owner's id alone", token(fmt.Sprintf("repo:%s@%d/%s:pull_request", r.Owner, r.OwnerID, r.Name)), none},
		{"a longer id", token(withIDs(r, r.OwnerID, r.ID*10) + "environment:prod"), none},
		{"the old name of a renamed repository", token(renamed + "ref:refs/heads/main"), none},
		{"another repository of the owner", token("repo:" + r.Owner + "/website:ref:refs/heads/main"), none},
		{"a wildcard for all", token(name + "*"), none},
		{"a wildcard for the owner's", token("repo:" + r.Owner + "/*:environment:prod"), none},
		{"a subject of the workflow", token(name + "job_workflow_ref:" + workflow), none},
		{"the workflow's reference alone", token("job_workflow_ref:" + workflow), none},
		{"the repository alone", token("repo:" + r.Owner + "/" + r.Name), none},
		{"no subject", token(""), none},
		{"no audience", iam.Token{Issuer: gitHub, Subject: name + "environment:prod"}, none},
		{"the default audience of GitHub", iam.Token{Issuer: gitHub, Subject: name + "environment:prod",
			Audience: "https://github.com/" + r.Owner}, none},
		{"another cloud's audience", iam.Token{Issuer: gitHub, Subject: ids + "environment:prod",
			Audience: "api://AzureADTokenExchange"}, none},
		{"another issuer", iam.Token{Issuer: "token.actions.example.com", Subject: name + "environment:prod",
			Audience: audience}, none},
	}
}

// bootstrapPromises are about the roles of CI. Roles have the name mlops-github-ROLE.
func bootstrapPromises(account, region, stateKey string) []promise {
	state := "arn:aws:s3:::mlops-terraform-" + region + "-" + account
	repository := "arn:aws:ecr:" + region + ":" + account + ":repository/mlops/"
	key := "arn:aws:kms:" + region + ":" + account + ":key/data-prod"
	secret := "arn:aws:secretsmanager:" + region + ":" + account + ":secret:mlops/prod/mlflow-database-abc123"
	return []promise{
		// Images are pushed, and nothing else.
		{"images", "ecr:GetAuthorizationToken", "*", allowed, nil},
		{"images", "ecr:GetAuthorizationToken", "*", forbidden, with("aws:RequestedRegion", "us-east-1")},
		{"images", "ecr:PutImage", repository + "mlflow", allowed, nil},
		{"images", "ecr:UploadLayerPart", repository + "inference-api", allowed, nil},
		{"images", "ecr:PutImage", "arn:aws:ecr:" + region + ":" + account + ":repository/payments", forbidden, nil},
		{"images", "ecr:BatchDeleteImage", repository + "mlflow", forbidden, nil},
		{"images", "ecr:DeleteRepository", repository + "mlflow", forbidden, nil},
		{"images", "ecr:PutImageTagMutability", repository + "mlflow", forbidden, nil},
		{"images", "ecr:SetRepositoryPolicy", repository + "mlflow", forbidden, nil},
		{"images", "secretsmanager:GetSecretValue", secret, forbidden, nil},
		{"images", "s3:GetObject", state + "/mlops/prod/terraform.tfstate", forbidden, nil},
		{"images", "kms:Decrypt", key, forbidden, nil},
		{"images", "iam:PassRole", "arn:aws:iam::" + account + ":role/mlops-github-apply-prod", forbidden, nil},
		{"images", "sts:AssumeRole", "arn:aws:iam::" + account + ":role/mlops-github-apply-prod", forbidden, nil},

		// A plan reads the state; ReadOnlyAccess does not stretch to data or secrets, and changes nothing.
		{"plan", "s3:GetObject", state + "/mlops/prod/terraform.tfstate", noAnswer, nil},
		{"plan", "kms:Decrypt", stateKey, allowed, nil},
		{"plan", "kms:Encrypt", stateKey, forbidden, nil},
		{"plan", "secretsmanager:GetRandomPassword", "*", allowed, nil},
		{"plan", "secretsmanager:GetRandomPassword", "*", noAnswer, with("aws:RequestedRegion", "us-east-1")},
		{"plan", "s3:GetObject", "arn:aws:s3:::mlops-artifacts-prod-" + account + "/mlflow/1/model.onnx", forbidden, nil},
		{"plan", "s3:GetObject", "arn:aws:s3:::mlops-data-prod-" + account + "/flights/2026-01.csv", forbidden, nil},
		{"plan", "s3:GetObjectVersion", "arn:aws:s3:::mlops-data-prod-" + account + "/flights/2026-01.csv", forbidden, nil},
		{"plan", "s3:PutObject", state + "/mlops/prod/terraform.tfstate", forbidden, nil},
		{"plan", "s3:DeleteObject", state + "/mlops/prod/terraform.tfstate.tflock", forbidden, nil},
		{"plan", "secretsmanager:GetSecretValue", secret, forbidden, nil},
		{"plan", "ssm:GetParameter", "arn:aws:ssm:" + region + ":" + account + ":parameter/token", forbidden, nil},
		{"plan", "ssm:GetParametersByPath", "arn:aws:ssm:" + region + ":" + account + ":parameter/", forbidden, nil},
		{"plan", "kms:Decrypt", key, forbidden, nil},
		{"plan", "iam:CreateRole", "arn:aws:iam::" + account + ":role/x", forbidden, nil},
		{"plan", "iam:PassRole", "arn:aws:iam::" + account + ":role/mlops-github-apply-prod", forbidden, nil},
		{"plan", "sts:AssumeRole", "arn:aws:iam::" + account + ":role/mlops-github-apply-prod", forbidden, nil},
		{"plan", "s3:GetObject", state + "/mlops/prod/terraform.tfstate", forbidden, plainHTTP},

		// To apply is to administrate: what guards these two roles is who may have them.
		{"apply-dev", "iam:CreateRole", "arn:aws:iam::" + account + ":role/mlops-dev-mlflow", allowed, nil},
		{"apply-prod", "s3:PutObject", state + "/mlops/prod/terraform.tfstate", allowed, nil},
		{"apply-prod", "s3:PutObject", state + "/mlops/prod/terraform.tfstate", forbidden, plainHTTP},
		{"apply-dev", "sts:AssumeRole", "arn:aws:iam::" + account + ":role/mlops-github-apply-prod", forbidden, nil},
	}
}
