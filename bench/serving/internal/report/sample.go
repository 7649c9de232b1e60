// Package report keeps what was measured, and makes tables of it.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Sample is what one contender did once.
type Sample struct {
	Scenario  string             `json:"scenario"`
	Case      string             `json:"case"`
	Contender string             `json:"contender"`
	Round     int                `json:"round"`
	Values    map[string]float64 `json:"values"` // keys end in their unit, unless they are counts
}

// Contender describes one of those that took part.
type Contender struct {
	Name    string `json:"name"`
	Peer    string `json:"peer"`
	What    string `json:"what"`
	Version string `json:"version"`
}

// Results is the raw file: everything that the tables are made of.
type Results struct {
	Started    string            `json:"started"`
	Commit     string            `json:"commit"`
	Machine    map[string]string `json:"machine"`
	Settings   map[string]string `json:"settings"`
	Contenders []Contender       `json:"contenders"`
	Samples    []Sample          `json:"samples"`
}

// Read reads a raw file.
func Read(path string) (Results, error) {
	var results Results
	text, err := os.ReadFile(path)
	if err != nil {
		return results, err
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return results, fmt.Errorf("%s: %w", path, err)
	}
	return results, nil
}

// Write writes a raw file, whole or not at all.
func (r Results) Write(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
	if err := os.WriteFile(temporary, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// Spread is the middle of several rounds, and how far they lay apart.
type Spread struct {
	Median, Low, High float64
	Rounds            int
}

// Of several values; the median of an even number is the mean of the two in the middle.
func spreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	median := sorted[half]
	if len(sorted)%2 == 0 {
		median = (sorted[half-1] + sorted[half]) / 2
	}
	return Spread{Median: median, Low: sorted[0], High: sorted[len(sorted)-1], Rounds: len(sorted)}
}

// Spread of a value over the rounds of a contender in a case; false if nothing was measured.
func (r Results) Spread(scenario, of, contender, value string) (Spread, bool) {
	var values []float64
	for _, sample := range r.Samples {
		if sample.Scenario == scenario && sample.Case == of && sample.Contender == contender {
			if number, there := sample.Values[value]; there {
				values = append(values, number)
			}
		}
	}
	return spreadOf(values), len(values) > 0
}

// cases of a scenario in the order they were measured.
func (r Results) cases(scenario string) []string {
	var cases []string
	for _, sample := range r.Samples {
		if sample.Scenario == scenario && !slices.Contains(cases, sample.Case) {
			cases = append(cases, sample.Case)
		}
	}
	return cases
}
