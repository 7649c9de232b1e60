package estimate

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// fixture reads a plan that Terraform made (testdata/plans.sh), to be changed before it is priced.
func fixture(t *testing.T, environment string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", environment+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var plan map[string]any
	if err := json.Unmarshal(data, &plan); err != nil {
		t.Fatal(err)
	}
	return plan
}

// find gives the values of one resource of a plan.
func find(t *testing.T, plan map[string]any, address string) map[string]any {
	t.Helper()
	var search func(module map[string]any) map[string]any
	search = func(module map[string]any) map[string]any {
		for _, each := range list(module["resources"]) {
			if each["address"] == address {
				return each["values"].(map[string]any)
			}
		}
		for _, child := range list(module["child_modules"]) {
			if found := search(child); found != nil {
				return found
			}
		}
		return nil
	}
	found := search(root(plan))
	if found == nil {
		t.Fatalf("the plan has no %s", address)
	}
	return found
}

func root(plan map[string]any) map[string]any {
	return plan["planned_values"].(map[string]any)["root_module"].(map[string]any)
}

func list(value any) []map[string]any {
	var all []map[string]any
	each, _ := value.([]any)
	for _, one := range each {
		all = append(all, one.(map[string]any))
	}
	return all
}

func assumptionsOf(t *testing.T, environment string) *Assumptions {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "terraform", "envs", environment, "cost.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	assumed, err := ReadAssumptions(data)
	if err != nil {
		t.Fatal(err)
	}
	return assumed
}

func listed(t *testing.T) *Prices {
	t.Helper()
	prices, err := ListPrices()
	if err != nil {
		t.Fatal(err)
	}
	return prices
}

func price(t *testing.T, plan map[string]any, environment string) (*Estimate, error) {
	t.Helper()
	data, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	return Of(data, listed(t), assumptionsOf(t, environment))
}

func priced(t *testing.T, plan map[string]any, environment string) *Estimate {
	t.Helper()
	result, err := price(t, plan, environment)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// month is what all lines of one resource cost.
func month(e *Estimate, address string) float64 {
	sum := 0.0
	for _, line := range e.Lines {
		if line.Address == address {
			sum += line.Month()
		}
	}
	return sum
}

func TestEachEnvironmentIsPricedInFullAndFitsItsBudget(t *testing.T) {
	for _, environment := range []string{"dev", "prod"} {
		plan := fixture(t, environment)
		result := priced(t, plan, environment)
		if len(result.Unpriced) > 0 {
			t.Errorf("%s: not priced: %v", environment, result.Unpriced)
		}
		limit := find(t, plan, "module.cloudwatch.aws_budgets_budget.this")["limit_amount"].(string)
		budget, err := strconv.ParseFloat(limit, 64)
		if err != nil {
			t.Fatal(err)
		}
		// Over 80 % of it an alarm rings: an environment that does what is assumed must not wake anybody.
		if sum := result.Sum(); sum <= 0 || sum > 0.8*budget {
			t.Errorf("%s costs %.0f USD a month, its budget is %.0f", environment, sum, budget)
		}
	}
}

func TestNodesAreCountedWithTheirDisks(t *testing.T) {
	plan := fixture(t, "dev")
	const group = "module.general.aws_eks_node_group.this"
	before := month(priced(t, plan, "dev"), group)
	find(t, plan, group)["scaling_config"].([]any)[0].(map[string]any)["desired_size"] = 4.0
	if after := month(priced(t, plan, "dev"), group); math.Abs(after-2*before) > 1e-9 {
		t.Errorf("twice the nodes cost %.2f, half of them %.2f", after, before)
	}
	find(t, plan, "module.general.aws_launch_template.this")["block_device_mappings"] = []any{}
	result := priced(t, plan, "dev")
	if len(result.Unpriced) != 1 || result.Unpriced[0].Address != group {
		t.Errorf("disks of an unknown size are not reported by the group's address: %v", result.Unpriced)
	}
}

func TestAGroupOfNoNodesCostsNothing(t *testing.T) {
	result := priced(t, fixture(t, "dev"), "dev")
	if cost := month(result, "module.gpu.aws_eks_node_group.this"); cost != 0 {
		t.Errorf("no GPU node costs %.2f", cost)
	}
}

func TestAStandbyDoublesTheDatabase(t *testing.T) {
	plan := fixture(t, "dev")
	const address = "module.rds.aws_db_instance.this"
	secret := listed(t).Units["secret_month"]
	before := month(priced(t, plan, "dev"), address) - secret
	find(t, plan, address)["multi_az"] = true
	if after := month(priced(t, plan, "dev"), address) - secret; math.Abs(after-2*before) > 1e-9 {
		t.Errorf("with a standby %.2f, without %.2f", after, before)
	}
}

func TestAnUnknownSizeIsNamedAndTheSumIsALowerBound(t *testing.T) {
	for address, change := range map[string]func(map[string]any){
		"module.rds.aws_db_instance.this":        func(v map[string]any) { v["instance_class"] = "db.x99.huge" },
		"module.general.aws_eks_node_group.this": func(v map[string]any) { v["instance_types"] = []any{"m99.huge"} },
		"module.gpu.aws_eks_node_group.this":     func(v map[string]any) { delete(v, "scaling_config") },
		"module.alb.aws_lb.this":                 func(v map[string]any) { v["load_balancer_type"] = "network" },
		"module.vpc.aws_vpc_endpoint.s3":         func(v map[string]any) { v["vpc_endpoint_type"] = "Interface" },
		"module.vpc.aws_cloudwatch_log_group.flow": func(v map[string]any) {
			v["retention_in_days"] = 0.0
		},
		`module.s3.aws_s3_bucket.this["data"]`: func(v map[string]any) { v["bucket"] = "mlops-surprise" },
	} {
		plan := fixture(t, "dev")
		change(find(t, plan, address))
		result := priced(t, plan, "dev")
		if len(result.Unpriced) != 1 || result.Unpriced[0].Address != address {
			t.Errorf("%s: reported are %v", address, result.Unpriced)
		}
		var text strings.Builder
		result.Print(&text, "dev", listed(t), assumptionsOf(t, "dev"))
		if !strings.Contains(text.String(), "dev: at least ") || !strings.Contains(text.String(), "  "+address+": ") {
			t.Errorf("%s: the report does not say it:\n%s", address, text.String())
		}
	}
}

func TestSpotIsNotPricedAsOnDemand(t *testing.T) {
	plan := fixture(t, "dev")
	find(t, plan, "module.general.aws_eks_node_group.this")["capacity_type"] = "SPOT"
	if result := priced(t, plan, "dev"); len(result.Unpriced) != 1 {
		t.Errorf("reported are %v", result.Unpriced)
	}
}

func TestATypeThatNobodyPricedIsRefusedByName(t *testing.T) {
	plan := fixture(t, "dev")
	resources := root(plan)["resources"].([]any)
	for _, kind := range []string{"aws_msk_cluster", "aws_redshift_cluster"} {
		resources = append(resources, map[string]any{
			"address": kind + ".this", "mode": "managed", "type": kind, "name": "this", "values": map[string]any{},
		})
	}
	root(plan)["resources"] = resources
	_, err := price(t, plan, "dev")
	if err == nil || !strings.Contains(err.Error(), "aws_msk_cluster, aws_redshift_cluster") {
		t.Errorf("the error is: %v", err)
	}
}

func TestAnotherRegionIsRefused(t *testing.T) {
	plan := fixture(t, "dev")
	plan["variables"].(map[string]any)["region"] = map[string]any{"value": "us-east-1"}
	if _, err := price(t, plan, "dev"); err == nil || !strings.Contains(err.Error(), "eu-west-1") {
		t.Errorf("the error is: %v", err)
	}
}

func TestWhatIsNoPlanIsRefused(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"format_version": "1.2"}`, "No changes."} {
		if _, err := Of([]byte(text), listed(t), assumptionsOf(t, "dev")); err == nil {
			t.Errorf("%q is priced", text)
		}
	}
}

func TestTheReportAddsUp(t *testing.T) {
	result := priced(t, fixture(t, "prod"), "prod")
	sum := 0.0
	for _, line := range result.grouped() {
		sum += line.Month()
	}
	if math.Abs(sum-result.Sum()) > 1e-6 {
		t.Errorf("the rows add up to %.6f, the sum is %.6f", sum, result.Sum())
	}
	var text strings.Builder
	result.Print(&text, "prod", listed(t), assumptionsOf(t, "prod"))
	for _, wanted := range []string{"module.vpc.aws_nat_gateway.this[*]", "nat_gb = ", "approximate list prices"} {
		if !strings.Contains(text.String(), wanted) {
			t.Errorf("the report does not say %q:\n%s", wanted, text.String())
		}
	}
}
