package yamldoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// toObject turns a decoded document into an object as sigs.k8s.io/yaml does for
// Kubernetes: YAML 1.1, where a plain `on` is true, and JSON between.
func toObject(v any) (map[string]any, error) {
	v, err := textKeys(v)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	return numbers(m).(map[string]any), nil
}

// textKeys makes text of every key: YAML has keys of any type, JSON has not.
func textKeys(v any) (any, error) {
	switch v := v.(type) {
	case map[any]any:
		out := make(map[string]any, len(v))
		for k, value := range v {
			key, err := keyText(k)
			if err != nil {
				return nil, err
			}
			if _, again := out[key]; again {
				return nil, fmt.Errorf("two keys read as %q", key) // 1 and "1", or on and true
			}
			if out[key], err = textKeys(value); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		for i := range v {
			var err error
			if v[i], err = textKeys(v[i]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func keyText(k any) (string, error) {
	switch k := k.(type) {
	case string:
		return k, nil
	case int:
		return strconv.Itoa(k), nil
	case int64:
		return strconv.FormatInt(k, 10), nil
	case bool:
		return strconv.FormatBool(k), nil
	case float64:
		switch s := strconv.FormatFloat(k, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return s, nil
		}
	}
	return "", fmt.Errorf("the key %v is no text", k)
}

// numbers turns JSON numbers into those of unstructured objects.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}
