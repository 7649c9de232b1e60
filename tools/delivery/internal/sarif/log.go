package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
)

// The parts of SARIF 2.1.0 that GitHub reads. docs.oasis-open.org/sarif/sarif/v2.1.0
type (
	sarifLog struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}
	run struct {
		Tool    tool     `json:"tool"`
		Results []result `json:"results"`
	}
	tool struct {
		Driver driver `json:"driver"`
	}
	driver struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	}
	rule struct {
		ID string `json:"id"`
	}
	result struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             message           `json:"message"`
		Locations           []location        `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	message struct {
		Text string `json:"text"`
	}
	location struct {
		PhysicalLocation physicalLocation `json:"physicalLocation"`
	}
	physicalLocation struct {
		ArtifactLocation artifactLocation `json:"artifactLocation"`
		Region           region           `json:"region"`
	}
	artifactLocation struct {
		URI string `json:"uri"`
	}
	region struct {
		StartLine int `json:"startLine"`
	}
)

// Log is the findings as SARIF.
func Log(findings []Finding) ([]byte, error) {
	ids := []string{}
	for _, f := range findings {
		ids = append(ids, f.Rule)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	rules, results := []rule{}, []result{}
	for _, id := range ids {
		rules = append(rules, rule{id})
	}
	for _, f := range findings {
		index, _ := slices.BinarySearch(ids, f.Rule)
		results = append(results, result{
			RuleID: f.Rule, RuleIndex: index, Level: f.Severity, Message: message{f.text()},
			Locations: []location{{physicalLocation{
				artifactLocation{(&url.URL{Path: f.File}).EscapedPath()}, region{f.Line},
			}}},
			// Without the line: a finding stays the same one when what is above it grows.
			PartialFingerprints: map[string]string{"finding/v1": fingerprint(f.Rule, f.File, f.Object, f.Message)},
		})
	}
	return json.MarshalIndent(sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []run{{tool{driver{"render", rules}}, results}},
	}, "", "  ")
}

func fingerprint(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil))
}
