package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/gobwas/glob"
)

// maxFolder is the most that the manifests of one folder source may have
// together, in bytes: the default of the repo-server's
// --max-combined-directory-manifests-size. Jsonnet does not count.
const maxFolder = 10_000_000

// folder selects the manifest files of a directory source.
type folder struct {
	*render
	recurse          bool
	include, exclude *glob.Glob // nil: not set
	includesNone     bool       // an include pattern that does not compile
	files            []string
	size             int
	skipped          []string // folders not entered
}

// directory reads every manifest below the application's folder, in the order
// of filepath.Walk.
func (r *render) directory(ctx context.Context) error {
	d := r.Source.Directory
	if d == nil {
		d = &v1alpha1.ApplicationSourceDirectory{}
	}
	f := &folder{render: r, recurse: d.Recurse}
	f.exclude, _ = r.pattern("exclude", d.Exclude)
	f.include, f.includesNone = r.pattern("include", d.Include)
	if isLink(r.View, r.dir) {
		r.note(r.dir, 0, "the application's folder is a symbolic link, which Argo CD does not follow for plain manifests: "+
			"no objects; give the folder it leads to")
		return nil
	}
	if err := f.walk(r.dir); err != nil {
		return err
	}
	if len(f.files) == 0 {
		f.noteEmpty()
	}
	r.libs = &jsonnetLibs{vars: d.Jsonnet.ExtVars, tlas: d.Jsonnet.TLAs, paths: d.Jsonnet.Libs}
	for _, file := range f.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		items, err := r.manifest(ctx, file)
		if err != nil {
			return err
		}
		r.res.Items = append(r.res.Items, items...)
	}
	return nil
}

func (r *render) manifest(ctx context.Context, file string) ([]Item, error) {
	if strings.HasSuffix(file, ".jsonnet") {
		return r.jsonnet(ctx, file)
	}
	data, err := r.View.ReadFile(rooted(file))
	if err != nil {
		return nil, err
	}
	if data, err = utf8Text(data); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if strings.HasSuffix(file, ".json") {
		return oneJSON(file, data)
	}
	return r.yamlFile(file, data)
}

// pattern compiles an include or exclude pattern. As in Argo CD, `*` crosses
// slashes and a pattern that does not compile matches nothing.
func (r *render) pattern(field, p string) (g *glob.Glob, broken bool) {
	if p == "" {
		return nil, false
	}
	c, err := glob.Compile(p)
	if err != nil {
		r.note("", 0, "spec.source.directory.%s %q is no valid pattern (%v): Argo CD lets it match nothing", field, p, err)
		return nil, true
	}
	return &c, false
}

// noteEmpty says what a folder without manifests may be a mistake for.
func (f *folder) noteEmpty() {
	if len(f.skipped) > 0 && !f.recurse {
		f.note(f.dir, 0, "no manifests in the folder itself, and its subfolders (%s) are not read: set directory.recurse",
			strings.Join(f.skipped, ", "))
		return
	}
	f.note(f.dir, 0, "no manifests selected in this folder")
}

func (f *folder) walk(dir string) error {
	entries, err := f.View.Tree().ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := path.Join(dir, e.Name)
		if e.Dir && !isLink(f.View, p) {
			if !f.recurse {
				f.skipped = append(f.skipped, e.Name)
			} else if err := f.walk(p); err != nil {
				return err
			}
			continue
		}
		if err := f.add(p); err != nil {
			return err
		}
	}
	return nil
}

// add takes a file if its extension and the patterns select it. Links are
// checked first: one that leaves the repository is an error even when the file
// is excluded.
func (f *folder) add(p string) error {
	if !isManifest(p) {
		return nil
	}
	_, mode, err := f.View.Tree().Resolve(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.note(p, 0, "symbolic link to nothing: Argo CD skips it")
		return nil
	case err != nil:
		return err
	case !mode.IsRegular():
		f.note(p, 0, "not a regular file: Argo CD skips it")
		return nil
	}
	rel := strings.TrimPrefix(p, f.dir+"/")
	if f.exclude != nil && (*f.exclude).Match(rel) {
		return nil
	}
	if f.includesNone || f.include != nil && !(*f.include).Match(rel) {
		return nil
	}
	if !strings.HasSuffix(p, ".jsonnet") {
		data, err := f.View.ReadFile(rooted(p))
		if err != nil {
			return err
		}
		if f.size += len(data); f.size > maxFolder {
			return fault(f.dir, 0, "the manifests of this folder exceed %d MB together, "+
				"the most Argo CD reads: split the application", maxFolder/1_000_000)
		}
	}
	f.files = append(f.files, p)
	return nil
}

func isManifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json", ".jsonnet":
		return true
	}
	return false
}
