package show

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	gitdiff "github.com/go-git/go-git/v5/utils/diff"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/diff/fields"
	"example.com/mlops-platform/tools/render/internal/report"
)

// line is one line about a field: '+' is new, '-' is old, ' ' is neither.
type line struct {
	mark  byte
	text  string
	below bool // the line above
}

// Limits of what is shown; the JSON report has everything.
const (
	maxScalar = 300 // characters
	maxBlock  = 60  // lines of one value
	maxFields = 40  // of one object
	context   = 2   // unchanged lines around a changed one
)

// fieldLines writes the differences of one object.
func fieldLines(o *diff.Object) []line {
	var out []line
	for i, f := range o.Fields {
		if i == maxFields {
			more := fmt.Sprintf("… and %d more fields: --format json has them all", len(o.Fields)-i)
			out = append(out, line{mark: ' ', text: more})
			break
		}
		out = append(out, oneField(f)...)
	}
	if len(o.Ignored) > 0 {
		var paths []string
		for _, f := range o.Ignored {
			paths = append(paths, f.Path)
		}
		out = append(out, line{mark: ' ', text: "ignored by ignoreDifferences: " + clean(strings.Join(paths, ", "))})
	}
	return out
}

func oneField(f diff.Field) []line {
	head := clean(f.Path)
	at := ""
	if f.File != "" {
		at = "  (" + report.Place(f.File, f.Line) + ")"
	}
	switch f.Op {
	case fields.Changed:
	case fields.Added:
		return labelled('+', head, at, f.To)
	case fields.Removed:
		return labelled('-', head, at, f.From)
	case fields.Reordered:
		order := []line{{mark: '-', text: names(f.From)}, {mark: '+', text: names(f.To)}}
		return append([]line{{mark: ' ', text: head + at + " in another order"}}, below(order)...)
	}
	out := []line{{mark: ' ', text: head + at}}
	from, isText := f.From.(string)
	to, areTexts := f.To.(string)
	if isText && areTexts && (strings.Contains(from, "\n") || strings.Contains(to, "\n")) {
		return append(out, below(textLines(from, to))...)
	}
	return append(out, below(append(block('-', f.From), block('+', f.To)...))...)
}

func below(lines []line) []line {
	for i := range lines {
		lines[i].below = true
	}
	return lines
}

func names(list any) string {
	var out []string
	ids, _ := list.([]any)
	for _, id := range ids {
		out = append(out, fmt.Sprint(id))
	}
	return clean(strings.Join(out, ", "))
}

// labelled writes a path and a value, on one line if the value has one.
func labelled(mark byte, path, at string, v any) []line {
	b := block(mark, v)
	if len(b) == 1 && !nested(v) {
		return []line{{mark: mark, text: path + ": " + b[0].text + at}}
	}
	return append([]line{{mark: mark, text: path + ":" + at}}, below(b)...)
}

func nested(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// block writes a value as YAML.
func block(mark byte, v any) []line {
	text := ""
	switch v := v.(type) {
	case string:
		if text = v; ambiguous(v) {
			text = strconv.Quote(v)
		}
	case map[string]any, []any:
		data, err := yaml.Marshal(v)
		if err != nil {
			data = []byte(fmt.Sprint(v))
		}
		text = strings.TrimSuffix(string(data), "\n")
	default:
		data, err := json.Marshal(v)
		if err != nil {
			data = []byte(fmt.Sprint(v))
		}
		text = strings.Trim(string(data), `"`)
	}
	lines := strings.Split(text, "\n")
	var out []line
	for _, l := range lines[:min(len(lines), maxBlock)] {
		out = append(out, line{mark: mark, text: short(l)})
	}
	return more(out, mark, len(lines))
}

// ambiguous says whether a text looks like another value, or like none.
func ambiguous(s string) bool {
	var v any
	if err := json.Unmarshal([]byte(s), &v); err == nil {
		return !nested(v)
	}
	return strings.TrimSpace(s) == ""
}

// more says how many lines are left out of a value that has all of them.
func more(shown []line, mark byte, all int) []line {
	if all <= len(shown) {
		return shown
	}
	return append(shown, line{mark: mark, text: fmt.Sprintf("… and %d more lines", all-len(shown))})
}

// textLines compares two texts line by line.
func textLines(from, to string) []line {
	var all []line
	for _, d := range gitdiff.Do(from, to) {
		mark := byte(' ')
		switch {
		case d.Type < 0:
			mark = '-'
		case d.Type > 0:
			mark = '+'
		}
		for l := range strings.Lines(d.Text) {
			all = append(all, line{mark: mark, text: strings.TrimSuffix(l, "\n")})
		}
	}
	near := make([]bool, len(all))
	for i, l := range all {
		if l.mark == ' ' {
			continue
		}
		for j := max(0, i-context); j <= min(len(all)-1, i+context); j++ {
			near[j] = true
		}
	}
	var out []line
	for i, l := range all {
		switch {
		case near[i]:
			out = append(out, l)
		case i == 0 || near[i-1]:
			out = append(out, line{mark: ' ', text: "…"})
		}
	}
	shown := out[:min(len(out), maxBlock)]
	for i := range shown {
		shown[i].text = short(shown[i].text)
	}
	return more(shown, ' ', len(out))
}

// short bounds and cleans one line.
func short(s string) string {
	if n := utf8.RuneCountInString(s); n > maxScalar {
		return clean(string([]rune(s)[:maxScalar])) + fmt.Sprintf("… (%d characters)", n)
	}
	return clean(s)
}

// clean takes the power out of characters that steer a terminal or change the
// direction of text: what a manifest holds is not to be trusted with that.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}
