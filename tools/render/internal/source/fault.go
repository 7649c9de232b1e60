package source

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Fault is a fault of the repository at a known place. Errors of Render wrap
// one wherever the place is known.
type Fault struct {
	File    string
	Line    int // 0 if only the file is known
	Message string
}

// Error is file:line: message.
func (f *Fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
}

func fault(file string, line int, format string, args ...any) *Fault {
	return &Fault{File: file, Line: line, Message: fmt.Sprintf(format, args...)}
}

var (
	lineOf = regexp.MustCompile(`\bline (\d+)(: )?`)
	noise  = regexp.MustCompile(`^(error (converting YAML to JSON|unmarshaling JSON): |` +
		`while decoding JSON: |yaml: |json: |unmarshal errors:\s*)+`)
	goStruct = regexp.MustCompile(`cannot unmarshal (\S+) into Go struct field \w+\.(\S+) of type (\S+)`)
	goValue  = regexp.MustCompile(`cannot unmarshal (\S+) into Go value of type (?:map\[string\]interface \{\}|\w+\.\w+)`)
	mapKey   = regexp.MustCompile(`invalid map key: map\[.*`)
)

// plain is a YAML or JSON error without the names of Go types and libraries.
func plain(err error) string {
	msg := noise.ReplaceAllString(strings.TrimSpace(err.Error()), "")
	msg = goStruct.ReplaceAllString(msg, "$2 is of type $1, want $3")
	msg = goValue.ReplaceAllString(msg, "want a mapping, have type $1")
	return mapKey.ReplaceAllString(msg, "a mapping is used as a key")
}

// positioned says where in a file a YAML error is. first is the line that the
// parsed text starts at.
func positioned(file string, first int, err error) *Fault {
	msg := plain(err)
	m := lineOf.FindStringSubmatch(msg)
	if m == nil {
		return fault(file, first, "%s", msg)
	}
	n, _ := strconv.Atoi(m[1])
	return fault(file, first+n-1, "%s", strings.TrimPrefix(msg, m[0]))
}
