package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/ignore"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// load reads the chart and its dependencies, and drops those that values, tags
// and conditions disable.
func (rel *release) load(values map[string]any) error {
	c, err := loadChart(rel.View, rel.dir)
	if err != nil {
		return err
	}
	if t := c.Metadata.Type; t != "" && t != "application" {
		return fault(rel.places.chartFile(), 0,
			"a %s chart cannot be rendered by itself; only charts of type application can", t)
	}
	rel.chart, rel.places.root = c, c.Name()
	missing, err := rel.localDependencies(c)
	if err != nil {
		return err
	}
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return fmt.Errorf("%s: dependencies: %w", rel.dir, err)
	}
	return rel.checkMissing(c, missing)
}

// loadChart loads the chart in a folder of the tree, .helmignore honoured and
// links followed.
func loadChart(v *tree.View, dir string) (*chart.Chart, error) {
	rules := ignore.Empty()
	if name := path.Join(dir, ignore.HelmIgnore); v.Exists(rooted(name)) {
		data, err := v.ReadFile(rooted(name))
		if err != nil {
			return nil, err
		}
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	rules.AddDefaults()
	w := &chartWalk{view: v, top: dir, rules: rules}
	if err := w.walk(dir, "", nil); err != nil {
		return nil, err
	}
	c, err := loader.LoadFiles(w.files)
	if err != nil {
		return nil, loadFault(dir, err)
	}
	sortDependencies(c)
	return c, nil
}

var cannotLoad = regexp.MustCompile(`^cannot load (\S+): `)

// loadFault is an error of helm's loader, at the file and line it names.
func loadFault(dir string, err error) error {
	msg := oneLine(err.Error())
	if m := cannotLoad.FindStringSubmatch(msg); m != nil {
		return positioned(path.Join(dir, m[1]), 1, errors.New(strings.TrimPrefix(msg, m[0])))
	}
	return fault(dir, 0, "the chart cannot be loaded: %s", msg)
}

// sortDependencies undoes the loader's random order of subcharts.
func sortDependencies(c *chart.Chart) {
	deps := slices.Clone(c.Dependencies())
	sort.SliceStable(deps, func(i, j int) bool {
		a, b := deps[i].Metadata, deps[j].Metadata
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		return a.Version < b.Version
	})
	for _, d := range deps {
		sortDependencies(d)
	}
	c.SetDependencies(deps...)
}

// chartWalk collects the files of a chart's folder.
type chartWalk struct {
	view  *tree.View
	top   string
	rules *ignore.Rules
	files []*loader.BufferedFile
}

// walk visits the folder dir, rel below the top; above holds the resolved
// folders that lead to it, so that a link to one of them ends.
func (w *chartWalk) walk(dir, rel string, above []string) error {
	resolved, _, err := w.view.Tree().Resolve(dir)
	if err != nil {
		return err
	}
	if slices.Contains(above, resolved) {
		return fmt.Errorf("%s: symbolic link to a folder that contains it", dir)
	}
	above = append(above, resolved)
	entries, err := w.view.Tree().ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p, name := path.Join(dir, e.Name), path.Join(rel, e.Name)
		_, mode, err := w.view.Tree().Resolve(p)
		if err != nil {
			return fmt.Errorf("chart %s: %s: %w", w.top, p, err)
		}
		if w.rules.Ignore(name, fileInfo{e.Name, mode}) {
			continue
		}
		if mode.IsDir() {
			if err := w.walk(p, name, above); err != nil {
				return err
			}
			continue
		}
		data, err := w.view.ReadFile(rooted(p))
		if err != nil {
			return err
		}
		data = bytes.TrimPrefix(data, boms[0])
		w.files = append(w.files, &loader.BufferedFile{Name: name, Data: data})
	}
	return nil
}

// fileInfo is as much of a file as .helmignore rules look at.
type fileInfo struct {
	name string
	mode fs.FileMode
}

func (f fileInfo) Name() string       { return f.name }
func (f fileInfo) Size() int64        { return 0 }
func (f fileInfo) Mode() fs.FileMode  { return f.mode }
func (f fileInfo) ModTime() time.Time { return time.Time{} }
func (f fileInfo) IsDir() bool        { return f.mode.IsDir() }
func (f fileInfo) Sys() any           { return nil }
