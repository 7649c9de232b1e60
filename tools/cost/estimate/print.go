package estimate

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Print writes the estimate for people: one row per thing that is paid for, the dearest first, then the sum.
func (e *Estimate) Print(to io.Writer, environment string, prices *Prices, assumed *Assumptions) {
	rows := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(rows, "USD/month\tquantity\tunit\tUSD/unit\t\n")
	for _, line := range e.grouped() {
		fmt.Fprintf(rows, "%.2f\t%s\t%s\t%s\t  %s\n", line.Month(), amount(line.Quantity), line.Unit,
			strconv.FormatFloat(line.Price, 'f', -1, 64), strings.TrimSuffix(line.What+": "+line.Address, ": "))
	}
	_ = rows.Flush()

	atLeast := ""
	if len(e.Unpriced) > 0 {
		atLeast = "at least "
		fmt.Fprint(to, "\nnot in the sum:\n")
		for _, each := range e.Unpriced {
			fmt.Fprintf(to, "  %s: %s\n", each.Address, each.Why)
		}
	}
	fmt.Fprintf(to, "\nassumed (terraform/envs/%s/cost.yaml):\n", environment)
	for line := range strings.Lines(assumed.String()) {
		fmt.Fprint(to, "  ", line)
	}
	fmt.Fprintf(to, "\n%s: %s%.0f USD a month, by approximate list prices of %s in %s, without tax\n",
		environment, atLeast, e.Sum(), prices.Region, prices.AsOf)
}

// key is what a for_each or a count adds to an address.
var key = regexp.MustCompile(`\[[^]]*\]$`)

// grouped adds up the lines that differ in the key of a for_each or count only, and puts the dearest first.
func (e *Estimate) grouped() []Line {
	var groups []Line
	for _, line := range e.Lines {
		line.Address = key.ReplaceAllString(line.Address, "[*]")
		at := slices.IndexFunc(groups, func(g Line) bool {
			return g.Address == line.Address && g.What == line.What && g.Price == line.Price
		})
		if at < 0 {
			groups = append(groups, line)
		} else {
			groups[at].Quantity += line.Quantity
		}
	}
	slices.SortStableFunc(groups, func(a, b Line) int { return cmp.Compare(b.Month(), a.Month()) })
	return groups
}

// amount prints a quantity with at most one digit behind the point.
func amount(n float64) string { return strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64) }
