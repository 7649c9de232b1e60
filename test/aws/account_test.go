package aws

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"example.com/mlops-platform/test/aws/emulator"
	"example.com/mlops-platform/test/aws/tools"
)

// region is that of the example values in terraform.tfvars.
const region = "eu-west-1"

// exampleAccount is the account of the example values in terraform.tfvars.
const exampleAccount = "111122223333"

// account is where a test applies to.
type account struct {
	id          string
	region      string
	environment map[string]string
	config      aws.Config
}

// newAccount starts an emulated account that lives as long as the test, unless a real one is named.
func newAccount(t testing.TB) account {
	t.Helper()
	if *realAccount != "" {
		return newRealAccount(t)
	}
	found, err := tools.Find()
	if err != nil {
		t.Fatal(err)
	}
	started(t, "start the emulated account")
	emulated := emulator.Start(t, found.Moto, exampleAccount)
	t.Cleanup(func() {
		keep(t, emulated.Log)
		keep(t, emulated.Requests)
	})
	return account{exampleAccount, region, emulated.Environment(), emulated.Config(t, region)}
}

// keep copies a log out of a folder that ends with the test, when the test failed.
func keep(t testing.TB, path string) {
	t.Helper()
	if !t.Failed() {
		return
	}
	folder := filepath.Join(tools.Root(), "out", "test-aws", filepath.Base(t.Name()))
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, filepath.Base(path)), content, 0o600)
	}
	if err != nil {
		t.Log(err)
		return
	}
	t.Logf("kept %s in %s", filepath.Base(path), folder)
}

// begin is when the tests began, for the times of progress.
var begin = time.Now()

// started says on a terminal, and in CI's log, what goes on: an apply takes minutes.
func started(t testing.TB, format string, arguments ...any) {
	t.Helper()
	t.Logf("%4.0f s: %s", time.Since(begin).Seconds(), fmt.Sprintf(format, arguments...))
}
