package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// options are a command line taken apart.
type options struct {
	clusters       []string
	repo, root     string
	format         string
	out            string
	failOn         string
	depth          string
	base           string
	colour         bool
	stdin          io.Reader
	stdout, stderr io.Writer
}

func parse(c command, args []string, stdout, stderr io.Writer) (*options, error) {
	o := &options{stdout: stdout, stderr: stderr}
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	colour := "auto"
	f.StringVar(&o.repo, "repo", "", "the repository's `folder` (default: the one around the current folder)")
	f.StringVar(&o.root, "root", "", "`file` with the root Application (default: clusters/<name>/root.yaml)")
	f.StringVar(&o.format, "format", "text", strings.Join(formats(c), " or "))
	f.StringVar(&colour, "color", colour, "auto, always or never")
	switch c.name {
	case "check":
		f.StringVar(&o.failOn, "fail-on", "error", "error, warning or gap: the least that makes the exit code 1;\n"+
			"gap adds what is not rendered and not checked")
	case "build":
		f.StringVar(&o.out, "out", "", "`folder` to write to; it must be new, empty, or written by render")
	case "diff":
		f.StringVar(&o.base, "base", "", "`revision` to compare the working tree with: a branch, tag or commit\n"+
			"(default: the merge base of HEAD with origin's main branch, or with main)")
	case "tree":
		f.StringVar(&o.depth, "depth", "objects", "applications or objects")
	}
	// Flags may stand before and after names: the flag package stops at a name.
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				commandHelp(stdout, c, f)
				return nil, nil
			}
			return nil, usagef("%s: %s", c.name, err)
		}
		if f.NArg() == 0 {
			break
		}
		o.clusters = append(o.clusters, f.Arg(0))
		args = f.Args()[1:]
	}
	o.colour = useColour(colour, stdout)
	return o, o.validate(c, colour)
}

func (o *options) validate(c command, colour string) error {
	oneOf := func(name, value string, allowed ...string) error {
		for _, a := range allowed {
			if a == value {
				return nil
			}
		}
		return usagef("%s: --%s %q: want %s", c.name, name, value, strings.Join(allowed, ", "))
	}
	if err := oneOf("format", o.format, formats(c)...); err != nil {
		return err
	}
	if err := oneOf("color", colour, "auto", "always", "never"); err != nil {
		return err
	}
	if c.name == "check" {
		if err := oneOf("fail-on", o.failOn, "error", "warning", "gap"); err != nil {
			return err
		}
	}
	if c.name == "tree" {
		if err := oneOf("depth", o.depth, "applications", "objects"); err != nil {
			return err
		}
	}
	if o.root != "" && len(o.clusters) > 0 {
		return usagef("%s: give names of clusters or --root, not both", c.name)
	}
	if c.name == "build" && o.out == "" {
		return usagef("build: --out DIR is needed")
	}
	return nil
}

func formats(c command) []string {
	if c.name == "diff" {
		return []string{"text", "markdown", "json"}
	}
	return []string{"text", "json"}
}

func useColour(mode string, w io.Writer) bool {
	switch mode {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func help(w io.Writer) {
	fmt.Fprint(w, `render shows and checks what Git will do to a cluster before it does it.

A cluster is a root Application: clusters/<name>/root.yaml, or --root FILE. From
there render follows every Application, renders it as Argo CD would, and
validates every object as the API server would. It reads files only: no
network, no cluster, no other program. Only build and facts write.

`)
	for _, c := range commands() {
		fmt.Fprintf(w, "  render %-30s %s\n", c.name+" "+c.args, c.what)
	}
	fmt.Fprint(w, `
Exit codes: 0 clean, 1 findings, 2 usage, 3 could not run.
render COMMAND --help lists the flags.
`)
}

func commandHelp(w io.Writer, c command, f *flag.FlagSet) {
	fmt.Fprintf(w, "render %s %s\n\n%s\n\n", c.name, c.args, c.what)
	f.SetOutput(w)
	f.PrintDefaults()
}
