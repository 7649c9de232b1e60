package aws

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/logger"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// What Terraform says is kept in a file (logTo); here it would bury what the tests say.
	logger.Default = logger.Discard
	// Settings of the person who runs the tests must not decide where they apply to.
	for _, each := range os.Environ() {
		if name, _, _ := strings.Cut(each, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "TF_VAR_") {
			if *realAccount == "" {
				_ = os.Unsetenv(name)
			}
		}
	}
	if file := os.Getenv("TF_CLI_CONFIG_FILE"); file != "" {
		if _, err := os.Stat(file); err != nil {
			_ = os.Unsetenv("TF_CLI_CONFIG_FILE") // it names no file, and every command would warn of it
		}
	}
	os.Exit(m.Run())
}
