package report

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"
)

// Sizes of the plot, in pixels.
const (
	plotWidth   = 760
	labelWidth  = 150
	numberWidth = 90
	barHeight   = 16
	barGap      = 4
	headHeight  = 34
)

// Plot draws the requests per second of each closed loop as an SVG: one bar per contender, its line from the lowest to
// the highest round.
func (r Results) Plot(out io.Writer) error {
	var body strings.Builder
	y := 0
	for _, table := range tables {
		if table.by != "rate" {
			continue
		}
		for _, of := range r.cases(table.scenario) {
			y = r.plotCase(&body, table, of, y)
		}
	}
	page := bufio.NewWriter(out)
	fmt.Fprintf(page, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"
 font-family="sans-serif" font-size="12">
<title>Requests per second, %s</title>
<rect width="100%%" height="100%%" fill="#ffffff"/>
%s</svg>
`, plotWidth, y+barGap, html.EscapeString(r.Started), body.String())
	return page.Flush()
}

func (r Results) plotCase(body *strings.Builder, table table, of string, y int) int {
	fmt.Fprintf(body, `<text x="8" y="%d" font-weight="bold">%s: %s, %s — requests/s</text>`+"\n", y+headHeight-12,
		table.scenario, html.EscapeString(table.title), html.EscapeString(of))
	y += headHeight
	names := r.ranked(table, of)
	most := 0.0
	for _, name := range names {
		spread, _ := r.Spread(table.scenario, of, name, table.by)
		most = max(most, spread.High)
	}
	if most == 0 {
		return y
	}
	scale := float64(plotWidth-labelWidth-numberWidth) / most
	for _, name := range names {
		spread, _ := r.Spread(table.scenario, of, name, table.by)
		middle := y + barHeight/2
		fmt.Fprintf(body, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelWidth-8, middle+4, html.EscapeString(name))
		fmt.Fprintf(body, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, labelWidth, y, spread.Median*scale,
			barHeight, fill(name))
		fmt.Fprintf(body, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#1f2328"/>`, labelWidth+spread.Low*scale,
			labelWidth+spread.High*scale, middle, middle)
		fmt.Fprintf(body, `<text x="%.1f" y="%d">%.0f</text>`+"\n", labelWidth+spread.High*scale+6, middle+4, spread.Median)
		y += barHeight + barGap
	}
	return y
}

// fill sets apart ours, and the floor, which is no competitor.
func fill(name string) string {
	switch name {
	case ours:
		return "#0969da"
	case floor:
		return "#d0d7de"
	default:
		return "#8c959f"
	}
}
