package admit

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// maxDepth is how deeply objects may nest: the limit of the JSON decoder in the API server.
const maxDepth = 10000

// maxRequest is the size in bytes from which on the API server refuses a request body.
const maxRequest = 3 << 20

// maxStored is the default size in bytes from which on etcd refuses to store an object.
const maxStored = 3 << 19

// normaliser copies an object into the value types that JSON decoding yields. The copy is what gets defaulted and
// pruned; the caller's object stays as it is. It also stands between hostile values and code that panics on them.
type normaliser struct {
	size int // lower bound of the object's size as JSON
}

// object copies a whole object.
func (n *normaliser) object(in map[string]any) (map[string]any, *badValue) {
	out, err := n.value(in, 1)
	if err != nil {
		return nil, err
	}
	copied, _ := out.(map[string]any)
	return copied, nil
}

// badValue is a value that JSON cannot hold, at a path.
type badValue struct {
	path    string
	message string
	whole   bool // it is the object as a whole that is refused, so no path helps
}

// Error returns the path and what is wrong there.
func (b *badValue) Error() string { return Fault{Path: b.path, Message: b.message}.String() }

// below returns the error as seen from the parent, where the value is called step: "name" or "[0]".
func (b *badValue) below(step string) *badValue {
	const maxPath = 4096 // so that the path of an error ten thousand levels down does not grow quadratically
	switch {
	case b.whole || len(b.path) > maxPath:
	case b.path == "" || b.path[0] == '[':
		b.path = step + b.path
	default:
		b.path = step + "." + b.path
	}
	return b
}

func tooDeep() *badValue { return &badValue{whole: true, message: "exceeded max depth"} }

func tooLarge() *badValue {
	return &badValue{whole: true, message: fmt.Sprintf("Request entity too large: limit is %d", maxRequest)}
}

func (n *normaliser) value(in any, depth int) (any, *badValue) {
	if depth > maxDepth {
		return nil, tooDeep()
	}
	if n.size > maxRequest {
		return nil, tooLarge()
	}
	switch v := in.(type) {
	case nil, bool, int64:
		n.size++
		return v, nil
	case string:
		return n.text(v)
	case map[string]any:
		return n.mapping(v, depth)
	case []any:
		return n.sequence(v, depth)
	default:
		n.size++
		return number(in)
	}
}

// text copies a string. It alone can exceed the limit by itself, so the limit is checked behind it too.
func (n *normaliser) text(in string) (any, *badValue) {
	n.size += len(in) + len(`""`)
	if n.size > maxRequest {
		return nil, tooLarge()
	}
	return in, nil
}

func (n *normaliser) mapping(in map[string]any, depth int) (any, *badValue) {
	n.size += len(`{}`)
	if in == nil {
		return nil, nil
	}
	out := make(map[string]any, len(in))
	for key, value := range in {
		n.size += len(key) + len(`"":`)
		copied, err := n.value(value, depth+1)
		if err != nil {
			return nil, err.below(key)
		}
		out[key] = copied
	}
	return out, nil
}

func (n *normaliser) sequence(in []any, depth int) (any, *badValue) {
	n.size += len(`[]`)
	if in == nil {
		return nil, nil
	}
	out := make([]any, len(in))
	for i, value := range in {
		copied, err := n.value(value, depth+1)
		if err != nil {
			return nil, err.below("[" + strconv.Itoa(i) + "]")
		}
		out[i] = copied
	}
	return out, nil
}

// number brings any number to int64 or float64, the two that decoding JSON into an unstructured object yields.
func number(in any) (any, *badValue) {
	switch v := in.(type) {
	case float64:
		return finite(v)
	case float32:
		return finite(float64(v))
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole, nil
		}
		fraction, err := v.Float64()
		if err != nil {
			return nil, &badValue{message: fmt.Sprintf("%q is not a number", short(v.String()))}
		}
		return finite(fraction)
	case int:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int8:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		return unsigned(v)
	case uint:
		return unsigned(uint64(v))
	default:
		return nil, &badValue{message: fmt.Sprintf("a %T is not a JSON value", in)}
	}
}

func unsigned(v uint64) (any, *badValue) {
	if v > math.MaxInt64 {
		return float64(v), nil
	}
	return int64(v), nil
}

// finite refuses what JSON cannot write and turns whole numbers into int64: written as JSON they have no fraction.
func finite(v float64) (any, *badValue) {
	const exact = 1 << 53 // the largest power of two up to which every whole number is a float64
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, &badValue{message: fmt.Sprintf("%v is not a JSON number", v)}
	}
	if v == math.Trunc(v) && math.Abs(v) <= exact {
		return int64(v), nil
	}
	return v, nil
}
