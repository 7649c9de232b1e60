package source

import (
	"errors"
	"regexp"
	"slices"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// print puts the rendered files in the order of `helm template`: CRDs, then
// manifests by kind, then hooks by kind, test hooks included. Argo CD splits
// that output like any YAML stream.
func (rel *release) print(files map[string]string) ([]Item, error) {
	rel.noteUnknownHooks(files)
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, rel.parseError(err)
	}
	h := rel.Source.Helm
	var items []Item
	if h == nil || !h.SkipCrds {
		if items, err = rel.crds(rel.chart.CRDObjects()); err != nil {
			return nil, err
		}
	}
	for _, m := range manifests {
		more, err := rel.printed(m.Name, m.Content)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	for _, hook := range hooks {
		if h != nil && h.SkipTests && slices.Contains(hook.Events, helmrelease.HookTest) {
			continue
		}
		more, err := rel.printed(hook.Path, hook.Manifest)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	return items, nil
}

// crds are files that helm prints as they are, so their lines are known.
func (rel *release) crds(crds []chart.CRD) ([]Item, error) {
	var items []Item
	for _, c := range crds {
		file := rel.places.file(c.Filename)
		more, err := decodeYAML(file, c.File.Data)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(file, ".tgz") {
			forgetLines(more)
		}
		items = append(items, more...)
	}
	return items, nil
}

// printed decodes one rendered document. The template's line is not known.
func (rel *release) printed(name, text string) ([]Item, error) {
	items, err := decodeYAML(rel.places.file(name), []byte(text))
	var f *Fault
	if errors.As(err, &f) {
		return nil, fault(rel.places.shown(name), 0, "the rendered text, line %d: %s", f.Line, f.Message)
	}
	forgetLines(items)
	return items, err
}

func forgetLines(items []Item) {
	for i := range items {
		items[i].Line = 0
	}
}

var parseErrorOn = regexp.MustCompile(`^YAML parse error on (\S+): `)

// parseError is an error about rendered YAML; its lines are of the rendered
// text.
func (rel *release) parseError(err error) error {
	msg := oneLine(err.Error())
	m := parseErrorOn.FindStringSubmatch(msg)
	if m == nil {
		return fault(rel.dir, 0, "%s", msg)
	}
	f := positioned(rel.places.shown(m[1]), 1, errors.New(strings.TrimPrefix(msg, m[0])))
	return fault(f.File, 0, "the rendered text, line %d: %s", f.Line, f.Message)
}

var hookEvents = map[string]bool{
	"pre-install": true, "post-install": true, "pre-delete": true, "post-delete": true,
	"pre-upgrade": true, "post-upgrade": true, "pre-rollback": true, "post-rollback": true,
	"test": true, "test-success": true,
}

// noteUnknownHooks tells of objects that helm leaves out because their hook is
// misspelt.
func (rel *release) noteUnknownHooks(files map[string]string) {
	for _, name := range sorted(files) {
		if !strings.Contains(files[name], helmrelease.HookAnnotation) {
			continue
		}
		docs := releaseutil.SplitManifests(files[name])
		keys := sorted(docs)
		sort.Sort(releaseutil.BySplitManifestsOrder(keys))
		for _, key := range keys {
			var head releaseutil.SimpleHead
			if yaml.Unmarshal([]byte(docs[key]), &head) != nil || head.Metadata == nil {
				continue
			}
			for _, event := range strings.Split(head.Metadata.Annotations[helmrelease.HookAnnotation], ",") {
				if event = strings.ToLower(strings.TrimSpace(event)); event != "" && !hookEvents[event] {
					rel.note(rel.places.file(name), 0, "%s %s: helm knows no hook %q and leaves the object out",
						head.Kind, head.Metadata.Name, event)
					break
				}
			}
		}
	}
}
