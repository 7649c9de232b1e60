package github

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatFitsIsLeftAsItIs(t *testing.T) {
	for _, text := range []string{"", "one line", strings.Repeat("x", 1000)} {
		if got := Fit(text, 1000, "there"); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestWhatIsCutStillReads(t *testing.T) {
	line := strings.Repeat("a line of a difference, with an umlaut: ä\n", 100)
	for name, text := range map[string]string{
		"text":               line,
		"a fence":            "before\n```diff\n" + line + "```\n",
		"a long fence":       "````text\n```\n" + line + "````\n",
		"a fold":             "<details><summary>dev</summary>\n\n" + line + "\n</details>\n",
		"a fence in folds":   "<details>\n<details>\n\n```\n" + line + "```\n</details>\n</details>\n",
		"a fold that closed": "<details>\nx\n</details>\n" + line,
		"markup in a fence":  "```\n<details>\n" + line + "```\n",
		"one endless line":   strings.Repeat("ä", 5000),
		"an endless line":    "short\n" + strings.Repeat("ä", 5000) + "\nshort\n",
	} {
		const limit = 1500
		got := Fit(text, limit, "[the run](https://github.example.com)")
		if len(got) > limit || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes, want %d at most", name, len(got), limit)
		}
		if closing(got) != "" {
			t.Errorf("%s: is left open:\n%s", name, got)
		}
		if !strings.Contains(got, "lines are left out: [the run](https://github.example.com)") {
			t.Errorf("%s: does not say that it is cut:\n%s", name, got)
		}
		last := strings.Split(strings.TrimSpace(got), "\n")
		if strings.HasPrefix(last[len(last)-1], "```") {
			t.Errorf("%s: says so inside of a block:\n%s", name, got)
		}
	}
}
