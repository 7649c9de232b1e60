package estimate

import (
	"os"
	"strings"
	"testing"
)

func TestAssumptionsAreCompleteAndKnown(t *testing.T) {
	data, err := os.ReadFile("../../../terraform/envs/dev/cost.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for change, wanted := range map[[2]string]string{
		{"nat_gb: 50", "# nat_gb"}:                 "lacks nat_gb",
		{"nat_gb: 50", "nat_gb: -1"}:               "nat_gb is below 0",
		{"hours: 730", "hours: 0"}:                 "a month has 730",
		{"nat_gb: 50", "nat_gbyte: 50\nnat_gb: 1"}: "nat_gbyte",
		{"  data: 20", "  data: -20"}:              "buckets_gb.data is below 0",
		{"nat_gb: 50", "nat_gb: many"}:             "many",
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		if changed == good {
			t.Fatalf("the file has no %q", change[0])
		}
		if _, err := ReadAssumptions([]byte(changed)); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q instead of %q: the error is %v, want one with %q", change[1], change[0], err, wanted)
		}
	}
	if _, err := ReadAssumptions([]byte(good + "---\n{}\n")); err == nil {
		t.Error("a second document is accepted")
	}
}

func TestNoTypeIsListedTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range listed(t).Free {
		if seen[kind] {
			t.Errorf("%s is listed twice", kind)
		}
		seen[kind] = true
	}
}
