package source

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// places finds the file in the repository behind a name that helm gives it:
// <chart>/charts/<subchart>/templates/x.yaml, where charts go by name or alias
// and not by folder.
type places struct {
	view  *tree.View
	dir   string // the chart's folder
	root  string // the chart's name
	local map[string]string
	known map[string]string // folder and subchart -> folder or archive
}

func (p *places) chartFile() string { return path.Join(p.dir, "Chart.yaml") }

// file is the file behind helm's name for it, or the archive that holds it, or
// "" if neither can be found.
func (p *places) file(name string) string {
	file, _ := p.locate(name)
	return file
}

// shown is for messages: a file in an archive is named too.
func (p *places) shown(name string) string {
	file, inner := p.locate(name)
	if file == "" {
		return name
	}
	return path.Join(file, inner)
}

func (p *places) locate(name string) (file, inner string) {
	rest, ok := strings.CutPrefix(name, p.root+"/")
	if !ok {
		return "", ""
	}
	dir := p.dir
	for strings.HasPrefix(rest, "charts/") {
		sub, below, ok := strings.Cut(strings.TrimPrefix(rest, "charts/"), "/")
		if !ok {
			break
		}
		if dir = p.subchart(dir, sub); dir == "" {
			return "", ""
		}
		if !p.view.IsDir(rooted(dir)) {
			return dir, below
		}
		rest = below
	}
	return path.Join(dir, rest), ""
}

// subchart is the folder or archive of a chart's dependency.
func (p *places) subchart(dir, name string) string {
	key := dir + "\x00" + name
	if at, ok := p.known[key]; ok {
		return at
	}
	p.known[key] = "" // an alias of itself ends here
	at := p.find(dir, name)
	if at == "" {
		for _, d := range p.metadata(dir).Dependencies {
			if d != nil && d.Alias == name && d.Name != name {
				at = p.subchart(dir, d.Name)
				break
			}
		}
	}
	p.known[key] = at
	return at
}

func (p *places) find(dir, name string) string {
	if at, ok := p.local[name]; ok && dir == p.dir {
		return at
	}
	charts := path.Join(dir, "charts")
	if at := path.Join(charts, name); p.metadata(at).Name == name {
		return at
	}
	entries, err := p.view.Tree().ReadDir(charts)
	if err != nil {
		return ""
	}
	archive := ""
	for _, e := range entries {
		at := path.Join(charts, e.Name)
		if e.Dir && p.metadata(at).Name == name {
			return at
		}
		if !e.Dir && strings.HasPrefix(e.Name, name+"-") && path.Ext(e.Name) == ".tgz" {
			archive = at
		}
	}
	return archive
}

// metadata is what a folder's Chart.yaml and requirements.yaml say, empty if
// they cannot be read: the loader has complained by then.
func (p *places) metadata(dir string) *chart.Metadata {
	m := &chart.Metadata{}
	for _, name := range []string{"Chart.yaml", "requirements.yaml"} {
		file := path.Join(dir, name)
		if !p.view.Tree().IsFile(file) {
			continue
		}
		if data, err := p.view.ReadFile(rooted(file)); err == nil {
			_ = yaml.Unmarshal(data, m)
		}
	}
	return m
}

var (
	wrapped   = regexp.MustCompile(`^(?:execution|parse) error (?:at|in) \(([^)]*)\): `)
	atLine    = regexp.MustCompile(`^(.+?):(\d+)(?::\d+)?: (.*)$`)
	executing = regexp.MustCompile(`^executing "[^"]*" at `)
)

// templateError is an error of helm's engine at its place in the repository.
func (p *places) templateError(err error) error {
	msg := wrapped.ReplaceAllString(p.rewrite(oneLine(err.Error())), "$1: ")
	m := atLine.FindStringSubmatch(strings.TrimPrefix(msg, "template: "))
	if m == nil {
		return fault(p.dir, 0, "%s", msg)
	}
	line, _ := strconv.Atoi(m[2])
	return fault(m[1], line, "%s", executing.ReplaceAllString(m[3], ""))
}

// rewrite replaces helm's names in a message.
func (p *places) rewrite(msg string) string {
	names := regexp.MustCompile(`(^|[\s"'(<])(` + regexp.QuoteMeta(p.root) + `/(?:templates|charts|crds)/[\w./-]*\w)`)
	return names.ReplaceAllStringFunc(msg, func(m string) string {
		sub := names.FindStringSubmatch(m)
		return sub[1] + p.shown(sub[2])
	})
}
