package aws

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/gruntwork-io/terratest/modules/terraform"

	"example.com/mlops-platform/test/aws/tools"
)

// smallRoot is code that makes something in a few seconds, with the backend of dev: backend.tf is the real one.
const smallRoot = `
provider "aws" { region = "eu-west-1" }

variable "description" { default = "first" }

resource "aws_kms_key" "this" {
  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 7
}
`

const stateKey = "mlops/dev/terraform.tfstate"

// lockID is what Terraform's message names the lock by.
var lockID = regexp.MustCompile(`(?m)^\s*ID:\s+([0-9a-f-]{36})`)

// newState makes the bucket of the state by the real bootstrap, and a small root whose state is in it.
func newState(t *testing.T) (a account, bucket string, open func() *root) {
	t.Helper()
	a = newAccount(t)
	code := copyCode(t)
	bootstrap := newRoot(t, code, "bootstrap", a.environment, nil)
	bootstrap.apply(t)
	bucket = bootstrap.output(t, "state_bucket")
	if *realAccount != "" {
		t.Cleanup(func() { emptyBucket(t, a, bucket) })
	}
	open = func() *root {
		folder := codeFolder(t)
		for _, name := range []string{"backend.tf", ".terraform.lock.hcl"} {
			content := must[[]byte](t)(os.ReadFile(filepath.Join(code, "envs", "dev", name)))
			write(t, filepath.Join(folder, "small", name), content)
		}
		write(t, filepath.Join(folder, "small", "main.tf"), []byte(smallRoot))
		return newRoot(t, folder, "small", a.environment, map[string]any{"bucket": bucket, "region": a.region})
	}
	return a, bucket, open
}

func TestOfTwoAppliesAtOnceOneWinsAndOneNamesTheLock(t *testing.T) {
	if testing.Short() {
		t.Skip("applies; takes minutes")
	}
	parallel(t)
	a, bucket, open := newState(t)
	first, second := open(), open()

	holder := start(t, a, first, "apply", "-input=false", "-auto-approve")
	awaitLock(t, a, bucket)
	options := *second.options
	options.LockTimeout = "0s"
	_, err := terraform.ApplyE(t, &options)
	if err == nil || !strings.Contains(err.Error(), "Error acquiring the state lock") {
		t.Errorf("the second apply did not say that the state is locked: %v", err)
	}
	if err := holder.Wait(); err != nil {
		t.Errorf("the first apply was disturbed: %v", err)
	}
	want(t, "locks once it is done", 0, len(locks(t, a, bucket)))

	t.Run("a lock whose holder was killed can be taken away", func(t *testing.T) {
		first.options.Vars = map[string]any{"description": "second"}
		killed := start(t, a, first, "apply", "-input=false", "-auto-approve", "-var=description=second")
		awaitLock(t, a, bucket)
		_ = killed.Process.Kill()
		_ = killed.Wait()

		_, err := terraform.ApplyE(t, &options)
		if err == nil {
			t.Fatal("an apply went through a lock")
		}
		id := lockID.FindStringSubmatch(err.Error())
		if id == nil {
			t.Fatalf("the message does not name the lock: %v", err)
		}
		if _, err := terraform.RunTerraformCommandE(t, second.options, "force-unlock", "-force", id[1]); err != nil {
			t.Fatal(err)
		}
		second.apply(t)
	})
}

func TestALostStateIsRecoveredFromAVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("applies; takes minutes")
	}
	parallel(t)
	a, bucket, open := newState(t)
	root := open()
	root.apply(t)
	client, ctx := s3.NewFromConfig(a.config), t.Context()

	t.Run("deleted", func(t *testing.T) {
		must[*s3.DeleteObjectOutput](t)(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: ref(stateKey)}))
		made, _ := root.plan(t)
		if diff := cmp.Diff([]string{"create aws_kms_key.this"}, made.changes()); diff != "" {
			t.Fatalf("the state is not lost:\n%s", diff)
		}
		recoverState(t, a, bucket)
		made, _ = root.plan(t)
		want(t, "changes once it is back", 0, len(made.changes()))
	})
	t.Run("overwritten", func(t *testing.T) {
		must[*s3.PutObjectOutput](t)(client.PutObject(ctx,
			&s3.PutObjectInput{Bucket: &bucket, Key: ref(stateKey), Body: strings.NewReader("no state at all")}))
		options := *root.options
		if _, err := terraform.PlanE(t, &options); err == nil {
			t.Fatal("a plan was made from a state that is none")
		}
		recoverState(t, a, bucket)
		made, _ := root.plan(t)
		want(t, "changes once it is back", 0, len(made.changes()))
	})
}

// recoverState does what docs/runbooks/restore-state.md says: the newest version that is a state becomes the current one.
func recoverState(t *testing.T, a account, bucket string) {
	t.Helper()
	client, ctx := s3.NewFromConfig(a.config), t.Context()
	versions := must[*s3.ListObjectVersionsOutput](t)(client.ListObjectVersions(ctx,
		&s3.ListObjectVersionsInput{Bucket: &bucket, Prefix: ref(stateKey)})).Versions
	for _, each := range versions {
		object := must[*s3.GetObjectOutput](t)(client.GetObject(ctx,
			&s3.GetObjectInput{Bucket: &bucket, Key: each.Key, VersionId: each.VersionId}))
		var content bytes.Buffer
		must[int64](t)(content.ReadFrom(object.Body))
		if !bytes.Contains(content.Bytes(), []byte(`"lineage"`)) {
			continue
		}
		must[*s3.CopyObjectOutput](t)(client.CopyObject(ctx, &s3.CopyObjectInput{
			Bucket: &bucket, Key: each.Key, CopySource: ref(bucket + "/" + text(each.Key) + "?versionId=" + text(each.VersionId)),
		}))
		return
	}
	t.Fatal("no version is a state")
}

// start runs terraform and does not wait for it.
func start(t *testing.T, a account, r *root, arguments ...string) *exec.Cmd {
	t.Helper()
	found := must[tools.Tools](t)(tools.Find())
	command := exec.Command(found.Terraform, arguments...)
	command.Dir, command.Env = r.options.TerraformDir, os.Environ()
	for name, value := range a.environment {
		command.Env = append(command.Env, name+"="+value)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	return command
}

// awaitLock waits until somebody holds the lock of the state.
func awaitLock(t *testing.T, a account, bucket string) {
	t.Helper()
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); <-ticks.C {
		if len(locks(t, a, bucket)) > 0 {
			return
		}
	}
	t.Fatal("nobody took the lock within 2 minutes")
}

func locks(t *testing.T, a account, bucket string) []string {
	t.Helper()
	objects := must[*s3.ListObjectsV2Output](t)(s3.NewFromConfig(a.config).ListObjectsV2(t.Context(),
		&s3.ListObjectsV2Input{Bucket: &bucket, Prefix: ref(stateKey + ".tflock")})).Contents
	var found []string
	for _, each := range objects {
		found = append(found, text(each.Key))
	}
	return found
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err = errors.Join(err, os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}
