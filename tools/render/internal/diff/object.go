package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/argoproj/gitops-engine/pkg/sync/hook"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/diff/fields"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/report"
)

// describe fills what is said of any object.
func (c *comparison) describe(change, side string, o *cluster.Object) *Object {
	out := &Object{Change: change, APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(),
		Name: label(o), Phases: o.Phases(), Wave: o.Wave(), File: o.File, Line: o.Line}
	if f := (report.Finding{Object: o}); c.locatable(o) {
		c.Locate(side, &f)
		out.File, out.Line = f.File, f.Line
	}
	return out
}

// locatable leaves out definitions and what a module brings: to find a line in
// them takes longer than to render them, and nobody edits it.
func (c *comparison) locatable(o *cluster.Object) bool {
	return c.Locate != nil && o.GetKind() != "CustomResourceDefinition" && !strings.HasPrefix(o.File, gomod.MountRoot+"/")
}

func (c *comparison) added(i item) *Object {
	o := c.describe(Added, Tree, i.o)
	o.to = i.o
	for _, f := range fields.Compare(nil, contents(i.o), nil) {
		o.Fields = append(o.Fields, Field{Change: f})
	}
	c.note(o, i.o)
	return o
}

// contents is what a new object says beside its name, values of Secrets hidden.
func contents(o *cluster.Object) map[string]any {
	out := maps.Clone(withoutName(o))
	if meta, ok := out["metadata"].(map[string]any); ok && len(meta) == 0 {
		delete(out, "metadata")
	}
	return out
}

func (c *comparison) removed(i item) *Object {
	o := c.describe(Removed, Base, i.o)
	o.from = i.o
	o.Fate = c.fate(i)
	return o
}

// changed compares the two objects of a pair. It returns nil if nothing differs.
func (c *comparison) changed(p pair) *Object {
	change, from, to := Changed, p.from, p.to
	renamed := label(from.o) != label(to.o) || from.o.GetNamespace() != to.o.GetNamespace()
	switch {
	case renamed:
		change = Renamed
	case from.app != to.app:
		change = Moved
	}
	all := c.raw(from.o.Unstructured, to.o.Unstructured)
	if len(all) == 0 && change == Changed {
		return nil
	}
	o := c.describe(change, Tree, to.o)
	o.from, o.to = from.o, to.o
	kept, hidden, err := c.ignored(from.o, to.o, all)
	if err != nil {
		o.Notes = append(o.Notes, err.Error())
	}
	o.Fields, o.Ignored = c.located(to.o, kept), c.located(to.o, hidden)
	if change != Changed {
		o.Was = &Was{Namespace: from.o.GetNamespace(), Name: label(from.o)}
		if from.app != to.app {
			o.Was.Application = c.app(from.app).Name
		}
	}
	if renamed {
		o.Fate = c.fate(from)
	} else {
		c.judge(o)
	}
	c.note(o, to.o)
	return o
}

// judge asks the API server's own code whether it would accept the change. A hook
// is not changed: each sync deletes the one of the last sync and creates it anew.
func (c *comparison) judge(o *Object) {
	if len(o.Fields) == 0 || c.Validator == nil || hook.IsHook(o.to.Unstructured) {
		return
	}
	u := c.Validator.ValidateUpdate(o.from.Unstructured, o.to.Unstructured)
	o.NoEffect, o.Refused = u.Same, u.Refused
	if len(u.Refused) == 0 {
		return
	}
	// kubectl apply --force deletes what it cannot patch, but not when the server
	// applies; kubectl replace --force always deletes first.
	force := syncOption(nil, o.to.Unstructured, "Force") == "true"
	o.Recreated = force && (syncOption(o.to.App, o.to.Unstructured, "Replace") == "true" ||
		syncOption(o.to.App, o.to.Unstructured, "ServerSideApply") != "true")
	if !o.Recreated && c.asksServer(o.to.App) {
		o.Notes = append(o.Notes, "with server-side diff Argo CD may take the refusal for no difference and go on saying "+
			"Synced (github.com/argoproj/argo-cd/issues/28722)")
	}
}

// note says what is easily overlooked.
func (c *comparison) note(o *Object, in *cluster.Object) {
	switch {
	case in.App == nil:
		o.Notes = append(o.Notes, "applied by hand: no Application brings it to the cluster")
	case !in.Applied():
		o.Notes = append(o.Notes, "no sync ever applies it")
	case hook.IsHook(in.Unstructured) && o.Change == Changed:
		o.Notes = append(o.Notes, "a hook runs with the next sync; its change alone starts none")
	}
}

// maxLocated bounds the lines that are looked for in one object.
const maxLocated = 50

func (c *comparison) located(o *cluster.Object, changes []fields.Change) []Field {
	out := make([]Field, len(changes))
	for i, f := range changes {
		out[i] = Field{Change: f}
		if f.At == "" || i >= maxLocated || !c.locatable(o) || isSecret(o.Unstructured) && strings.HasPrefix(f.At, "data") {
			continue
		}
		finding := report.Finding{Object: o, Path: f.At, Value: scalar(f.To)}
		c.Locate(Tree, &finding)
		out[i].File, out[i].Line = finding.File, finding.Line
	}
	return out
}

func scalar(v any) string {
	switch v.(type) {
	case string, bool, int64, float64:
		return fmt.Sprint(v)
	}
	return ""
}

// before orders objects as people look for them: by kind and name.
func before(a, b *Object) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.APIVersion, b.APIVersion), slices.Index(changes, a.Change)-slices.Index(changes, b.Change))
}

var changes = []string{Changed, Moved, Renamed, Added, Removed}
