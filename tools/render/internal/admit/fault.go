// Package admit validates Kubernetes objects as an API server would when they are created: in process, offline, with
// the API server's own code. Built-in kinds go through strict decoding, defaulting, conversion and the create strategy
// of k8s.io/kubernetes; custom resources and their definitions go through that of k8s.io/apiextensions-apiserver.
//
// Three things an API server does are outside the package: admission plug-ins and webhooks (they need a cluster),
// allocation of cluster IPs and node ports (it needs storage), and duplicate keys (an unstructured object cannot hold
// them, so whoever parses the YAML has to refuse them).
package admit

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ClusterVersion is the Kubernetes release the clusters run. What is removed or deprecated is judged against it.
const ClusterVersion = "1.35"

// LibraryVersion is the Kubernetes release of the linked validation code. It is older than ClusterVersion because
// argo-cd v2 does not link with a newer one; see newer.go for what follows from the gap.
const LibraryVersion = "1.33"

// Fault is one thing the API server would say about one field.
type Fault struct {
	Path    string // Kubernetes field path, such as spec.template.spec.containers[0].image; "" is the whole object
	Message string
	Value   string // the offending scalar, shortened; "" where there is none or where it must not be shown
}

// String returns the fault as the API server prints it: path, colon, message.
func (f Fault) String() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// Status is the verdict on one object.
type Status int

// The verdicts. The zero value is NotChecked, so that a forgotten result never claims that an object is valid.
const (
	NotChecked Status = iota // nothing is known about the object; Result.Reason says why
	Pass                     // the API server would accept the object
	Fail                     // the API server would refuse the object
)

// String returns the verdict in words.
func (s Status) String() string {
	switch s {
	case NotChecked:
		return "not checked"
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	default:
		return fmt.Sprintf("Status(%d)", int(s))
	}
}

// Result is all that is known about one object. Its lists are sorted by path, then message, without repetition.
type Result struct {
	Status      Status
	Faults      []Fault // why the object would be refused; empty unless Status is Fail
	Warnings    []Fault // what the API server would warn about while accepting it
	Newer       []Fault // what is newer than the library: not checked, not wrong
	Reason      string  // why Status is NotChecked
	UnknownKind bool    // no built-in kind and no custom resource definition has this group and kind
}

// failed returns the result of an object with a single fault.
func failed(path, message, value string) Result {
	return Result{Status: Fail, Faults: []Fault{{Path: path, Message: message, Value: short(value)}}}
}

// unchecked returns the result of an object about which nothing can be said.
func unchecked(format string, args ...any) Result {
	return Result{Status: NotChecked, Reason: fmt.Sprintf(format, args...)}
}

// settled returns the result of a completed validation: lists in order, verdict from the faults.
func settled(faults, warnings, newer []Fault) Result {
	result := Result{Status: Pass, Faults: ordered(faults), Warnings: ordered(warnings), Newer: ordered(newer)}
	if len(result.Faults) > 0 {
		result.Status = Fail
	}
	return result
}

// ordered sorts and deduplicates faults, because validation walks maps and so finds them in any order.
func ordered(faults []Fault) []Fault {
	slices.SortFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Value, b.Value))
	})
	return slices.Compact(faults)
}

// fromFieldError turns a validation error of the library into a fault.
func fromFieldError(err *field.Error) Fault {
	value, scalar := scalarText(err.BadValue)
	fault := Fault{Path: fieldPath(err.Field), Message: err.ErrorBody(), Value: short(value)}
	if !scalar || len(fault.Message) > longMessage {
		// The library prints the whole Go value, which for a pod template is a page.
		fault.Message = err.Type.String()
		if err.Detail != "" {
			fault.Message += ": " + err.Detail
		}
	}
	return fault
}

// longMessage is the length from which on a message is printed without the value it is about.
const longMessage = 400

// fieldPath returns a path as faults spell it; the library prints the whole object as "<nil>" or "[]", and some fields
// with a dot in front.
func fieldPath(path string) string {
	if path == "<nil>" || path == "[]" {
		return ""
	}
	return strings.TrimPrefix(path, ".")
}

// scalarText returns the text of a string, number or boolean, and whether value was one or was left out altogether.
func scalarText(value any) (text string, scalar bool) {
	if value == nil {
		return "", true
	}
	if _, omitted := value.(field.OmitValueType); omitted {
		return "", true
	}
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(v.Interface()), true
	case reflect.Pointer:
		return "", true
	default:
		return "", false
	}
}

// maxValue is the number of characters that a value keeps.
const maxValue = 80

// short cuts a value to one readable line.
func short(value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	if cut := strings.IndexAny(value, "\r\n"); cut >= 0 {
		value = value[:cut] + "…"
	}
	if utf8.RuneCountInString(value) <= maxValue {
		return value
	}
	return string([]rune(value)[:maxValue]) + "…"
}

// fromWarning turns a warning of the library, "path: message" or a plain sentence, into a fault.
func fromWarning(text string) Fault {
	path, message, found := strings.Cut(text, ": ")
	if !found || path == "" || strings.ContainsAny(path, " \"") {
		return Fault{Message: text}
	}
	return Fault{Path: path, Message: message}
}
