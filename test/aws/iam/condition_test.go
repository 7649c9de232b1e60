package iam

import (
	"errors"
	"testing"
)

func TestConditions(t *testing.T) {
	one := func(values ...string) Context { return Context{"k": values} }
	absent := Context{}
	for _, test := range []struct {
		operator string
		values   []string
		context  Context
		want     bool
	}{
		// Several values of a key are alternatives; a negated operator wants none of them.
		{"StringEquals", []string{"a", "b"}, one("b"), true},
		{"StringEquals", []string{"a", "b"}, one("c"), false},
		{"StringNotEquals", []string{"a", "b"}, one("b"), false},
		{"StringNotEquals", []string{"a", "b"}, one("c"), true},
		// Values are case sensitive, keys are not.
		{"StringEquals", []string{"a"}, one("A"), false},
		{"StringEquals", []string{"a"}, Context{"K": {"a"}}, true},
		{"StringEqualsIgnoreCase", []string{"a"}, one("A"), true},
		{"StringNotEqualsIgnoreCase", []string{"a"}, one("A"), false},
		// Wildcards are for the Like operators.
		{"StringEquals", []string{"a*"}, one("ab"), false},
		{"StringEquals", []string{"a*"}, one("a*"), true},
		{"StringLike", []string{"a*"}, one("ab"), true},
		{"StringLike", []string{"a?"}, one("a"), false},
		{"StringNotLike", []string{"a*"}, one("ab"), false},
		{"StringLike", []string{"*"}, one(""), true},

		// A key that is absent does not match: false, but true of the negated operators.
		{"StringEquals", []string{"a"}, absent, false},
		{"StringLike", []string{"*"}, absent, false},
		{"StringNotEquals", []string{"a"}, absent, true},
		{"StringNotLike", []string{"*"}, absent, true},
		{"ArnNotLike", []string{"arn:aws:iam::1:role/x"}, absent, true},
		{"Bool", []string{"false"}, absent, false},
		{"NumericLessThan", []string{"3"}, absent, false},
		{"NumericNotEquals", []string{"3"}, absent, true},
		{"IpAddress", []string{"10.0.0.0/8"}, absent, false},
		{"NotIpAddress", []string{"10.0.0.0/8"}, absent, true},
		// With IfExists it is true either way, and a key that is there counts as ever.
		{"StringEqualsIfExists", []string{"a"}, absent, true},
		{"StringEqualsIfExists", []string{"a"}, one("b"), false},
		{"StringNotEqualsIfExists", []string{"a"}, absent, true},
		{"StringNotEqualsIfExists", []string{"a"}, one("a"), false},
		{"BoolIfExists", []string{"true"}, absent, true},
		{"BoolIfExists", []string{"true"}, one("false"), false},
		{"ArnLikeIfExists", []string{"arn:aws:iam::1:role/x"}, absent, true},
		{"NumericLessThanIfExists", []string{"3"}, absent, true},
		{"IpAddressIfExists", []string{"10.0.0.0/8"}, one("192.0.2.1"), false},

		// Null asks only whether the key is there.
		{"Null", []string{"true"}, absent, true},
		{"Null", []string{"true"}, one("x"), false},
		{"Null", []string{"false"}, absent, false},
		{"Null", []string{"false"}, one("x"), true},
		{"Null", []string{"true", "false"}, absent, true},

		{"Bool", []string{"true"}, one("true"), true},
		{"Bool", []string{"true"}, one("True"), true},
		{"Bool", []string{"true"}, one("false"), false},
		{"Bool", []string{"true"}, one("yes"), false},

		// Each part of an ARN is compared by itself: a wildcard does not reach past a colon.
		{"ArnLike", []string{"arn:aws:iam::1:role/*"}, one("arn:aws:iam::1:role/a/b"), true},
		{"ArnEquals", []string{"arn:aws:iam::1:role/*"}, one("arn:aws:iam::1:role/a"), true},
		{"ArnLike", []string{"arn:*:*:*:*:role/x"}, one("arn:aws:iam::1:role/x"), true},
		{"ArnLike", []string{"arn:aws:sns:*:1:t"}, one("arn:aws:sns:r:2:t"), false},
		{"ArnLike", []string{"arn:aws:s*:r:1:t"}, one("arn:aws:sns:r:1:t"), true},
		{"ArnLike", []string{"arn:aws:logs:r:1:a:*"}, one("arn:aws:logs:r:1:a:b:c"), true},
		{"ArnLike", []string{"arn:aws:iam::1:role/x"}, one("x"), false},
		{"ArnNotEquals", []string{"arn:aws:iam::1:role/*"}, one("arn:aws:iam::2:role/a"), true},

		{"NumericEquals", []string{"3"}, one("3.0"), true},
		{"NumericNotEquals", []string{"3"}, one("4"), true},
		{"NumericLessThan", []string{"3"}, one("3"), false},
		{"NumericLessThan", []string{"10"}, one("9"), true},
		{"NumericLessThanEquals", []string{"3"}, one("3"), true},
		{"NumericGreaterThan", []string{"3"}, one("4"), true},
		{"NumericGreaterThanEquals", []string{"3"}, one("2"), false},
		{"NumericLessThan", []string{"3"}, one("many"), false},

		{"IpAddress", []string{"10.0.0.0/8"}, one("10.1.2.3"), true},
		{"IpAddress", []string{"10.0.0.0/8", "192.0.2.1"}, one("192.0.2.1"), true},
		{"IpAddress", []string{"2001:db8::/32"}, one("2001:db8::1"), true},
		{"IpAddress", []string{"10.0.0.0/8"}, one("2001:db8::1"), false},
		{"NotIpAddress", []string{"10.0.0.0/8"}, one("10.1.2.3"), false},
		{"IpAddress", []string{"10.0.0.0/8"}, one("nowhere"), false},

		// ForAllValues: each value of the request is one of the policy's; nothing to compare is true.
		{"ForAllValues:StringEquals", []string{"a", "b"}, one("a", "b"), true},
		{"ForAllValues:StringEquals", []string{"a", "b"}, one("a", "c"), false},
		{"ForAllValues:StringEquals", []string{"a", "b"}, absent, true},
		{"ForAllValues:StringEquals", []string{"a", "b"}, one(), true},
		{"ForAllValues:StringNotEquals", []string{"a"}, one("b", "c"), true},
		{"ForAllValues:StringNotEquals", []string{"a"}, one("a", "c"), false},
		{"ForAllValues:StringLike", []string{"x-*"}, one("x-1", "x-2"), true},
		// ForAnyValue: one is enough; nothing to compare is false, of a negated operator too.
		{"ForAnyValue:StringEquals", []string{"a", "b"}, one("c", "b"), true},
		{"ForAnyValue:StringEquals", []string{"a", "b"}, one("c", "d"), false},
		{"ForAnyValue:StringEquals", []string{"a", "b"}, absent, false},
		{"ForAnyValue:StringNotEquals", []string{"a"}, one("a", "b"), true},
		{"ForAnyValue:StringNotEquals", []string{"a"}, one("a"), false},
		{"ForAnyValue:StringNotEquals", []string{"a"}, absent, false},
		{"ForAnyValue:StringEqualsIfExists", []string{"a"}, absent, true},
	} {
		operator, err := parseOperator(test.operator)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := Condition{Operator: operator, Key: "k", Values: test.values}.holds(current, test.context)
		if err != nil || got != test.want {
			t.Errorf("%s %q with %v: got %t, %v", test.operator, test.values, test.context, got, err)
		}
	}
}

func TestNoAnswerToAConditionThatIsNoneOfTheRequest(t *testing.T) {
	for _, test := range []struct {
		operator, value string
		context         Context
	}{
		{"StringEquals", "a", Context{"k": {"a", "b"}}},
		{"NumericLessThan", "few", Context{"k": {"1"}}},
		{"IpAddress", "here", Context{"k": {"10.0.0.1"}}},
		{"ArnLike", "*", Context{"k": {"arn:aws:iam::1:role/x"}}},
		{"StringEquals", "${aws:username}", Context{"k": {"a"}}},
		{"Null", "perhaps", Context{}},
	} {
		operator, err := parseOperator(test.operator)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Condition{Operator: operator, Key: "k", Values: []string{test.value}}.holds(current, test.context)
		var unsupported *Unsupported
		if !errors.As(err, &unsupported) {
			t.Errorf("%s %q: %v", test.operator, test.value, err)
		}
	}
}
