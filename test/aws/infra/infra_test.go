// Package infra runs the commands behind make plan, apply and destroy in an emulated account, from nothing to nothing.
package infra

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/mlops-platform/test/aws/emulator"
	"example.com/mlops-platform/test/aws/tools"
)

const (
	account     = "111122223333"
	region      = "eu-west-1"
	stateBucket = "mlops-terraform-" + region + "-" + account
	dataBucket  = "mlops-data-dev-" + account
)

// world is a repository with a small environment, and an account for it.
type world struct {
	t       *testing.T
	root    string
	program string
	environ []string
	config  aws.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("starts an emulator of AWS")
	}
	found, err := tools.Find()
	if err != nil {
		t.Fatal(err)
	}
	emulated := emulator.Start(t, found.Moto, account)
	w := &world{t: t, root: t.TempDir(), program: build(t, "infra"), config: emulated.Config(t, region)}
	w.environ = append(emulated.Environ(),
		"TERRAFORM="+found.Terraform, "TF_PLUGIN_DIR="+found.Plugins, "TF_CLI_CONFIG_FILE=", "CONFIRM=",
		"GOGC=400") // the provider starts anew for each command, and is gone before it needs to collect garbage
	w.copy("test/aws/infra/testdata/dev", "terraform/envs/dev")
	w.copy("terraform/envs/dev/.terraform.lock.hcl", "terraform/envs/dev/.terraform.lock.hcl")
	w.copy("terraform/envs/dev/cost.yaml", "terraform/envs/dev/cost.yaml")
	w.copy("terraform/bootstrap/terraform.tfvars", "terraform/bootstrap/terraform.tfvars")
	w.copy("clusters/dev/facts", "clusters/dev/facts")
	if err := os.MkdirAll(filepath.Join(w.root, "terraform", "modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"init", "-q"}, {"add", "clusters"},
		{"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "facts"},
	} {
		command := exec.Command("git", arguments...)
		command.Dir = w.root
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", arguments, err, said)
		}
	}
	return w
}

// build builds one of the tools of this repository.
func build(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	command := exec.Command("go", "build", "-o", program, "./tools/"+name)
	command.Dir = tools.Root()
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return program
}

// copy copies a file or a folder of this repository.
func (w *world) copy(from, to string) {
	w.t.Helper()
	source, target := filepath.Join(tools.Root(), from), filepath.Join(w.root, to)
	info, err := os.Stat(source)
	if err != nil {
		w.t.Fatal(err)
	}
	if info.IsDir() {
		if err := os.CopyFS(target, os.DirFS(source)); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(source)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(target, data, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// edit replaces a text in the code of the environment.
func (w *world) edit(old, replacement string) {
	w.t.Helper()
	file := filepath.Join(w.root, "terraform", "envs", "dev", "main.tf")
	data, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		w.t.Fatalf("the code has no %q", old)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte(old), []byte(replacement), 1), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// run runs infra and requires an exit code and texts in what it says.
func (w *world) run(code int, environ []string, arguments []string, says ...string) string {
	w.t.Helper()
	asked := arguments
	arguments = append([]string{arguments[0], "-root", w.root, "-render", w.render()}, arguments[1:]...)
	command := exec.Command(w.program, arguments...)
	command.Env = append(w.environ, environ...)
	started := time.Now()
	output, _ := command.CombinedOutput()
	w.t.Logf("%4.0f s  infra %s", time.Since(started).Seconds(), strings.Join(asked, " "))
	if got := command.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("infra %q: exit code %d, want %d\n%s", arguments, got, code, output)
	}
	for _, wanted := range says {
		if !strings.Contains(string(output), wanted) {
			w.t.Errorf("infra %q does not say %q:\n%s", arguments, wanted, output)
		}
	}
	return string(output)
}

var rendered = map[*testing.T]string{}

// render is the program render, built once per test.
func (w *world) render() string {
	w.t.Helper()
	if rendered[w.t] == "" {
		rendered[w.t] = build(w.t, "render")
	}
	return rendered[w.t]
}

func (w *world) makeBucket(name string) {
	w.t.Helper()
	_, err := s3.NewFromConfig(w.config).CreateBucket(w.t.Context(), &s3.CreateBucketInput{
		Bucket:                    &name,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// startInstance starts an instance as Karpenter would, with a volume that a pod claimed.
func (w *world) startInstance() (instance, volume string) {
	w.t.Helper()
	client := ec2.NewFromConfig(w.config)
	ctx := w.t.Context()
	images, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{})
	if err != nil || len(images.Images) == 0 {
		w.t.Fatalf("no image: %v", err)
	}
	owned := ec2types.Tag{Key: aws.String("kubernetes.io/cluster/mlops-dev"), Value: aws.String("owned")}
	tagged := func(kind ec2types.ResourceType, more ...ec2types.Tag) []ec2types.TagSpecification {
		return []ec2types.TagSpecification{{ResourceType: kind, Tags: append(more, owned)}}
	}
	started, err := client.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: images.Images[0].ImageId, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		TagSpecifications: tagged(ec2types.ResourceTypeInstance,
			ec2types.Tag{Key: aws.String("karpenter.sh/nodepool"), Value: aws.String("gpu")}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	claimed, err := client.CreateVolume(ctx, &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String(region + "a"), Size: aws.Int32(10), TagSpecifications: tagged(ec2types.ResourceTypeVolume),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return *started.Instances[0].InstanceId, *claimed.VolumeId
}

func (w *world) vpcs(ctx context.Context) int {
	w.t.Helper()
	found, err := ec2.NewFromConfig(w.config).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{
		Filters: []ec2types.Filter{{Name: aws.String("tag:Name"), Values: []string{"mlops-dev"}}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(found.Vpcs)
}

func TestAnEnvironmentComesAndGoes(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()

	// Nothing is there yet, and each command says what it wants.
	w.run(3, nil, []string{"plan", "dev"}, "the bucket of the state, "+stateBucket, "terraform/bootstrap makes it")
	w.run(3, nil, []string{"plan", "prod"}, "there are: dev")
	w.run(0, nil, []string{"leftovers", "dev"}, "nothing is left of dev")
	w.makeBucket(stateBucket)
	w.run(1, nil, []string{"apply", "dev"}, "there is no plan for dev: make plan ENV=dev", "nothing is changed")

	// Plan and apply: exactly what was shown.
	w.run(0, nil, []string{"plan", "dev"}, "dev: 0 to destroy, 0 to replace, 0 to change, 3 to create", "1 aws_vpc",
		"USD a month", "make apply ENV=dev")
	info, err := os.Stat(filepath.Join(w.root, "out", "dev.tfplan"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the plan, which holds every value of the state, is readable by others: %v, %v", info, err)
	}
	w.edit("retention_in_days = 7", "retention_in_days = 14")
	w.run(1, nil, []string{"apply", "dev"}, "the plan is older than terraform/envs/dev/main.tf", "nothing is changed")
	if w.vpcs(ctx) != 0 {
		t.Fatal("a refused apply has applied")
	}
	w.edit("retention_in_days = 14", "retention_in_days = 7")
	w.run(0, nil, []string{"apply", "dev"}, "dev is applied", "git add clusters/dev/facts")
	facts, err := os.ReadFile(filepath.Join(w.root, "clusters", "dev", "facts", "facts.yaml"))
	if err != nil || strings.Contains(string(facts), "vpc-00000000000000d01") {
		t.Errorf("the facts are not written: %v\n%s", err, facts)
	}
	w.run(1, nil, []string{"apply", "dev"}, "there is no plan for dev")
	w.run(0, nil, []string{"plan", "dev"}, "nothing to do: dev is as the code says")
	w.run(1, nil, []string{"leftovers", "dev"}, "VPC vpc-", "bucket "+dataBucket, "log group /aws/mlops/dev/inference", "3 left of dev")

	// A plan that takes data away is called out, and not applied by accident.
	w.edit(`"mlops-data-dev-${`, `"mlops-rawdata-dev-${`)
	w.run(0, nil, []string{"plan", "dev"}, "WHAT NO CODE MAKES AGAIN", "aws_s3_bucket.data (replace): lost is every object",
		"because of bucket")
	w.run(1, nil, []string{"apply", "dev"}, "nobody answered: CONFIRM=dev", "nothing is changed")
	w.edit(`"mlops-rawdata-dev-${`, `"mlops-data-dev-${`)

	testDestroy(ctx, t, w)
}

func testDestroy(ctx context.Context, t *testing.T, w *world) {
	t.Helper()
	confirmed := []string{"CONFIRM=dev"}
	quick := []string{"-poll", "100ms", "-limit", "30s", "dev"}

	// What is protected stays, whoever confirms: there is an object in a bucket that is not to be emptied.
	objects := s3.NewFromConfig(w.config)
	_, err := objects.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(dataBucket), Key: aws.String("flights.parquet"), Body: strings.NewReader("data"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.run(1, confirmed, []string{"destroy", "dev"}, "dev is protected (nothing is changed)", "aws_s3_bucket.data: force_destroy")
	w.edit("emptied = false", "emptied = true")
	w.run(0, nil, []string{"plan", "dev"}, "aws_s3_bucket.data: force_destroy")
	w.run(0, nil, []string{"apply", "dev"}, "dev is applied")

	// A cluster whose API does not answer: nothing is destroyed, and the way on is told.
	_, err = eks.NewFromConfig(w.config).CreateCluster(ctx, &eks.CreateClusterInput{
		Name: aws.String("mlops-dev"), RoleArn: aws.String("arn:aws:iam::" + account + ":role/cluster"),
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: []string{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	instance, volume := w.startInstance()
	w.run(1, confirmed, append([]string{"destroy"}, quick...), "the cluster is not emptied", "FLAGS=-cluster-gone",
		"nothing of Terraform's is destroyed")
	if w.vpcs(ctx) != 1 {
		t.Fatal("something is destroyed")
	}

	// Without it: Karpenter's instance is ended, and what nobody destroys is found.
	w.run(1, confirmed, append([]string{"destroy", "-cluster-gone"}, quick...), "ending 1 instances of Karpenter: "+instance,
		"EBS volume "+volume+": left", "cluster mlops-dev: left", "2 left of dev")
	if w.vpcs(ctx) != 0 {
		t.Error("the VPC is not destroyed")
	}
	if _, err := eks.NewFromConfig(w.config).DeleteCluster(ctx, &eks.DeleteClusterInput{Name: aws.String("mlops-dev")}); err != nil {
		t.Fatal(err)
	}
	if _, err := ec2.NewFromConfig(w.config).DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &volume}); err != nil {
		t.Fatal(err)
	}
	w.run(0, nil, []string{"leftovers", "dev"}, "nothing is left of dev")
}
