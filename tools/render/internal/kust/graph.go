package kust

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"

	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// NotOffline says that a kustomization needs something that only a network or
// another program could give.
type NotOffline struct {
	File   string // the kustomization that asks for it
	What   string
	Reason string
}

func (e *NotOffline) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.File, e.What, e.Reason)
}

// graph walks the kustomizations below a folder before kustomize does: it finds
// cycles, missing files and remote bases, names the file that is at fault, and
// keeps kustomize from ever reaching for the network.
type graph struct {
	view *tree.View
	find func(repo, ref string) (string, error) // the folder of a remote base
	done map[string]bool
	// files are what the kustomizations name beside folders.
	files []string
	// anyFile lifts the rule that a file lies below its kustomization.
	anyFile bool
}

// walk visits dir; stack holds the folders that lead to it.
func (g *graph) walk(dir string, stack []string) error {
	for _, s := range stack {
		if s == dir {
			return entryErrorf("bases form a cycle: %s", strings.Join(append(stack, dir), " -> "))
		}
	}
	if g.done[dir] {
		return nil
	}
	file, err := findFile(g.view, dir)
	if err != nil {
		return err
	}
	k, data, err := readFile(g.view, file)
	if err != nil {
		return err
	}
	k.FixKustomization()
	if len(k.HelmCharts) > 0 {
		return &NotOffline{File: file, What: "helmCharts", Reason: "kustomize runs the helm program for it"}
	}
	rewrites := map[string]string{}
	var errs []error
	for _, entry := range entries(k) {
		to, err := g.entry(dir, file, entry, append(stack, dir))
		if err != nil {
			errs = append(errs, err)
		} else if to != "" {
			rewrites[entry.before+entry.path] = entry.before + to
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if len(rewrites) > 0 {
		changed, err := replaceScalars(data, rewrites)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := g.view.WriteFile("/"+file, changed); err != nil {
			return err
		}
	}
	g.done[dir] = true
	return nil
}

type entry struct {
	field, path string
	folders     bool   // may be a folder with a kustomization
	before      string // what stands before the path in the scalar: "name="
}

// entries lists the files and folders that a kustomization names.
func entries(k *types.Kustomization) []entry {
	var out []entry
	add := func(field string, folders bool, paths ...string) {
		for _, p := range paths {
			if !strings.Contains(p, "\n") { // otherwise the content itself
				out = append(out, entry{field: field, path: p, folders: folders})
			}
		}
	}
	add("resources", true, k.Resources...)
	add("components", true, k.Components...)
	add("crds", false, k.Crds...)
	add("configurations", false, k.Configurations...)
	add("generators", true, k.Generators...)
	add("transformers", true, k.Transformers...)
	add("validators", true, k.Validators...)
	for _, p := range k.PatchesStrategicMerge { //nolint:staticcheck // deprecated, and in use
		add("patchesStrategicMerge", false, string(p))
	}
	for _, p := range append(k.Patches, k.PatchesJson6902...) { //nolint:staticcheck // deprecated, and in use
		if p.Path != "" {
			add("patches", false, p.Path)
		}
	}
	for _, r := range k.Replacements {
		if r.Path != "" {
			add("replacements", false, r.Path)
		}
	}
	if p := k.OpenAPI["path"]; p != "" {
		add("openapi", false, p)
	}
	for _, g := range k.ConfigMapGenerator {
		out = append(out, generated("configMapGenerator", g.KvPairSources)...)
	}
	for _, g := range k.SecretGenerator {
		out = append(out, generated("secretGenerator", g.KvPairSources)...)
	}
	return out
}

// generated lists the files that a generator reads: "path" or "name=path".
func generated(field string, s types.KvPairSources) []entry {
	var out []entry
	for _, p := range s.EnvSources {
		out = append(out, entry{field: field, path: p})
	}
	for _, f := range s.FileSources {
		e := entry{field: field, path: f}
		if name, p, ok := strings.Cut(f, "="); ok {
			e.before, e.path = name+"=", p
		}
		out = append(out, e)
	}
	return out
}

// entry checks one reference of a kustomization. It returns the local path that
// a remote one is replaced with, or "".
func (g *graph) entry(dir, file string, e entry, stack []string) (string, error) {
	to, err := g.resolve(dir, file, e, stack)
	var own *entryError
	if errors.As(err, &own) && own.file == "" {
		own.file = g.where(file, e.before+e.path)
		own.field = e.field
	}
	return to, err
}

// entryError is a fault of one entry of a kustomization.
type entryError struct {
	file, field string
	err         error
}

func (e *entryError) Error() string { return e.file + ": " + e.field + ": " + e.err.Error() }
func (e *entryError) Unwrap() error { return e.err }

func entryErrorf(format string, args ...any) error {
	return &entryError{err: fmt.Errorf(format, args...)}
}

func (g *graph) resolve(dir, file string, e entry, stack []string) (string, error) {
	if strings.TrimSpace(e.path) == "" {
		return "", entryErrorf("empty entry")
	}
	if path.IsAbs(e.path) {
		return "", entryErrorf("%q is absolute; write it relative to the kustomization", e.path)
	}
	local := path.Join(dir, e.path)
	if !g.view.Exists("/" + local) {
		if remote, ok := ParseRemote(e.path); ok {
			return g.remote(dir, file, remote, stack)
		}
		_, _, err := g.view.Tree().Resolve(local)
		return "", entryErrorf("%q: %w", e.path, err)
	}
	if g.view.Tree().MountOf(dir) != g.view.Tree().MountOf(local) {
		return "", entryErrorf("%q: %w", e.path, tree.ErrOutside)
	}
	resolved, mode, err := g.view.Tree().Resolve(local)
	if err != nil {
		return "", entryErrorf("%q: %w", e.path, err)
	}
	if !mode.IsDir() {
		if !g.anyFile && dir != "." && !strings.HasPrefix(resolved, dir+"/") {
			return "", entryErrorf("%q is not below the folder of the kustomization, and kustomize refuses that; "+
				"make its folder a base", e.path)
		}
		g.files = append(g.files, resolved)
		return "", nil
	}
	if !e.folders {
		return "", entryErrorf("%q is a folder, not a file", e.path)
	}
	if resolved == dir || strings.HasPrefix(dir+"/", resolved+"/") || resolved == "." {
		return "", entryErrorf("bases form a cycle: %q contains the folder that asks for it", e.path)
	}
	if _, err := findFile(g.view, resolved); err != nil {
		return "", entryErrorf("%q: %w", e.path, err)
	}
	return "", g.walk(resolved, stack)
}

// where names the line of a kustomization that holds an entry.
func (g *graph) where(file, entry string) string {
	if data, err := g.view.Tree().ReadFile(file); err == nil { // as it is on disk, without overrides
		if line := scalarLine(data, entry); line > 0 {
			return fmt.Sprintf("%s:%d", gomod.Name(file), line)
		}
	}
	return gomod.Name(file)
}

func (g *graph) remote(dir, file string, r Remote, stack []string) (string, error) {
	mount, err := g.find(r.Repo, r.Ref)
	if err != nil {
		return "", &NotOffline{File: file, What: "remote base " + r.String(), Reason: err.Error()}
	}
	target := path.Join(mount, r.Path)
	if r.File {
		data, err := g.view.ReadFile("/" + target)
		if err != nil {
			return "", entryErrorf("%s: %w", r, err)
		}
		g.files = append(g.files, target)
		// A file must lie below the kustomization: kustomize's load restrictor.
		name := ".remote-" + strings.NewReplacer("/", "-", "@", "-").Replace(gomod.Name(target))
		return name, g.view.WriteFile("/"+path.Join(dir, name), data)
	}
	if !g.view.IsDir("/" + target) {
		return "", entryErrorf("%s: no such folder in that release", r)
	}
	if err := g.walk(target, stack); err != nil {
		return "", err
	}
	up := strings.Repeat("../", len(strings.Split(dir, "/")))
	if dir == "." {
		up = ""
	}
	return up + target, nil
}

// readFile decodes a kustomization. An error names the line.
func readFile(v *tree.View, file string) (*types.Kustomization, []byte, error) {
	data, err := v.ReadFile("/" + file)
	if err != nil {
		return nil, nil, err
	}
	k := &types.Kustomization{}
	if err := k.Unmarshal(data); err != nil {
		return nil, nil, positioned(gomod.Name(file), data, err)
	}
	return k, data, nil
}

// IsKustomization says whether a file of that name is a kustomization.
func IsKustomization(name string) bool {
	return slices.Contains(konfig.RecognizedKustomizationFileNames(), name)
}

// findFile returns the one kustomization of a folder.
func findFile(v *tree.View, dir string) (string, error) {
	var found []string
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		if p := path.Join(dir, name); v.Tree().IsFile(p) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("%s: no kustomization.yaml in this folder", gomod.Name(dir))
	}
	return "", fmt.Errorf("%s: more than one kustomization in a folder: %s; keep one",
		gomod.Name(dir), strings.Join(found, ", "))
}
