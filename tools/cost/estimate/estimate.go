// Package estimate adds up what the resources of a Terraform plan cost in a month, by list prices and assumptions.
package estimate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Line is one thing that is paid for.
type Line struct {
	// Address is where the resource is in the plan, or "" for what no resource stands for.
	Address string
	// What is paid for, for people.
	What string
	// Quantity is how much of it a month has, in Unit.
	Quantity float64
	Unit     string
	// Price is what one unit costs, in US dollars.
	Price float64
}

// Month is what the line costs in a month, in US dollars.
func (l Line) Month() float64 { return l.Quantity * l.Price }

// Unpriced is a resource that costs something, and nobody knows what.
type Unpriced struct{ Address, Why string }

// Estimate is what an environment costs. While Unpriced has entries, the sum is a lower bound.
type Estimate struct {
	Lines    []Line
	Unpriced []Unpriced
}

// Sum is what all lines cost in a month, in US dollars.
func (e *Estimate) Sum() float64 {
	sum := 0.0
	for _, line := range e.Lines {
		sum += line.Month()
	}
	return sum
}

type resource struct {
	address, module, kind string
	values                map[string]any
}

// text is the value of an attribute that is a string, or "".
func (r resource) text(name string) string {
	value, _ := r.values[name].(string)
	return value
}

// block is the first block of a name, or nothing.
func (r resource) block(name string) map[string]any { return firstBlock(r.values, name) }

func firstBlock(values map[string]any, name string) map[string]any {
	blocks, _ := values[name].([]any)
	if len(blocks) == 0 {
		return nil
	}
	first, _ := blocks[0].(map[string]any)
	return first
}

type calculation struct {
	prices    *Prices
	assumed   *Assumptions
	resources []resource
	result    Estimate
}

func (c *calculation) add(r resource, what string, quantity float64, unit string, price float64) {
	if quantity > 0 {
		c.result.Lines = append(c.result.Lines, Line{r.address, what, quantity, unit, price})
	}
}

func (c *calculation) unknown(r resource, why string) {
	c.result.Unpriced = append(c.result.Unpriced, Unpriced{r.address, why})
}

// diskOf is the size in GB of each node's disk, which the launch template beside the node group has.
func (c *calculation) diskOf(group resource) (gb float64, known bool) {
	for _, r := range c.resources {
		if r.kind == "aws_launch_template" && r.module == group.module {
			gb, known = firstBlock(r.block("block_device_mappings"), "ebs")["volume_size"].(float64)
			return gb, known
		}
	}
	return 0, false
}

// Of estimates what the resources cost that will exist after a plan, given as `terraform show -json` prints it. A
// plan in another region, and types that the prices do not know, are errors: a sum without them would be wrong.
func Of(planJSON []byte, prices *Prices, assumed *Assumptions) (*Estimate, error) {
	var plan tfjson.Plan
	if err := json.Unmarshal(planJSON, &plan); err != nil {
		return nil, fmt.Errorf("this is not what `terraform show -json PLAN` prints: %w", err)
	}
	if plan.PlannedValues == nil || plan.PlannedValues.RootModule == nil {
		return nil, errors.New("the plan has no planned values")
	}
	if region := plan.Variables["region"]; region == nil || region.Value != prices.Region {
		return nil, fmt.Errorf("the prices are those of %s, and the plan is not for it: "+
			"write a table for its region into tools/cost/estimate/prices.yaml", prices.Region)
	}
	c := &calculation{prices: prices, assumed: assumed, resources: collect(plan.PlannedValues.RootModule)}
	if unknown := c.unknownTypes(); len(unknown) > 0 {
		return nil, fmt.Errorf("nobody has said what these resource types cost: %s; "+
			"give each a rule (tools/cost/estimate/rules.go) or, if it costs nothing, a line under free (prices.yaml)",
			strings.Join(unknown, ", "))
	}
	for _, r := range c.resources {
		if rule, charged := rules[r.kind]; charged {
			rule(c, r)
		}
	}
	c.assumedOnly()
	return &c.result, nil
}

// assumedOnly adds what no resource stands for.
func (c *calculation) assumedOnly() {
	var none resource
	c.add(none, "data through NAT gateways", c.assumed.NATGB, "GB", c.prices.Units["nat_gateway_gb"])
	c.add(none, "data to the internet", c.assumed.InternetOutGB, "GB", c.prices.Units["internet_out_gb"])
	burst := c.assumed.GPUBurst
	if price, ok := c.prices.Instances[burst.Instance]; ok {
		c.add(none, burst.Instance+" started by Karpenter", burst.Hours, "hour", price)
	} else if burst.Hours > 0 {
		none.address = "gpu_burst"
		c.unknown(none, fmt.Sprintf("no price for the instance type %q", burst.Instance))
	}
}

func (c *calculation) unknownTypes() []string {
	unknown := map[string]bool{}
	for _, r := range c.resources {
		if _, charged := rules[r.kind]; !charged && !slices.Contains(c.prices.Free, r.kind) {
			unknown[r.kind] = true
		}
	}
	return slices.Sorted(maps.Keys(unknown))
}

func collect(module *tfjson.StateModule) []resource {
	var all []resource
	for _, r := range module.Resources {
		if r.Mode == tfjson.ManagedResourceMode {
			all = append(all, resource{r.Address, module.Address, r.Type, r.AttributeValues})
		}
	}
	for _, child := range module.ChildModules {
		all = append(all, collect(child)...)
	}
	return all
}
