package iam

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWildcardsOfActions(t *testing.T) {
	for _, test := range []struct {
		written, action string
		want            bool
	}{
		{"s3:GetObject", "s3:GetObject", true},
		{"s3:getobject", "S3:GetObject", true},
		{"s3:GetObject", "s3:GetObjectVersion", false},
		{"s3:Get*", "s3:GetObject", true},
		{"s3:Get*", "s3:Get", true},
		{"s3:*Object", "s3:GetObject", true},
		{"s3:*Object", "s3:GetObjectAcl", false},
		{"s3:*Obj*", "s3:GetObjectAcl", true},
		{"s3:Get?bject", "s3:GetObject", true},
		{"s3:GetObject?", "s3:GetObject", false},
		{"s3:??tObject", "s3:GetObject", true},
		{"*", "iam:PassRole", true},
		{"s3:*", "s3-object-lambda:GetObject", false},
		{"s3:*", "iam:PassRole", false},
		{"s3:a*b*c", "s3:abc", true},
		{"s3:a*b*c", "s3:axxbxxbxxc", true},
		{"s3:a*b*c", "s3:acb", false},
		{"s3:.*", "s3:GetObject", false},
		{"s3:[Gg]et", "s3:Get", false},
	} {
		if got := matchAction(test.written, test.action); got != test.want {
			t.Errorf("%s on %s: got %t", test.written, test.action, got)
		}
	}
}

func TestWildcardsOfResources(t *testing.T) {
	for _, test := range []struct {
		written, arn string
		want         bool
	}{
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/k", true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/", true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
		{"arn:aws:s3:::b", "arn:aws:s3:::b/k", false},
		{"arn:aws:s3:::b*", "arn:aws:s3:::b2/k", true},
		{"arn:aws:s3:::b/*/x", "arn:aws:s3:::b/1/2/x", true},
		{"arn:aws:s3:::b/?", "arn:aws:s3:::b/12", false},
		{"arn:aws:s3:::B/*", "arn:aws:s3:::b/k", false},
		{"arn:aws:sqs:*:1:q", "arn:aws:sqs:eu-west-1:1:q", true},
		{"arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:1:q", true},
		{"arn:aws:logs:r:1:log-group:g:*", "arn:aws:logs:r:1:log-group:g:log-stream:s", true},
		{"arn:aws:s3:::b/é?", "arn:aws:s3:::b/éé", true},
	} {
		if got, err := matchResource(glob(test.written), test.arn); err != nil || got != test.want {
			t.Errorf("%s on %s: got %t, %v", test.written, test.arn, got, err)
		}
	}
}

func TestNoAnswerWhereTheReadingsOfAWildcardDiffer(t *testing.T) {
	for written, arn := range map[string]string{
		"arn:aws:sqs:*q":          "arn:aws:sqs:eu-west-1:1:q",
		"arn:aws:sqs:eu-west-1?q": "arn:aws:sqs:eu-west-1:q",
	} {
		_, err := matchResource(glob(written), arn)
		var unsupported *Unsupported
		if !errors.As(err, &unsupported) {
			t.Errorf("%s on %s: %v", written, arn, err)
		}
	}
}

func TestPolicyVariables(t *testing.T) {
	context := Context{
		"aws:PrincipalTag/team": {"blue"}, "aws:username": {"a*b"}, "aws:TagKeys": {"x", "y"},
	}
	for _, test := range []struct {
		version, written, text string
		want                   bool
	}{
		{current, "b/${aws:PrincipalTag/team}/*", "b/blue/k", true},
		{current, "b/${AWS:principaltag/Team}/*", "b/blue/k", true},
		{current, "b/${aws:PrincipalTag/team}/*", "b/red/k", false},
		{current, "b/${aws:PrincipalTag/room, 'none'}", "b/none", true},
		{current, "b/${*}", "b/*", true},
		{current, "b/${*}", "b/k", false},
		{current, "b/${?}${$}", "b/?$", true},
		{earlier, "b/${aws:PrincipalTag/team}", "b/blue", false},
		{earlier, "b/${aws:PrincipalTag/team}", "b/${aws:PrincipalTag/team}", true},
	} {
		p, err := expand(test.version, test.written, true, context)
		if err != nil || p.matches(test.text) != test.want {
			t.Errorf("%s of %s on %s: want %t (%v)", test.written, test.version, test.text, test.want, err)
		}
	}
	for _, written := range []string{
		"${aws:PrincipalTag/room}", "${aws:PrincipalTag/room, none}", "${aws:username}", "${aws:TagKeys}", "${aws:PrincipalTag/team",
	} {
		var unsupported *Unsupported
		if _, err := expand(current, written, true, context); !errors.As(err, &unsupported) {
			t.Errorf("%s: %v", written, err)
		}
	}
}

// The matcher is compared with regular expressions, which Go translates and runs in a different way.
func FuzzMatch(f *testing.F) {
	f.Add("arn:aws:s3:::b/*", "arn:aws:s3:::b/k")
	f.Add("a*b?c**", "axxbbcbc")
	f.Add("***?*", "é")
	f.Fuzz(func(t *testing.T, written, text string) {
		if len(written) > 64 || len(text) > 256 || !utf8.ValidString(written) || !utf8.ValidString(text) {
			return
		}
		translated := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(written))
		want := regexp.MustCompile(`(?s)\A(?:` + translated + `)\z`).MatchString(text)
		if got := glob(written).matches(text); got != want {
			t.Errorf("%q on %q: got %t, a regular expression says %t", written, text, got, want)
		}
		// Staying inside a segment only ever takes matches away.
		if ok, err := matchResource(glob(written), text); err == nil && ok != want {
			t.Errorf("%q on %q as a resource: got %t, want %t", written, text, ok, want)
		}
	})
}
