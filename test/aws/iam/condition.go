package iam

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Context is the request context: what AWS knows of a request, by condition key. Keys are not case sensitive; a key
// that is absent differs from one without values only for Null.
type Context map[string][]string

func (c Context) get(key string) []string {
	for name, values := range c {
		if strings.EqualFold(name, key) {
			return values
		}
	}
	return nil
}

// Condition is one key of one operator: its values are alternatives.
type Condition struct {
	Operator Operator
	// Key is in lower case.
	Key    string
	Values []string
}

// Operator is a condition operator with what stands around its name.
type Operator struct {
	// Name is as it was written, such as ForAllValues:StringLikeIfExists.
	Name string
	// Base is the name alone, such as StringLike.
	Base string
	// IfExists holds where the key is absent.
	IfExists bool
	// Set is ForAllValues, ForAnyValue or empty.
	Set string
}

// A comparison tells whether a value of the request is one that the policy names. The negated operators are the
// same comparison with the opposite answer.
type comparison struct {
	// wild and variables say what the values of the policy may hold.
	wild, variables bool
	matches         func(wanted pattern, value string) (bool, error)
}

func positive(wanted pattern, value string) (bool, error) { return wanted.matches(value), nil }

var comparisons = map[string]comparison{
	"StringEquals":             {variables: true, matches: positive},
	"StringEqualsIgnoreCase":   {variables: true, matches: matchFold},
	"StringLike":               {variables: true, wild: true, matches: positive},
	"ArnEquals":                {variables: true, wild: true, matches: matchARN}, // which is the same as ArnLike
	"ArnLike":                  {variables: true, wild: true, matches: matchARN},
	"Bool":                     {matches: matchFold},
	"NumericEquals":            numeric(func(value, wanted float64) bool { return value == wanted }),
	"NumericLessThan":          numeric(func(value, wanted float64) bool { return value < wanted }),
	"NumericLessThanEquals":    numeric(func(value, wanted float64) bool { return value <= wanted }),
	"NumericGreaterThan":       numeric(func(value, wanted float64) bool { return value > wanted }),
	"NumericGreaterThanEquals": numeric(func(value, wanted float64) bool { return value >= wanted }),
	"IpAddress":                {matches: matchAddress},
}

var negated = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
	"NumericNotEquals":          "NumericEquals",
	"NotIpAddress":              "IpAddress",
}

// parseOperator takes the name of an operator apart. The dates and BinaryEquals are not implemented.
func parseOperator(name string) (Operator, error) {
	o := Operator{Name: name, Base: name}
	if set, base, found := strings.Cut(name, ":"); found {
		o.Set, o.Base = set, base
		if set != "ForAllValues" && set != "ForAnyValue" {
			return o, fmt.Errorf("the condition operator %q is not understood", name)
		}
	}
	if o.Base == "Null" && o.Set == "" {
		return o, nil
	}
	o.Base, o.IfExists = strings.CutSuffix(o.Base, "IfExists")
	if _, ok := comparisons[o.Base]; !ok && negated[o.Base] == "" {
		return o, fmt.Errorf("the condition operator %q is not understood", name)
	}
	return o, nil
}

// holds evaluates one condition (User Guide, "IAM JSON policy elements: Condition operators", "Evaluation logic for
// multiple context keys or values", "Single-valued vs. multivalued context keys").
func (c Condition) holds(version string, context Context) (bool, error) {
	values := context.get(c.Key)
	if c.Operator.Base == "Null" {
		return c.null(len(values) == 0)
	}
	opposite, negative := negated[c.Operator.Base]
	base := c.Operator.Base
	if negative {
		base = opposite
	}

	switch {
	case len(values) == 0 && c.Operator.IfExists:
		return true, nil
	case len(values) == 0 && c.Operator.Set != "":
		// ForAllValues is true where there is nothing to compare, and ForAnyValue false, negated or not.
		return c.Operator.Set == "ForAllValues", nil
	case len(values) == 0:
		// "the values do not match and the condition is false"; of the negated operators "the condition is true".
		return negative, nil
	case len(values) > 1 && c.Operator.Set == "":
		return false, unsupported("%s on %s, which has several values: that takes ForAllValues or ForAnyValue",
			c.Operator.Name, c.Key)
	}

	for _, value := range values {
		among, err := c.among(version, comparisons[base], value, context)
		if err != nil {
			return false, err
		}
		switch fits := among != negative; c.Operator.Set {
		case "ForAnyValue":
			if fits {
				return true, nil
			}
		default:
			if !fits {
				return false, nil
			}
		}
	}
	return c.Operator.Set != "ForAnyValue", nil
}

// among says whether a value of the request is one of those of the policy.
func (c Condition) among(version string, compare comparison, value string, context Context) (bool, error) {
	for _, text := range c.Values {
		wanted := literal(text)
		if compare.variables {
			expanded, err := expand(version, text, compare.wild, context)
			if err != nil {
				return false, err
			}
			wanted = expanded
		}
		ok, err := compare.matches(wanted, value)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// null is the operator that asks whether the key is there: "true" holds where it is not.
func (c Condition) null(absent bool) (bool, error) {
	for _, value := range c.Values {
		if value != "true" && value != "false" {
			return false, unsupported("Null with %q, not true or false", value)
		}
	}
	return slices.Contains(c.Values, strconv.FormatBool(absent)), nil
}

func (p pattern) String() string {
	var text strings.Builder
	for _, t := range p {
		text.WriteRune(t.char)
	}
	return text.String()
}

func matchFold(wanted pattern, value string) (bool, error) {
	return strings.EqualFold(wanted.String(), value), nil
}

func numeric(compare func(value, wanted float64) bool) comparison {
	return comparison{matches: func(wanted pattern, value string) (bool, error) {
		limit, err := strconv.ParseFloat(wanted.String(), 64)
		if err != nil {
			return false, unsupported("a numeric condition on %q", wanted)
		}
		number, err := strconv.ParseFloat(value, 64)
		return err == nil && compare(number, limit), nil
	}}
}

// matchAddress compares an address with a range; a range of one address may be written without its length.
func matchAddress(wanted pattern, value string) (bool, error) {
	text := wanted.String()
	if address, err := netip.ParseAddr(text); err == nil {
		text = netip.PrefixFrom(address, address.BitLen()).String()
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return false, unsupported("an address condition on %q", wanted)
	}
	address, err := netip.ParseAddr(value)
	return err == nil && prefix.Contains(address), nil
}
