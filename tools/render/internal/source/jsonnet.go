package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-jsonnet"
	"github.com/google/go-jsonnet/ast"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// jsonnetLibs is spec.source.directory.jsonnet. Its values are substituted
// again for every file, as in Argo CD, where `$$X` is `$X` in the first file
// and the value of X in the second.
type jsonnetLibs struct {
	vars, tlas []v1alpha1.JsonnetVar
	paths      []string
}

// jsonnet evaluates one file to an object or an array of objects.
func (r *render) jsonnet(ctx context.Context, file string) ([]Item, error) {
	vm, err := r.machine(file)
	if err != nil {
		return nil, err
	}
	faults := &jsonnetFault{file: file}
	vm.ErrorFormatter = faults
	var text string
	err = guard(ctx, file, func() (err error) {
		if text, err = vm.EvaluateFile(file); err != nil && faults.last != nil {
			return faults.last
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	items, err := jsonnetObjects(file, []byte(text))
	if err == nil && len(items) == 0 {
		r.note(file, 0, "evaluates to no objects")
	}
	return items, err
}

func (r *render) machine(file string) (*jsonnet.VM, error) {
	vm := jsonnet.MakeVM()
	for i, v := range r.libs.tlas {
		v.Value = r.env.Envsubst(v.Value)
		r.libs.tlas[i] = v
		if v.Code {
			vm.TLACode(v.Name, v.Value)
		} else {
			vm.TLAVar(v.Name, v.Value)
		}
	}
	for i, v := range r.libs.vars {
		v.Value = r.env.Envsubst(v.Value)
		r.libs.vars[i] = v
		if v.Code {
			vm.ExtCode(v.Name, v.Value)
		} else {
			vm.ExtVar(v.Name, v.Value)
		}
	}
	paths := []string{r.dir}
	for _, lib := range r.libs.paths {
		p := path.Join(strings.TrimLeft(lib, "/"), ".")
		if outside(p) {
			return nil, fmt.Errorf("spec.source.directory.jsonnet.libs %q %w", lib, tree.ErrOutside)
		}
		paths = append(paths, p)
	}
	vm.Importer(&viewImporter{view: r.View, main: file, paths: paths, seen: map[string]jsonnet.Contents{}})
	return vm, nil
}

// viewImporter reads imports through a view: the importing file's folder first,
// then the libraries from the last to the first, like jsonnet.FileImporter, but
// never outside the repository.
type viewImporter struct {
	view  *tree.View
	main  string
	paths []string
	seen  map[string]jsonnet.Contents // go-jsonnet wants the same value every time
}

// Import implements jsonnet.Importer.
func (v *viewImporter) Import(from, name string) (jsonnet.Contents, string, error) {
	if from == "" && name == v.main {
		c, err := v.read(name)
		return c, name, err
	}
	if path.IsAbs(name) {
		return jsonnet.Contents{}, "", fmt.Errorf("import %q: an absolute path %w", name, tree.ErrOutside)
	}
	dirs := v.paths
	if from != "" { // code of a variable has no folder of its own
		dirs = append(dirs[:len(dirs):len(dirs)], path.Dir(from))
	}
	for i := len(dirs) - 1; i >= 0; i-- {
		p := path.Join(dirs[i], name)
		if outside(p) {
			return jsonnet.Contents{}, "", fmt.Errorf("import %q %w", name, tree.ErrOutside)
		}
		c, err := v.read(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return c, p, err
	}
	return jsonnet.Contents{}, "", fmt.Errorf("import %q: no such file beside it or in %s",
		name, strings.Join(v.paths, ", "))
}

func (v *viewImporter) read(p string) (jsonnet.Contents, error) {
	if c, ok := v.seen[p]; ok {
		return c, nil
	}
	data, err := v.view.ReadFile(rooted(p))
	if err != nil {
		return jsonnet.Contents{}, err
	}
	c := jsonnet.MakeContentsRaw(data)
	v.seen[p] = c
	return c, nil
}

// jsonnetFault keeps the innermost place in a file that an error has; go-jsonnet
// itself returns text only.
type jsonnetFault struct {
	file string // where the evaluation starts
	last *Fault
}

// Format implements jsonnet.ErrorFormatter.
func (f *jsonnetFault) Format(err error) string {
	f.last = fault(f.file, 0, "%s", oneLine(err.Error()))
	var rt jsonnet.RuntimeError
	var static interface{ Loc() ast.LocationRange }
	switch {
	case errors.As(err, &rt):
		f.last.Message = oneLine(rt.Msg)
		for i := len(rt.StackTrace) - 1; i >= 0; i-- {
			if f.locate(rt.StackTrace[i].Loc) {
				break
			}
		}
	case errors.As(err, &static):
		if loc := static.Loc(); f.locate(loc) {
			f.last.Message = strings.TrimPrefix(f.last.Message, loc.String()+" ")
		}
	}
	return f.last.Error()
}

func (f *jsonnetFault) locate(loc ast.LocationRange) bool {
	if loc.FileName == "" || loc.Begin.Line == 0 || strings.HasPrefix(loc.FileName, "<") {
		return false
	}
	f.last.File, f.last.Line = loc.FileName, loc.Begin.Line
	return true
}

// SetMaxStackTraceSize implements jsonnet.ErrorFormatter.
func (*jsonnetFault) SetMaxStackTraceSize(int) {}

// SetColorFormatter implements jsonnet.ErrorFormatter.
func (*jsonnetFault) SetColorFormatter(jsonnet.ColorFormatter) {}

// jsonnetObjects decodes what a file evaluates to. Where in the file an object
// was written is not known.
func jsonnetObjects(file string, data []byte) ([]Item, error) {
	var parts []json.RawMessage
	if json.Unmarshal(data, &parts) != nil {
		u, err := decodeObject(data)
		if err != nil {
			return nil, fault(file, 0, "what it evaluates to %v", err)
		}
		return []Item{{Object: u, File: file}}, nil
	}
	items := make([]Item, 0, len(parts))
	for i, p := range parts {
		u, err := decodeObject(p)
		if err != nil {
			return nil, fault(file, 0, "element %d of what it evaluates to %v", i, err)
		}
		items = append(items, Item{Object: u, File: file})
	}
	return items, nil
}
