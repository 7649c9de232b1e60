package iamtest

import (
	"os"
	"path/filepath"
	"testing"

	"example.com/mlops-platform/test/aws/iam"
	"example.com/mlops-platform/test/aws/tools"
)

// apply applies a root offline. TERRAFORM_TREE names the Terraform of another checkout, such as a mutated copy.
func apply(t *testing.T, root string) *iam.Account {
	t.Helper()
	if testing.Short() {
		t.Skip("an apply takes five seconds")
	}
	programs, err := tools.Find()
	if err != nil {
		t.Fatal(err)
	}
	tree := os.Getenv("TERRAFORM_TREE")
	if tree == "" {
		tree = filepath.Join(tools.Root(), "terraform")
	}
	account, err := Offline(t.Context(), programs, t.TempDir(), tree, root)
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
