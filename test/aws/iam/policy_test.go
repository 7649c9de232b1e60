package iam

import (
	"errors"
	"strings"
	"testing"
)

const allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

func TestAPolicyThatIsNotUnderstoodIsRefusedByItsPlace(t *testing.T) {
	statement := func(elements string) string {
		return `{"Version":"2012-10-17","Statement":[{` + elements + `}]}`
	}
	condition := func(text string) string {
		return statement(`"Effect":"Allow","Action":"a:B","Resource":"*","Condition":` + text)
	}
	const rest = `,"Action":"a:B","Resource":"*"`
	for name, test := range map[string]struct {
		kind       Kind
		text, want string
	}{
		"no JSON":                        {IdentityBased, `{"Statement"`, "not JSON"},
		"nothing":                        {IdentityBased, ``, "not JSON"},
		"two values":                     {IdentityBased, allowAll + allowAll, "something follows"},
		"null":                           {IdentityBased, `null`, "/: want an object"},
		"no statement":                   {IdentityBased, `{"Version":"2012-10-17"}`, "/Statement: is missing"},
		"an empty list of statements":    {IdentityBased, `{"Statement":[]}`, "/Statement: want one value"},
		"another version":                {IdentityBased, strings.Replace(allowAll, "2012", "2013", 1), "/Version: want"},
		"a name twice":                   {IdentityBased, statement(`"Effect":"Deny","Effect":"Allow"` + rest), `"Effect" is there twice`},
		"a condition twice":              {IdentityBased, condition(`{"Bool":{"a":"true"},"Bool":{"b":"true"}}`), `"Bool" is there twice`},
		"another element":                {IdentityBased, statement(`"Effect":"Allow","Resources":"x"` + rest), `"Resources" is not understood`},
		"an element in lower case":       {IdentityBased, statement(`"effect":"Allow"` + rest), `"effect" is not understood`},
		"another effect":                 {IdentityBased, statement(`"Effect":"allow"` + rest), `/Statement/0/Effect: want Allow or Deny, got "allow"`},
		"no effect":                      {IdentityBased, statement(`"Action":"a:B","Resource":"*"`), "/Statement/0/Effect"},
		"no action":                      {IdentityBased, statement(`"Effect":"Allow","Resource":"*"`), "exactly one of Action and NotAction"},
		"both actions":                   {IdentityBased, statement(`"Effect":"Allow","NotAction":"a:C"` + rest), "exactly one of Action and NotAction"},
		"an empty list of actions":       {IdentityBased, statement(`"Effect":"Allow","Action":[],"Resource":"*"`), "/Statement/0/Action: want one value"},
		"an action without its service":  {IdentityBased, statement(`"Effect":"Allow","Action":"GetObject","Resource":"*"`), "want SERVICE:ACTION"},
		"a pattern of services":          {IdentityBased, statement(`"Effect":"Allow","Action":"s*:Get","Resource":"*"`), "want SERVICE:ACTION"},
		"a variable in an action":        {IdentityBased, statement(`"Effect":"Allow","Action":"s3:${aws:x}","Resource":"*"`), "policy variables"},
		"a number as the action":         {IdentityBased, statement(`"Effect":"Allow","Action":3,"Resource":"*"`), "want a string"},
		"no resource":                    {IdentityBased, statement(`"Effect":"Allow","Action":"a:B"`), "exactly one of Resource and NotResource"},
		"a principal of an identity":     {IdentityBased, statement(`"Effect":"Allow","Principal":"*"` + rest), "/Statement/0/Principal"},
		"NotPrincipal":                   {ResourceBased, statement(`"Effect":"Allow","NotPrincipal":"*"` + rest), `"NotPrincipal" is not understood`},
		"no principal":                   {ResourceBased, statement(`"Effect":"Allow"` + rest), "/Statement/0/Principal: is missing"},
		"an empty principal":             {ResourceBased, statement(`"Effect":"Allow","Principal":{}` + rest), "names nobody"},
		"a pattern of principals":        {ResourceBased, statement(`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/*"}` + rest), "written out"},
		"every service":                  {ResourceBased, statement(`"Effect":"Allow","Principal":{"Service":"*"}` + rest), "written out"},
		"a canonical user":               {ResourceBased, statement(`"Effect":"Allow","Principal":{"CanonicalUser":"x"}` + rest), `"CanonicalUser" is not understood`},
		"a principal that is a list":     {ResourceBased, statement(`"Effect":"Allow","Principal":["*"]` + rest), "want an object"},
		"the resource of a trust policy": {Trust, statement(`"Effect":"Allow","Principal":"*"` + rest), "is its role"},
		"a date":                         {IdentityBased, condition(`{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}`), `"DateLessThan" is not understood`},
		"a binary value":                 {IdentityBased, condition(`{"BinaryEquals":{"k":"QQ=="}}`), `"BinaryEquals" is not understood`},
		"an operator that there is not":  {IdentityBased, condition(`{"StringMatches":{"k":"v"}}`), `"StringMatches" is not understood`},
		"an operator in lower case":      {IdentityBased, condition(`{"stringequals":{"k":"v"}}`), `"stringequals" is not understood`},
		"another set operator":           {IdentityBased, condition(`{"ForSomeValues:StringLike":{"k":"v"}}`), "is not understood"},
		"NullIfExists":                   {IdentityBased, condition(`{"NullIfExists":{"k":"true"}}`), `"NullIfExists" is not understood`},
		"a condition without values":     {IdentityBased, condition(`{"StringLike":{"k":[]}}`), "/Statement/0/Condition/StringLike/k"},
		"an object as a value":           {IdentityBased, condition(`{"StringLike":{"k":{}}}`), "/Statement/0/Condition/StringLike/k"},
		"null as a value":                {IdentityBased, condition(`{"StringLike":{"k":null}}`), "/Statement/0/Condition/StringLike/k"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(test.kind, test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestAllFaultsOfAPolicyAreReportedTogether(t *testing.T) {
	_, err := Parse(IdentityBased, `{"Statement":[{"Effect":"x","Action":"a:B","Resource":"*"},{"Effect":"Deny","Action":"b"}]}`)
	for _, want := range []string{"/Statement/0/Effect", "/Statement/1/Action", "/Statement/1: want exactly one of Resource"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(allowAll)
	f.Add(`{"Statement":{"Effect":"Deny","NotAction":["s3:Get*"],"NotResource":"arn:aws:s3:::b/${aws:username}/?"}}`)
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"a:B","Resource":"*",` +
		`"Condition":{"ForAnyValue:StringNotLikeIfExists":{"k":["v*",1,true]},"Null":{"k":"true"}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []Kind{IdentityBased, ResourceBased, Trust} {
			document, err := Parse(kind, text)
			if err != nil {
				continue
			}
			// What was understood can be evaluated, and every statement of it says something.
			for _, s := range document.Statements {
				if len(s.Actions) == 0 || kind != Trust && len(s.Resources) == 0 || kind != IdentityBased && len(s.Principals) == 0 {
					t.Fatalf("%q: a statement without its elements: %+v", text, s)
				}
				request := Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: Context{"k": {"v"}}}
				if _, err := s.applies(document.Version, request); err != nil {
					var unsupported *Unsupported
					if !errors.As(err, &unsupported) {
						t.Fatalf("%q: %v", text, err)
					}
				}
			}
		}
	})
}
