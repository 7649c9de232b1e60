package estimate

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed prices.yaml
var listPrices []byte

// Prices is the table of list prices, in US dollars without tax.
type Prices struct {
	// Region is the one that the prices hold in.
	Region string `yaml:"region"`
	// AsOf is the month that the prices were written down in.
	AsOf string `yaml:"as_of"`
	// Units has prices by what is counted; the name ends in the unit.
	Units map[string]float64 `yaml:"units"`
	// Instances has the hour of an EC2 instance by its type.
	Instances map[string]float64 `yaml:"instances"`
	// Databases has the hour of one RDS instance by its class.
	Databases map[string]float64 `yaml:"databases"`
	// Free are the resource types that are not charged for by themselves.
	Free []string `yaml:"free"`
}

// Assumptions are what no plan says. Amounts are per month.
type Assumptions struct {
	Hours                           float64            `yaml:"hours"`
	NATGB                           float64            `yaml:"nat_gb"`
	InternetOutGB                   float64            `yaml:"internet_out_gb"`
	LoadBalancerUnits               float64            `yaml:"load_balancer_units"`
	LogsInGB                        map[string]float64 `yaml:"logs_in_gb"`
	BucketsGB                       map[string]float64 `yaml:"buckets_gb"`
	ContainerInsightsMillionPerNode float64            `yaml:"container_insights_million_per_node"`
	GPUBurst                        struct {
		Instance string  `yaml:"instance"`
		Hours    float64 `yaml:"hours"`
	} `yaml:"gpu_burst"`
}

// ListPrices reads the table that is part of the program. Its error names what the table lacks.
func ListPrices() (*Prices, error) {
	prices := &Prices{}
	if err := readStrictly(listPrices, prices); err != nil {
		return nil, fmt.Errorf("prices.yaml: %w", err)
	}
	var faults []error
	for _, unit := range unitsUsed {
		if prices.Units[unit] <= 0 {
			faults = append(faults, fmt.Errorf("prices.yaml: no price for %s", unit))
		}
	}
	for unit := range prices.Units {
		if !slices.Contains(unitsUsed, unit) {
			faults = append(faults, fmt.Errorf("prices.yaml: nothing is counted in %s", unit))
		}
	}
	for _, kind := range prices.Free {
		if _, charged := rules[kind]; charged {
			faults = append(faults, fmt.Errorf("prices.yaml: %s is free and charged for", kind))
		}
	}
	return prices, errors.Join(faults...)
}

// ReadAssumptions reads what an environment assumes. Every setting must be there, and no other one.
func ReadAssumptions(data []byte) (*Assumptions, error) {
	assumed := &Assumptions{}
	if err := readStrictly(data, assumed); err != nil {
		return nil, err
	}
	var given map[string]any
	if err := yaml.Unmarshal(data, &given); err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range assumptionNames {
		if _, there := given[name]; !there {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("lacks %s", strings.Join(missing, ", "))
	}
	for name, amount := range assumed.amounts() {
		if amount < 0 {
			return nil, fmt.Errorf("%s is below 0", name)
		}
	}
	if assumed.Hours == 0 {
		return nil, errors.New("hours is 0: a month has 730")
	}
	return assumed, nil
}

var assumptionNames = []string{
	"hours", "nat_gb", "internet_out_gb", "load_balancer_units", "logs_in_gb", "buckets_gb",
	"container_insights_million_per_node", "gpu_burst",
}

// amounts gives every number by its name in the file.
func (a *Assumptions) amounts() map[string]float64 {
	all := map[string]float64{
		"hours":                               a.Hours,
		"nat_gb":                              a.NATGB,
		"internet_out_gb":                     a.InternetOutGB,
		"load_balancer_units":                 a.LoadBalancerUnits,
		"container_insights_million_per_node": a.ContainerInsightsMillionPerNode,
		"gpu_burst.hours":                     a.GPUBurst.Hours,
	}
	for name, amount := range a.LogsInGB {
		all[fmt.Sprintf("logs_in_gb[%q]", name)] = amount
	}
	for name, amount := range a.BucketsGB {
		all["buckets_gb."+name] = amount
	}
	return all
}

// String lists the assumptions on one line each, in the order of their names.
func (a *Assumptions) String() string {
	var text strings.Builder
	all := a.amounts()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "%s = %g\n", name, all[name])
	}
	fmt.Fprintf(&text, "gpu_burst.instance = %s\n", a.GPUBurst.Instance)
	return text.String()
}

func readStrictly(data []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if err := decoder.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return errors.New("holds more than one document")
	}
	return nil
}
