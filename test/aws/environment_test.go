package aws

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// environment is an applied environment and what its outputs say.
type environment struct {
	account
	name  string // dev or prod
	full  string // mlops-dev
	facts map[string]string
	// outputs is what `terraform output -json` prints.
	outputs []byte
	// state is what `terraform show -json` prints.
	state   []byte
	restore map[string]string
	prod    bool
}

func newEnvironment(t testing.TB, a account, name string, root *root) environment {
	t.Helper()
	e := environment{account: a, name: name, full: "mlops-" + name, outputs: root.outputs(t), state: root.show(t), prod: name == "prod"}
	var decoded struct {
		Facts struct {
			Value map[string]string `json:"value"`
		} `json:"facts"`
		Restore struct {
			Value map[string]string `json:"value"`
		} `json:"restore"`
	}
	if err := json.Unmarshal(e.outputs, &decoded); err != nil {
		t.Fatal(err)
	}
	e.facts, e.restore = decoded.Facts.Value, decoded.Restore.Value
	return e
}

// must ends a test whose question to the account failed.
func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(answer T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// want says what is not as promised.
func want[T comparable](t testing.TB, what string, wanted, found T) {
	t.Helper()
	if wanted != found {
		t.Errorf("%s: want %v, found %v", what, wanted, found)
	}
}

// text is what a field of the SDK holds, or "".
func text(field *string) string { return aws.ToString(field) }
