package report

import (
	"fmt"
	"io"
)

// Markdown writes the tables.
func (r Results) Markdown(out io.Writer) error {
	for _, s := range r.Samples {
		fmt.Fprintln(out, s.Scenario, s.Case, s.Contender, s.Round, s.Values)
	}
	return nil
}
