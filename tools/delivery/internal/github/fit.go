package github

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Fit shortens Markdown to a number of bytes: whole lines, every fence and every <details> that is open closed again,
// and a last line that says how much is left out and where (a link, or a word) all of it is.
func Fit(markdown string, limit int, where string) string {
	if len(markdown) <= limit {
		return markdown
	}
	lines := strings.SplitAfter(markdown, "\n")
	const forTheEnd = 512 // what closes, and the last line
	kept, size := 0, 0
	for kept < len(lines) && size+len(lines[kept]) <= limit-forTheEnd {
		size += len(lines[kept])
		kept++
	}
	text := strings.Join(lines[:kept], "")
	if kept == 0 { // one line that is too long
		text = cutAt(lines[0], limit-forTheEnd) + "\n"
	}
	return text + closing(text) + fmt.Sprintf("\n_%d of %d lines are left out: %s_\n", len(lines)-kept, len(lines), where)
}

// closing is what ends the blocks that a text leaves open.
func closing(text string) string {
	var fence string
	details := 0
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch ticks := leading(trimmed, '`'); {
		case fence == "" && len(ticks) >= 3:
			fence = ticks
		case fence != "" && trimmed == fence:
			fence = ""
		case fence == "":
			details += strings.Count(trimmed, "<details") - strings.Count(trimmed, "</details>")
		}
	}
	out := ""
	if fence != "" {
		out = fence + "\n"
	}
	return out + strings.Repeat("\n</details>\n", max(details, 0))
}

func leading(line string, r rune) string {
	return line[:len(line)-len(strings.TrimLeft(line, string(r)))]
}

// cutAt cuts between two characters.
func cutAt(text string, limit int) string {
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
