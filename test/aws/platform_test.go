package aws

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// knownDrift lists what a plan right after an apply would change again on the emulator: moto 5.2.5 forgets descriptions of
// rules that name a security group. On AWS it would change nothing.
var knownDrift = []string{
	`update module.alb.aws_vpc_security_group_egress_rule.pods["inference"]: description`,
	`update module.alb.aws_vpc_security_group_egress_rule.pods["mlflow"]: description`,
	`update module.alb.aws_vpc_security_group_ingress_rule.pods["inference"]: description`,
	`update module.alb.aws_vpc_security_group_ingress_rule.pods["mlflow"]: description`,
	`update module.rds.aws_vpc_security_group_ingress_rule.this["cluster"]: description`,
}

// TestThePlatformFromNothingToNothing applies bootstrap, dev and prod whole into one account, looks at what is there,
// and destroys it.
func TestThePlatformFromNothingToNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("applies everything; takes minutes")
	}
	parallel(t)
	a := newAccount(t)
	before := inventory(t, a)
	code := copyCode(t)

	bootstrap := newRoot(t, code, "bootstrap", a.environment, nil)
	bootstrap.apply(t)
	t.Run("bootstrap", func(t *testing.T) { checkBootstrap(t, a, bootstrap) })

	backend := map[string]any{"bucket": bootstrap.output(t, "state_bucket"), "region": a.region}
	environments := map[string]*root{}
	for _, name := range []string{"dev", "prod"} {
		environments[name] = newRoot(t, code, "envs/"+name, a.environment, backend)
	}
	// Both at once: they share an account, and nothing in it may be wanted by both.
	t.Run("environments", func(t *testing.T) {
		for name, root := range environments {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				root.apply(t)
				checkEnvironment(t, a, name, root)
			})
		}
	})
	if t.Failed() {
		return // what is there is not what was wanted, and the account ends with the test
	}

	t.Run("nothing of prod's data goes by accident", func(t *testing.T) { checkProdIsGuarded(t, a, environments["prod"]) })
	t.Run("nothing is left", func(t *testing.T) {
		lift(t, environments["prod"])
		t.Run("environments", func(t *testing.T) {
			for name, root := range environments {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					if err := root.destroy(t); err != nil {
						t.Fatal(err)
					}
				})
			}
		})
		emptyBucket(t, a, bootstrap.output(t, "state_bucket"))
		if err := bootstrap.destroy(t); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, inventory(t, a)); diff != "" {
			t.Errorf("what the account had before, and has now:\n%s", diff)
		}
	})
}

// checkEnvironment looks at all that an environment is made of.
func checkEnvironment(t *testing.T, a account, name string, root *root) {
	t.Helper()
	e := newEnvironment(t, a, name, root)
	t.Run("network", func(t *testing.T) { checkNetwork(t, e) })
	t.Run("cluster", func(t *testing.T) { checkCluster(t, e) })
	t.Run("nodes", func(t *testing.T) { checkNodes(t, e) })
	t.Run("database", func(t *testing.T) { checkDatabase(t, e) })
	t.Run("buckets", func(t *testing.T) { checkBuckets(t, e) })
	t.Run("roles", func(t *testing.T) { checkRoles(t, e) })
	t.Run("front", func(t *testing.T) { checkFront(t, e) })
	t.Run("alarms", func(t *testing.T) { checkAlarms(t, e) })
	t.Run("facts", func(t *testing.T) { checkFacts(t, e) })
	t.Run("a second plan changes nothing", func(t *testing.T) {
		made, _ := root.plan(t)
		expected := knownDrift
		if *realAccount != "" {
			expected = []string{}
		}
		if diff := cmp.Diff(expected, made.changes()); diff != "" {
			t.Errorf("a plan right after the apply:\n%s", diff)
		}
	})
}

// lift takes the guards of prod away, as docs/runbooks says, by a file that Terraform lays over main.tf.
func lift(t *testing.T, prod *root) {
	t.Helper()
	const lifted = `
module "alb" { deletion_protection = false }
module "rds" {
  deletion_protection = false
  skip_final_snapshot = true
}
module "s3" { force_destroy = true }
`
	path := filepath.Join(prod.options.TerraformDir, "lifted_override.tf")
	if err := os.WriteFile(path, []byte(lifted), 0o600); err != nil {
		t.Fatal(err)
	}
	prod.apply(t)
}
