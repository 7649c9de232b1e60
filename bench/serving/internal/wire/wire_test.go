package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/mlops-platform/bench/serving/internal/wire"
)

func TestEveryServersAnswerReadsAsOneProbabilityPerRow(t *testing.T) {
	for name, answer := range map[string]string{
		"flat list":           `{"predictions": [0.25, 0.5]}`,
		"record per row":      `{"predictions": [{"probability": 0.25}, {"probability": 0.5}]}`,
		"both classes":        `{"predictions": [[0.75, 0.25], [0.5, 0.5]]}`,
		"bare list of rows":   `[[0.25], [0.5]]`,
		"named output":        `{"predictions": {"probability": [[0.25], [0.5]]}}`,
		"open inference":      `{"model_name": "m", "outputs": [{"name": "p", "shape": [2, 1], "data": [0.25, 0.5]}]}`,
		"open inference rows": `{"outputs": [{"data": [[0.25], [0.5]]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := wire.Probabilities([]byte(answer))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]float64{0.25, 0.5}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAnswerThatIsNoPredictionIsAnError(t *testing.T) {
	for name, answer := range map[string]string{
		"an error":          `{"error": "no model"}`,
		"no JSON":           `Service Unavailable`,
		"text":              `{"predictions": ["high"]}`,
		"a record of two":   `{"predictions": [{"label": 1, "probability": 0.5}]}`,
		"an empty row":      `{"predictions": [[]]}`,
		"nothing":           ``,
		"outputs with none": `{"outputs": []}`,
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := wire.Probabilities([]byte(answer)); err == nil {
				t.Errorf("read as %v", got)
			}
		})
	}
}

func TestTheSameRowsGoIntoEveryFormat(t *testing.T) {
	columns, rows := []string{"a", "b"}, [][]float64{{1, 2.5}, {3, 4}}
	for format, want := range map[wire.Format]string{
		wire.Frame:     `{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5], [3, 4]]}}`,
		wire.Inputs:    `{"inputs": [[1, 2.5], [3, 4]]}`,
		wire.Instances: `{"instances": [[1, 2.5], [3, 4]]}`,
		wire.Tensor:    `{"inputs": [{"name": "input", "shape": [2, 2], "datatype": "FP32", "data": [1, 2.5, 3, 4]}]}`,
	} {
		got, err := format.Body(columns, rows)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parsed(t, []byte(want)), parsed(t, got)); diff != "" {
			t.Errorf("format %d: %s", format, diff)
		}
	}
}

func parsed(t *testing.T, document []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(document, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
