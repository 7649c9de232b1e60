// Package tools finds the programs that the tests of the AWS base run: Terraform, its provider and the emulator.
package tools

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Tools says where the programs are.
type Tools struct {
	// Terraform is the program terraform.
	Terraform string
	// Plugins is a folder with a mirror of providers, or "" where terraform init downloads them.
	Plugins string
	// Moto is the program moto_server.
	Moto string
}

// Root is the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// Find takes the programs that TERRAFORM, TF_PLUGIN_DIR and MOTO_SERVER name, or else lets hack/aws.sh set them up. Its
// error is one sentence: what is missing, and what to do.
var Find = sync.OnceValues(func() (Tools, error) {
	if os.Getenv("TERRAFORM") != "" && os.Getenv("MOTO_SERVER") != "" {
		return Tools{os.Getenv("TERRAFORM"), os.Getenv("TF_PLUGIN_DIR"), os.Getenv("MOTO_SERVER")}, nil
	}
	script := filepath.Join(Root(), "hack", "aws.sh")
	command := exec.Command(script, "env")
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		text := strings.TrimSpace(said.String())
		return Tools{}, errors.Join(fmt.Errorf("hack/aws.sh env: %s", text), err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(output)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	return Tools{values["TERRAFORM"], values["TF_PLUGIN_DIR"], values["MOTO_SERVER"]}, nil
})
