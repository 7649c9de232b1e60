package sarif

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

const twoClusters = `{"schemaVersion": 1, "clusters": [
	{"name": "prod", "root": "clusters/prod/root.yaml", "findings": [
		{"rule": "b", "severity": "warning", "file": "apps/x.yaml", "line": 3, "message": "w"},
		{"rule": "a", "severity": "error", "object": "v1/Pod x", "file": "apps/x.yaml", "line": 3, "message": "e", "remedy": "mend it"},
		{"rule": "c", "severity": "error", "file": "github.com/x/y@v1/z.yaml", "line": 9, "message": "not ours"}]},
	{"name": "dev", "root": "clusters/dev/root.yaml", "findings": [
		{"rule": "a", "severity": "error", "object": "v1/Pod x", "file": "apps/x.yaml", "line": 3, "message": "e", "remedy": "mend it"},
		{"rule": "d", "severity": "error", "message": "no file"}]}]}`

func ours(file string) bool { return file == "apps/x.yaml" }

func TestFindingsComeOnceErrorsFirstAndAtAPlaceInTheRepository(t *testing.T) {
	found, err := Read(strings.NewReader(twoClusters), ours)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	Annotate(&out, found)
	want := `::error file=apps/x.yaml,line=3,title=a::e (v1/Pod x); mend it [dev, prod]
::error file=clusters/dev/root.yaml,line=1,title=d::no file [dev]
::error file=clusters/prod/root.yaml,line=1,title=c::github.com/x/y@v1/z.yaml: not ours [prod]
::warning file=apps/x.yaml,line=3,title=b::w [prod]
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestAMessageCannotEndAnAnnotationOrBeginAnother(t *testing.T) {
	var out bytes.Buffer
	Annotate(&out, []Finding{{fault{
		Rule: "a,b:c", Severity: "error", File: "a:b,c%.yaml", Line: 1, Message: "100 %\r\n::stop-commands::x",
	}, []string{"dev"}}})
	want := "::error file=a%3Ab%2Cc%25.yaml,line=1,title=a%2Cb%3Ac::100 %25%0D%0A::stop-commands::x [dev]\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
}

func TestTheSameFaultFurtherDownIsTheSameFault(t *testing.T) {
	prints := func(report string) []string {
		found, err := Read(strings.NewReader(report), ours)
		if err != nil {
			t.Fatal(err)
		}
		log, err := Log(found)
		if err != nil {
			t.Fatal(err)
		}
		var read sarifLog
		if err := json.Unmarshal(log, &read); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, result := range read.Runs[0].Results {
			all = append(all, result.PartialFingerprints["finding/v1"])
		}
		return all
	}
	before, after := prints(twoClusters), prints(strings.ReplaceAll(twoClusters, `"line": 3`, `"line": 30`))
	if strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("%v became %v", before, after)
	}
}

func TestAnotherReportIsRefused(t *testing.T) {
	for report, says := range map[string]string{
		"":                                     "no report of render check",
		"all clean":                            "no report of render check",
		`{"schemaVersion": 2}`:                 "has schema version 2, want 1",
		`{"clusters": []}`:                     "has schema version 0, want 1",
		`{"schemaVersion": 1, "clusters": {}}`: "no report of render check",
	} {
		if _, err := Read(strings.NewReader(report), ours); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: the error is %v, want %q", report, err, says)
		}
	}
}
