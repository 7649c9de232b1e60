package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/mlops-platform/bench/serving/internal/report"
)

func sample(scenario, of, contender string, values map[string]float64) report.Sample {
	return report.Sample{Scenario: scenario, Case: of, Contender: contender, Values: values}
}

func rate(scenario, contender string, rate float64) report.Sample {
	return sample(scenario, "c=8", contender, map[string]float64{"rate": rate, "cpu_s_per_1000": 1000 / rate})
}

func TestTheMiddleOfTheRoundsIsReportedWithTheSpread(t *testing.T) {
	for _, test := range []struct {
		rates []float64
		want  report.Spread
	}{
		{[]float64{30, 10, 20}, report.Spread{Median: 20, Low: 10, High: 30, Rounds: 3}},
		{[]float64{40, 10, 20, 30}, report.Spread{Median: 25, Low: 10, High: 40, Rounds: 4}},
		{[]float64{7}, report.Spread{Median: 7, Low: 7, High: 7, Rounds: 1}},
	} {
		var results report.Results
		for _, number := range test.rates {
			results.Samples = append(results.Samples, rate("S1", "floor", number), rate("S2", "floor", 1), rate("S1", "mlflow", 2))
		}
		got, there := results.Spread("S1", "c=8", "floor", "rate")
		if diff := cmp.Diff(test.want, got); diff != "" || !there {
			t.Errorf("%v: %t %s", test.rates, there, diff)
		}
	}
	if got, there := (report.Results{}).Spread("S1", "c=8", "floor", "rate"); there {
		t.Errorf("nothing was measured, and yet %v", got)
	}
}

// verdicts by the number of the scenario that a claim begins with; the last is the generator's.
func verdicts(results report.Results) map[string]report.Verdict {
	found := map[string]report.Verdict{}
	for _, target := range results.Targets() {
		found[target.Claim] = target.Verdict
	}
	return found
}

func verdictOf(t *testing.T, results report.Results, claim string) report.Verdict {
	t.Helper()
	for known, verdict := range verdicts(results) {
		if strings.Contains(known, claim) {
			return verdict
		}
	}
	t.Fatalf("no target says %q", claim)
	return ""
}

func TestATargetIsMetOnlyByWhatWasMeasured(t *testing.T) {
	for _, test := range []struct {
		claim, name string
		samples     []report.Sample
		want        report.Verdict
	}{
		{"S1: at least 5", "none", nil, report.NotMeasured},
		{"S1: at least 5", "we only", []report.Sample{rate("S1", "inference-api", 50)}, report.NotMeasured},
		{"S1: at least 5", "five times", []report.Sample{rate("S1", "inference-api", 50), rate("S1", "mlflow", 10)}, report.Met},
		{"S1: at least 5", "less", []report.Sample{rate("S1", "inference-api", 49), rate("S1", "mlflow", 10)}, report.NotMet},
		{"S1: at least 5", "in one case of two", []report.Sample{
			rate("S1", "inference-api", 50), rate("S1", "mlflow", 10),
			sample("S1", "c=1", "inference-api", map[string]float64{"rate": 40}),
			sample("S1", "c=1", "mlflow", map[string]float64{"rate": 10}),
		}, report.NotMet},
		{"at most 1.2", "less CPU", []report.Sample{rate("S1", "inference-api", 90), rate("S1", "floor", 100)}, report.Met},
		{"at most 1.2", "more CPU", []report.Sample{rate("S1", "inference-api", 80), rate("S1", "floor", 100)}, report.NotMet},
		{"S6", "no failure", []report.Sample{sample("S6", "flip", "inference-api", map[string]float64{"failed": 0})}, report.Met},
		{"S6", "one in two rounds", []report.Sample{
			sample("S6", "flip", "inference-api", map[string]float64{"failed": 0}),
			sample("S6", "flip", "inference-api", map[string]float64{"failed": 1}),
		}, report.NotMet},
		{"S7", "refused counts", []report.Sample{
			sample("S7", "SIGTERM", "inference-api", map[string]float64{"lost": 0, "refused": 1}),
		}, report.NotMet},
		{"S7", "a peer's loss is not ours", []report.Sample{
			sample("S7", "SIGTERM", "inference-api", map[string]float64{"lost": 0, "refused": 0}),
			sample("S7", "SIGTERM", "mlflow", map[string]float64{"lost": 9, "refused": 9}),
		}, report.Met},
		{"S5", "twice", []report.Sample{
			sample("S5", "2x", "inference-api", map[string]float64{"p99_ms": 20, "normal_p99_ms": 10}),
		}, report.Met},
		{"S5", "more", []report.Sample{
			sample("S5", "2x", "inference-api", map[string]float64{"p99_ms": 21, "normal_p99_ms": 10}),
		}, report.NotMet},
		{"S8", "half a percent", []report.Sample{
			sample("S8", "idle", "inference-api", map[string]float64{"cpu_percent": 0.5}),
		}, report.NotMet},
		{"load generator", "fast", []report.Sample{
			sample("ceiling", "null", "null", map[string]float64{"wrk_rate": 300}), rate("S1", "floor", 100),
		}, report.Met},
		{"load generator", "slow", []report.Sample{
			sample("ceiling", "null", "null", map[string]float64{"wrk_rate": 299}), rate("S1", "floor", 100),
		}, report.NotMet},
	} {
		t.Run(test.claim+" "+test.name, func(t *testing.T) {
			if got := verdictOf(t, report.Results{Samples: test.samples}, test.claim); got != test.want {
				t.Errorf("%s, not %s", got, test.want)
			}
		})
	}
}

func TestALossIsNamedAndTheFloorIsNoPeer(t *testing.T) {
	results := report.Results{
		Contenders: []report.Contender{{Name: "floor"}, {Name: "inference-api"}, {Name: "litserve"}, {Name: "bentoml"}},
		Samples: []report.Sample{
			rate("S4", "floor", 200), rate("S4", "inference-api", 100), rate("S4", "litserve", 120), rate("S4", "bentoml", 90),
		},
	}
	for _, target := range results.Targets() {
		if !strings.Contains(target.Claim, "every peer") {
			continue
		}
		want := "1 of 2 comparisons won; behind in S4 c=8: litserve has 120, we 100"
		if target.Measured != want || target.Verdict != report.NotMet {
			t.Errorf("%s: %s", target.Verdict, target.Measured)
		}
	}
}

func TestTheFastestComesFirstInItsTable(t *testing.T) {
	results := report.Results{
		Started: "2026-01-02T03:04:05Z", Commit: "0123456789abcdef",
		Machine: map[string]string{"cpu": "a CPU", "cores": "2", "kernel": "6.1"},
		Samples: []report.Sample{
			rate("S1", "mlflow", 10), rate("S1", "floor", 100), rate("S1", "floor", 120), rate("S1", "floor", 110),
		},
	}
	var page strings.Builder
	if err := results.Markdown(&page); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(page.String(), "## S1: one row, 8 connections\n")
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if len(lines) != 4 {
		t.Fatalf("the table:\n%s", table)
	}
	if !strings.HasPrefix(lines[2], "| floor | 110 [100–120] |") || !strings.HasPrefix(lines[3], "| mlflow | 10 |") {
		t.Errorf("the rows:\n%s\n%s", lines[2], lines[3])
	}
}

func TestThePlotIsWellFormedAndShowsEveryContender(t *testing.T) {
	results := report.Results{Samples: []report.Sample{
		rate("S1", "a<b", 10), rate("S1", "inference-api", 100), rate("S3", "floor", 0),
	}}
	var plot strings.Builder
	if err := results.Plot(&plot); err != nil {
		t.Fatal(err)
	}
	decoder, text := xml.NewDecoder(strings.NewReader(plot.String())), ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if words, is := token.(xml.CharData); is {
			text += string(words)
		}
	}
	for _, want := range []string{"a<b", "inference-api", "100", "600 columns"} {
		if !strings.Contains(text, want) {
			t.Errorf("the plot does not say %q", want)
		}
	}
}

func TestARawFileReadsAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw.json")
	want := report.Results{
		Started: "2026-01-02T03:04:05Z", Machine: map[string]string{"cores": "2"},
		Samples: []report.Sample{rate("S1", "floor", 100)},
	}
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := report.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARawFileThatIsNoneIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw.json")
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Read(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("said: %v", err)
	}
}
