package aws

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"example.com/mlops-platform/test/aws/tools"
	"example.com/mlops-platform/tools/cost/estimate"
)

var (
	realAccount = flag.String("real", "",
		"apply to the account that FOLDER/{bootstrap,dev,prod}.tfvars describe, in the place of an emulated one")
	maxUSD = flag.Float64("max-usd", 25, "with -real: the most that the test may cost, in US dollars")
)

// hoursOfTest is the longest that what a test applies may exist, in hours; hack/aws.sh gives go test this time.
const hoursOfTest = 4

// parallel lets a test run beside others, each in an account of its own. A real account there is only one of.
func parallel(t *testing.T) {
	t.Helper()
	if *realAccount == "" {
		t.Parallel()
	}
}

// newRealAccount takes credentials and region from the environment, as every AWS program does.
func newRealAccount(t testing.TB) account {
	t.Helper()
	given, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	caller, err := sts.NewFromConfig(given).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatalf("-real needs credentials of the account: %v", err)
	}
	var faults []error
	for _, name := range []string{"bootstrap", "dev", "prod"} {
		_, err := os.Stat(filepath.Join(*realAccount, name+".tfvars"))
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		t.Fatalf("-real %s lacks settings: %v", *realAccount, err)
	}
	return account{id: text(caller.Account), region: given.Region, config: given}
}

// realFolders counts the folders of each test. In a real account tests run one after the other.
var realFolders = map[string]int{}

// realFolder is where code and state stay until they are destroyed. A test that is killed cannot clean up; with these
// anybody can.
func realFolder(t testing.TB) string {
	t.Helper()
	test := filepath.Join(tools.Root(), "out", "aws-real", filepath.Base(t.Name()))
	if realFolders[test] == 0 {
		if _, err := os.Stat(test); err == nil {
			t.Fatalf("%s is of a test that was not finished: destroy what it applied (terraform destroy in envs/dev, "+
				"envs/prod, then bootstrap), then remove the folder", test)
		}
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("code and state stay in %s; see to it that nothing is left before you remove it", test)
				return
			}
			_ = os.RemoveAll(test)
		})
	}
	realFolders[test]++
	folder := filepath.Join(test, strconv.Itoa(realFolders[test]))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// guard makes sure, in a real account, that a root is destroyed whatever becomes of the test, and that it is not too
// dear to apply. An emulated account ends with its test.
func (r *root) guard(t testing.TB) {
	t.Helper()
	if *realAccount == "" || r.guarded {
		return
	}
	r.guarded = true
	if environment, isEnvironment := strings.CutPrefix(r.name, "envs/"); isEnvironment {
		_, text := r.plan(t)
		if usd := hourlyPrice(t, environment, text) * hoursOfTest; usd > *maxUSD {
			t.Fatalf("%s for %d hours costs about %.2f USD, and -max-usd is %.2f", r.name, hoursOfTest, usd, *maxUSD)
		}
	}
	t.Cleanup(func() {
		if r.destroyed {
			return
		}
		var err error
		// What one attempt could not delete because something else was still going away, the next can.
		for range 3 {
			if err = r.destroy(t); err == nil {
				return
			}
		}
		t.Errorf("%s is NOT destroyed; run terraform destroy in %s: %v", r.name, r.options.TerraformDir, err)
	})
}

// hourlyPrice is what a planned environment costs, in US dollars per hour. A plan with something unpriced is refused.
func hourlyPrice(t testing.TB, environment string, plan []byte) float64 {
	t.Helper()
	const hoursPerMonth = 730
	prices := must[*estimate.Prices](t)(estimate.ListPrices())
	file := must[[]byte](t)(os.ReadFile(filepath.Join(tools.Root(), "terraform", "envs", environment, "cost.yaml")))
	assumed := must[*estimate.Assumptions](t)(estimate.ReadAssumptions(file))
	result := must[*estimate.Estimate](t)(estimate.Of(plan, prices, assumed))
	for _, each := range result.Unpriced {
		t.Fatalf("nobody knows what %s costs: %s", each.Address, each.Why)
	}
	return result.Sum() / hoursPerMonth
}
