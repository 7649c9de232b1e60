package source

import (
	"bytes"
	"fmt"
	"strings"
)

// document is one document of a YAML stream.
type document struct {
	number int // 1-based, empty documents counted
	first  int // line in the stream that text starts at
	line   int // line of its first content: not blank, not a comment
	text   []byte
}

// splitYAML cuts a stream into documents where k8s.io/apimachinery does: at any
// line that starts with "---", inside block scalars too. Only a comment may
// follow the dashes; the documents before such a line are returned with the
// error.
func splitYAML(data []byte) ([]document, error) {
	var docs []document
	start, first := 0, 1 // where the document begins
	flush := func(end int) {
		if text := data[start:end]; len(text) > 0 {
			docs = append(docs, document{
				number: len(docs) + 1, first: first, line: contentLine(text, first), text: text,
			})
		}
	}
	for at, number := 0, 1; at < len(data); number++ {
		next := bytes.IndexByte(data[at:], '\n') + at + 1
		if next == at {
			next = len(data)
		}
		if line := data[at:next]; bytes.HasPrefix(line, []byte("---")) {
			rest := strings.TrimSpace(string(line[3:]))
			if rest != "" && rest[0] != '#' {
				return docs, fmt.Errorf("line %d: a line that starts with --- separates documents, and %.20q follows it",
					number, rest)
			}
			if at > start {
				flush(at)
				start, first = next, number+1
			}
		}
		at = next
	}
	flush(len(data))
	return docs, nil
}

// lines is the document as Kubernetes reads it, line by line: with Unix line
// ends and one at the very end, which a block scalar there shows.
func (d document) lines() []byte {
	text := d.text
	if bytes.IndexByte(text, '\r') >= 0 {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	if bytes.HasSuffix(text, []byte("\n")) {
		return text
	}
	return append(text[:len(text):len(text)], '\n')
}

// contentLine is the number of the first line of text that has more than a
// separator, a directive or a comment; first if there is none.
func contentLine(text []byte, first int) int {
	number := first
	for line := range bytes.Lines(text) {
		s := bytes.TrimSpace(line)
		if len(s) > 0 && s[0] != '#' && s[0] != '%' && !bytes.HasPrefix(line, []byte("---")) {
			return number
		}
		number++
	}
	return first
}
