package source

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

// restless matches template functions whose result changes from one render to
// the next: an application that uses them is never in sync for long.
var restless = regexp.MustCompile(`\b(now|rand(?:AlphaNum|Alpha|Ascii|Numeric|Bytes|Int)|shuffle|uuidv4|` +
	`gen(?:PrivateKey|CA|CAWithKey|SelfSignedCert|SelfSignedCertWithKey|SignedCert|SignedCertWithKey)|` +
	`htpasswd|bcrypt|encryptAES)\b`)

// use is one call of a restless function.
type use struct {
	name string // helm's name of the template
	line int
	fn   string
}

// noteRandom tells which output changes by itself. Helper libraries are full of
// random functions that nobody calls, so a second render decides; two renders
// may see the same clock, so `now` is always told.
func (rel *release) noteRandom(files map[string]string) error {
	uses := restlessUses(rel.chart)
	var random []string
	for _, u := range uses {
		file := rel.places.file(u.name)
		if u.fn == "now" {
			rel.unstable(file, u.line,
				"uses now: the output depends on when it is rendered, so Argo CD may never find it in sync")
			continue
		}
		random = append(random, fmt.Sprintf("%s at %s:%d", u.fn, rel.places.shown(u.name), u.line))
	}
	if len(random) == 0 {
		return nil
	}
	quiet := *rel.render // its notes are told already
	quiet.res = Result{}
	second, err := (&quiet).release()
	if err != nil {
		return err
	}
	again, err := second.execute()
	if err != nil {
		return err
	}
	for _, name := range sorted(files) {
		if files[name] != again[name] {
			rel.unstable(rel.places.file(name), 0,
				"differs from render to render (%s), so Argo CD never calls it in sync for long",
				strings.Join(random, ", "))
		}
	}
	return nil
}

func restlessUses(c *chart.Chart) []use {
	var out []use
	for _, t := range c.Templates {
		for _, u := range restlessIn(string(t.Data)) {
			u.name = path.Join(c.ChartFullPath(), t.Name)
			out = append(out, u)
		}
	}
	for _, d := range c.Dependencies() {
		out = append(out, restlessUses(d)...)
	}
	return out
}

// restlessIn looks into the actions of a template, comments left out.
func restlessIn(text string) []use {
	var out []use
	for end := 0; ; {
		open := strings.Index(text[end:], "{{")
		if open < 0 {
			return out
		}
		open += end + 2
		closing := strings.Index(text[open:], "}}")
		if closing < 0 {
			return out
		}
		end = open + closing
		action := text[open:end]
		if strings.HasPrefix(strings.TrimLeft(action, "- \t\n"), "/*") {
			continue
		}
		for _, m := range restless.FindAllStringIndex(action, -1) {
			if called(action, m[0]) {
				out = append(out, use{line: 1 + strings.Count(text[:open+m[0]], "\n"), fn: action[m[0]:m[1]]})
			}
		}
	}
}

// called says whether the word at offset i of an action is a function: no
// field, no variable and not in a string.
func called(action string, i int) bool {
	if i > 0 && strings.ContainsRune(`.$`, rune(action[i-1])) {
		return false
	}
	return strings.Count(action[:i], `"`)%2 == 0
}

func (rel *release) unstable(file string, line int, format string, args ...any) {
	rel.note(file, line, format, args...)
	notes := rel.res.Notes
	notes[len(notes)-1].Unstable = true
}
