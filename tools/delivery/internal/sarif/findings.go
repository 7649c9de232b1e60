// Package sarif turns the report of `render check` into what GitHub shows beside the code: annotations, and SARIF 2.1.0
// for its page of findings.
package sarif

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// schemaVersion is that of the report that is understood here.
const schemaVersion = 1

// Finding is one fault, whichever clusters have it.
type Finding struct {
	fault
	Clusters []string
}

type fault struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"` // error or warning
	Object   string `json:"object"`
	File     string `json:"file"` // relative to the repository
	Line     int    `json:"line"` // from 1; 0 if it is not known
	Message  string `json:"message"`
	Remedy   string `json:"remedy"`
}

// report is the part of `render check --format json` that is used here.
type report struct {
	SchemaVersion int `json:"schemaVersion"`
	Clusters      []struct {
		Name     string  `json:"name"`
		Root     string  `json:"root"`
		Findings []fault `json:"findings"`
	} `json:"clusters"`
}

// Read reads a report: errors first, then by place. What several clusters share is one finding. A finding about no file
// of the repository, as in a release that it builds on, is shown at the root of its cluster.
func Read(r io.Reader, isFile func(string) bool) ([]Finding, error) {
	var read report
	if err := json.NewDecoder(r).Decode(&read); err != nil {
		return nil, fmt.Errorf("this is no report of render check --format json: %w", err)
	}
	if read.SchemaVersion != schemaVersion {
		return nil, fmt.Errorf("the report has schema version %d, want %d", read.SchemaVersion, schemaVersion)
	}
	clusters := map[fault][]string{}
	for _, cluster := range read.Clusters {
		for _, f := range cluster.Findings {
			if !isFile(f.File) {
				f.Message = strings.TrimPrefix(fmt.Sprintf("%s: %s", f.File, f.Message), ": ")
				f.File, f.Line = cluster.Root, 0
			}
			f.Line = max(f.Line, 1)
			if !slices.Contains(clusters[f], cluster.Name) {
				clusters[f] = append(clusters[f], cluster.Name)
			}
		}
	}
	found := make([]Finding, 0, len(clusters))
	for f, names := range clusters {
		slices.Sort(names)
		found = append(found, Finding{f, names})
	}
	slices.SortFunc(found, compare)
	return found, nil
}

func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Severity, b.Severity), // error comes before warning
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Object, b.Object), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Remedy, b.Remedy),
	)
}

// text is the whole of what a person is told.
func (f Finding) text() string {
	out := f.Message
	if f.Object != "" {
		out += " (" + f.Object + ")"
	}
	if f.Remedy != "" {
		out += "; " + f.Remedy
	}
	return out + " [" + strings.Join(f.Clusters, ", ") + "]"
}
