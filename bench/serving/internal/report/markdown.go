package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// column of a table: a value of the samples under a title.
type column struct {
	title, value string
	digits       int
}

// table shows one scenario; each case of it is a table of its own.
type table struct {
	scenario, title string
	columns         []column
	// by is the value that the rows are sorted by, the best first.
	by         string
	descending bool
}

var closedColumns = []column{
	{"requests/s", "rate", 0}, {"p50 ms", "p50_ms", 2}, {"p95 ms", "p95_ms", 2}, {"p99 ms", "p99_ms", 2},
	{"CPU ms per request", "cpu_s_per_1000", 3}, {"errors", "errors", 0}, {"request bytes", "request_bytes", 0},
}

var tables = []table{
	{"S1", "one row", closedColumns, "rate", true},
	{"S2", "32 rows", closedColumns, "rate", true},
	{"S3", "one row of 600 columns", closedColumns, "rate", true},
	{"S4", "one row of a heavy model (30-1024-1024-1)", closedColumns, "rate", true},
	{"S5", "twice its own capacity, 32 rows of the heavy model", []column{
		{"capacity/s", "capacity", 0}, {"answered/s", "goodput", 0}, {"p99 ms at 60 %", "normal_p99_ms", 1},
		{"p99 ms of answered", "p99_ms", 1}, {"shed", "shed", 0}, {"refused", "refused", 0}, {"lost", "lost", 0},
		{"recovered after s", "recovery_s", 1},
	}, "p99_ms", false},
	{"S6", "the alias moves under load", []column{
		{"requests", "requests", 0}, {"failed", "failed", 0}, {"new version after s", "new_version_s", 2},
		{"p99 ms", "p99_ms", 2},
	}, "failed", false},
	{"S7", "SIGTERM under load, which goes on for one second", []column{
		{"requests", "requests", 0}, {"lost", "lost", 0}, {"refused", "refused", 0}, {"ended after s", "exit_s", 1},
	}, "lost", false},
	{"S8", "idle after one request", []column{
		{"CPU % of a core", "cpu_percent", 2}, {"memory MiB", "memory_mib", 0},
	}, "cpu_percent", false},
	{"S9", "from start to first answer", []column{{"s", "first_answer_s", 2}}, "first_answer_s", false},
	{"S10", "the registry is down", []column{
		{"requests", "requests", 0}, {"failed", "failed", 0}, {"p99 ms", "p99_ms", 2},
		{"first answer after s", "first_answer_s", 2},
	}, "failed", false},
}

// Markdown writes what was measured as tables, the targets first. A cell is the median of the rounds and, where there
// were several, the lowest and the highest.
func (r Results) Markdown(out io.Writer) error {
	page := bufio.NewWriter(out)
	fmt.Fprintf(page, "# Serving, %s\n\nCommit `%s`, %s, %s cores (the server has one, the load another), Linux %s.\n"+
		"Median of the rounds [lowest–highest].\n\n## Targets\n\n", r.Started, r.Commit, r.Machine["cpu"],
		r.Machine["cores"], r.Machine["kernel"])
	row(page, []string{"target", "measured", "verdict"})
	row(page, []string{"---", "---", "---"})
	for _, target := range r.Targets() {
		row(page, []string{target.Claim, target.Measured, string(target.Verdict)})
	}
	fmt.Fprint(page, "\n## Contenders\n\n")
	row(page, []string{"name", "version", "configuration"})
	row(page, []string{"---", "---", "---"})
	for _, c := range r.Contenders {
		row(page, []string{c.Name, c.Version, c.What})
	}
	for _, table := range tables {
		for _, of := range r.cases(table.scenario) {
			r.writeTable(page, table, of)
		}
	}
	return page.Flush()
}

func (r Results) writeTable(page io.Writer, table table, of string) {
	title := table.title
	if strings.HasPrefix(of, "c=") {
		title += ", " + strings.TrimPrefix(of, "c=") + " connections"
	}
	fmt.Fprintf(page, "\n## %s: %s\n\n", table.scenario, title)
	titles, lines := []string{""}, []string{"---"}
	for _, column := range table.columns {
		titles, lines = append(titles, column.title), append(lines, "---:")
	}
	row(page, titles)
	row(page, lines)
	for _, name := range r.ranked(table, of) {
		cells := []string{name}
		for _, column := range table.columns {
			cells = append(cells, r.cell(table.scenario, of, name, column))
		}
		row(page, cells)
	}
}

// ranked gives the contenders of a case, the best first.
func (r Results) ranked(table table, of string) []string {
	var names []string
	for _, sample := range r.Samples {
		if sample.Scenario == table.scenario && sample.Case == of && !slices.Contains(names, sample.Contender) {
			names = append(names, sample.Contender)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		left, _ := r.Spread(table.scenario, of, a, table.by)
		right, _ := r.Spread(table.scenario, of, b, table.by)
		if table.descending {
			left, right = right, left
		}
		return cmp.Compare(left.Median, right.Median)
	})
	return names
}

func (r Results) cell(scenario, of, name string, column column) string {
	spread, there := r.Spread(scenario, of, name, column.value)
	if !there {
		return ""
	}
	number := func(value float64) string { return strconv.FormatFloat(value, 'f', column.digits, 64) }
	if number(spread.Low) == number(spread.High) {
		return number(spread.Median)
	}
	return fmt.Sprintf("%s [%s–%s]", number(spread.Median), number(spread.Low), number(spread.High))
}

func row(page io.Writer, cells []string) { fmt.Fprintf(page, "| %s |\n", strings.Join(cells, " | ")) }
