package admit

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// mismatches compares an object with the API type it should decode into and returns what does not fit. The API server's
// decoder stops at the first mismatch and names it without list indices, or not at all where a type decodes itself
// (quantities, times); a user needs every one, at its place. It runs only after decoding has failed.
func mismatches(t reflect.Type, value any, path *field.Path) []Fault {
	if value == nil {
		return nil // null is the zero value of any field
	}
	t = deref(t)
	switch {
	case decodesItself(t):
		return leafMismatch(t, value, path)
	case t.Kind() == reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return wrongType("an object", value, path)
		}
		var faults []Fault
		fields := fieldsOf(t)
		for name, inner := range object {
			if fieldType, known := fields[name]; known {
				faults = append(faults, mismatches(fieldType, inner, child(path, name))...)
			}
		}
		return faults
	case t.Kind() == reflect.Map:
		object, ok := value.(map[string]any)
		if !ok {
			return wrongType("an object", value, path)
		}
		var faults []Fault
		for key, inner := range object {
			faults = append(faults, mismatches(t.Elem(), inner, path.Key(key))...)
		}
		return faults
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		list, ok := value.([]any)
		if !ok {
			return wrongType("a list", value, path)
		}
		var faults []Fault
		for i, inner := range list {
			faults = append(faults, mismatches(t.Elem(), inner, path.Index(i))...)
		}
		return faults
	case t.Kind() == reflect.Interface:
		return nil
	default:
		return leafMismatch(t, value, path)
	}
}

// leafMismatch decodes one value into its type, as the API server would, and returns the complaint.
func leafMismatch(t reflect.Type, value any, path *field.Path) []Fault {
	data, err := json.Marshal(value)
	if err != nil {
		return []Fault{{Path: path.String(), Message: "Invalid value: " + err.Error()}}
	}
	err = json.Unmarshal(data, reflect.New(t).Interface())
	if err == nil {
		return nil
	}
	var typeError *json.UnmarshalTypeError
	if errors.As(err, &typeError) && !decodesItself(t) {
		return wrongType(typeName(t), value, path)
	}
	text, _ := scalarText(value)
	return []Fault{{Path: path.String(), Message: "Invalid value: " + err.Error(), Value: short(text)}}
}

// wrongType returns the fault of a value whose JSON type is not the wanted one.
func wrongType(wanted string, value any, path *field.Path) []Fault {
	message := fmt.Sprintf("Invalid value: must be %s, not %s", wanted, valueName(value))
	text, scalar := scalarText(value)
	if _, isString := value.(string); wanted == aString && scalar && !isString {
		message += "; quote it in YAML" // where no, off, 8080 and 1e3 are not text
	}
	return []Fault{{Path: path.String(), Message: message, Value: short(text)}}
}

// aString is what a person calls text.
const aString = "a string"

// typeName returns what a person calls the JSON form of a Go type.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return aString
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a base64 string"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return fmt.Sprintf("a whole number of %d bits", t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprintf("a whole number of %d bits from 0 up", t.Bits())
	default:
		return "a " + strings.ToLower(t.Name())
	}
}

// valueName returns what a person calls a decoded JSON value.
func valueName(value any) string {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("the string %q", short(v))
	case bool:
		return fmt.Sprintf("the boolean %v", v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	default:
		return fmt.Sprintf("a %T", value)
	}
}
