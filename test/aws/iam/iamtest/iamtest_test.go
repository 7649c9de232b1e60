package iamtest

import (
	"os"
	"path/filepath"
	"testing"

	"example.com/mlops-platform/test/aws/iam"
)

const repository = "../../../.."

// apply applies a root offline. TERRAFORM_TREE names the Terraform of another checkout, such as a mutated copy.
func apply(t *testing.T, root string) *iam.Account {
	t.Helper()
	if testing.Short() {
		t.Skip("an apply takes five seconds")
	}
	tools, err := FindTools(repository)
	if err != nil {
		t.Fatal(err)
	}
	tree := os.Getenv("TERRAFORM_TREE")
	if tree == "" {
		tree = filepath.Join(repository, "terraform")
	}
	account, err := Offline(t.TempDir(), tree, root, tools)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func TestTheRolesOfCI(t *testing.T) {
	account := apply(t, "bootstrap")
	Bootstrap(t, account, "eu-west-1", Repository{Owner: "example-org", OwnerID: 1001, Name: "mlops-platform", ID: 2002})
}

func TestTheRolesOfDev(t *testing.T) { environment(t, "dev") }

func TestTheRolesOfProd(t *testing.T) { environment(t, "prod") }

func environment(t *testing.T, name string) {
	t.Helper()
	account := apply(t, name)
	names, err := NamesOf(account)
	if err != nil {
		t.Fatal(err)
	}
	Environment(t, account, names)
}
