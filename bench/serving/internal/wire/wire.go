// Package wire writes the requests that the servers take and reads the answers that they give.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Format is a way to put rows into JSON.
type Format int

const (
	// Frame is MLflow's dataframe_split, with the names of the columns.
	Frame Format = iota
	// Instances is a list of rows under that name.
	Instances
	// Inputs is the same under another name, MLflow's for tensors.
	Inputs
	// Tensor is the Open Inference Protocol: all numbers flat, with their shape.
	Tensor
)

// Body is a request for the answer to rows, each of which has a number per column.
func (f Format) Body(columns []string, rows [][]float64) ([]byte, error) {
	switch f {
	case Instances:
		return json.Marshal(map[string]any{"instances": rows})
	case Inputs:
		return json.Marshal(map[string]any{"inputs": rows})
	case Tensor:
		flat := make([]float64, 0, len(rows)*len(columns))
		for _, row := range rows {
			flat = append(flat, row...)
		}
		return json.Marshal(map[string]any{"inputs": []any{map[string]any{
			"name": "input", "shape": []int{len(rows), len(columns)}, "datatype": "FP32", "data": flat,
		}}})
	default:
		return json.Marshal(map[string]any{"dataframe_split": map[string]any{"columns": columns, "data": rows}})
	}
}

// Probabilities reads one probability per row out of an answer, whichever server gave it. It is a list, bare or under
// "predictions", there perhaps under the name of the one output, or the data of the first of "outputs". An item is a
// number, a list whose last number counts (the second class), or a record of one number.
func Probabilities(answer []byte) ([]float64, error) {
	var envelope struct {
		Predictions json.RawMessage `json:"predictions"`
		Outputs     []struct {
			Data json.RawMessage `json:"data"`
		} `json:"outputs"`
	}
	list := json.RawMessage(answer)
	if err := json.Unmarshal(answer, &envelope); err == nil {
		switch {
		case envelope.Predictions != nil:
			list = only(envelope.Predictions)
		case len(envelope.Outputs) > 0:
			list = envelope.Outputs[0].Data
		}
	}
	var items []json.RawMessage
	if err := json.Unmarshal(list, &items); err != nil {
		return nil, fmt.Errorf("the answer holds no list of predictions: %.120s", answer)
	}
	probabilities := make([]float64, 0, len(items))
	for i, item := range items {
		probability, err := one(item)
		if err != nil {
			return nil, fmt.Errorf("prediction %d: %w: %.60s", i, err, item)
		}
		probabilities = append(probabilities, probability)
	}
	return probabilities, nil
}

// only gives the value of an object that has one; anything else as it is.
func only(value json.RawMessage) json.RawMessage {
	var named map[string]json.RawMessage
	if json.Unmarshal(value, &named) == nil && len(named) == 1 {
		for _, inner := range named {
			return inner
		}
	}
	return value
}

func one(item json.RawMessage) (float64, error) {
	var number float64
	if json.Unmarshal(item, &number) == nil {
		return number, nil
	}
	var list []float64
	if json.Unmarshal(item, &list) == nil && len(list) > 0 {
		return list[len(list)-1], nil
	}
	var record map[string]float64
	if json.Unmarshal(item, &record) == nil && len(record) == 1 {
		for _, number := range record {
			return number, nil
		}
	}
	return 0, errors.New("neither a number, a list nor a record of one")
}
