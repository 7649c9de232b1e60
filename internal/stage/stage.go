// Package stage tells a person which part of a long work is going on, what is seen of it meanwhile, and how long each
// part took.
package stage

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Took is how long one part took.
type Took struct {
	Title   string  `json:"title"`
	Seconds float64 `json:"seconds"`
	Result  string  `json:"result"`
}

// Stages runs the parts of a work one after the other.
type Stages struct {
	out   io.Writer
	width func() int // of the terminal in columns; 0 where nobody looks
	took  []Took
}

// refresh is how often a terminal is drawn anew: a clock that counts tenths would only flicker.
const refresh = 250 * time.Millisecond

// To returns stages that write to out. On a terminal what goes on is seen as well, with a clock.
func To(out io.Writer) *Stages { return &Stages{out: out, width: func() int { return columns(out) }} }

// columns is the width of the terminal that a person looks at, or 0.
func columns(w io.Writer) int {
	file, isFile := w.(*os.File)
	if !isFile || os.Getenv("TERM") == "dumb" {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Took lists the parts that have ended.
func (s *Stages) Took() []Took { return s.took }

// Say writes a line.
func (s *Stages) Say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// Run does one part of the work. What the work shows stands below its title on a terminal and is gone when it ends;
// elsewhere each new line is written once.
func (s *Stages) Run(title string, work func(*View) (result string, err error)) error {
	started := time.Now()
	view := &View{stages: s, title: title, started: started, seen: map[string]bool{}}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go view.draw(stop, stopped)
	result, err := work(view)
	close(stop)
	<-stopped
	took := time.Since(started)
	mark := "✓"
	if err != nil {
		mark, result = "✗", "failed"
	}
	s.took = append(s.took, Took{Title: title, Seconds: took.Seconds(), Result: result})
	fmt.Fprintln(s.out, strings.TrimRight(fmt.Sprintf("%s %-20s %8s  %s", mark, title, clock(took), result), " "))
	return err
}

// Do does one part of which there is nothing to see but that it goes on.
func (s *Stages) Do(title string, work func() error) error {
	return s.Run(title, func(*View) (string, error) { return "", work() })
}

// Done tells of a part that had nothing to do.
func (s *Stages) Done(title, result string) { s.Say("✓ %-20s %8s  %s", title, "", result) }

// View is what is seen of a part that is going on.
type View struct {
	stages  *Stages
	title   string
	started time.Time

	mu    sync.Mutex
	lines []string
	seen  map[string]bool
	drawn int // lines that stand on the terminal
}

// Show replaces what is seen.
func (v *View) Show(lines ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lines = lines
	if v.stages.width() > 0 {
		return
	}
	for _, line := range lines {
		if !v.seen[line] {
			v.seen[line] = true
			fmt.Fprintf(v.stages.out, "    %s\n", line)
		}
	}
}

func (v *View) draw(stop, stopped chan struct{}) {
	defer close(stopped)
	if v.stages.width() == 0 {
		<-stop
		return
	}
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		v.redraw(true)
		select {
		case <-tick.C:
		case <-stop:
			v.redraw(false)
			return
		}
	}
}

// redraw takes away what stands there and, if the work goes on, writes what is to be seen now.
func (v *View) redraw(goesOn bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var text strings.Builder
	if v.drawn > 0 {
		fmt.Fprintf(&text, "\x1b[%dA\r\x1b[J", v.drawn)
	}
	v.drawn = 0
	if goesOn {
		lines := append([]string{fmt.Sprintf("… %-20s %8s", v.title, clock(time.Since(v.started)))}, indented(v.lines)...)
		for _, line := range lines {
			text.WriteString(cut(line, v.stages.width()-1) + "\n")
		}
		v.drawn = len(lines)
	}
	fmt.Fprint(v.stages.out, text.String())
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = "    " + line
	}
	return out
}

// cut keeps a line on one row: a longer one would make the count of rows wrong.
func cut(line string, width int) string {
	if runes := []rune(line); width > 0 && len(runes) > width {
		return string(runes[:width])
	}
	return line
}

func clock(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}
