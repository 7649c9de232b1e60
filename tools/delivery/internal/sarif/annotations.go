package sarif

import (
	"fmt"
	"io"
	"strings"
)

// Annotate writes each finding as a command of GitHub's, which shows it at its line. GitHub shows ten errors and ten
// warnings of a step; the list is in order of weight, and SARIF has all of them.
func Annotate(w io.Writer, findings []Finding) {
	for _, f := range findings {
		fmt.Fprintf(w, "::%s file=%s,line=%d,title=%s::%s\n", f.Severity, property(f.File), f.Line, property(f.Rule),
			data(f.text()))
	}
}

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func data(text string) string     { return dataEscapes.Replace(text) }
func property(text string) string { return propertyEscapes.Replace(text) }
