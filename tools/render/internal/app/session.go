package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/config"
	"example.com/mlops-platform/tools/render/internal/expand"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/kust"
	"example.com/mlops-platform/tools/render/internal/locate"
	"example.com/mlops-platform/tools/render/internal/tracked"
	"example.com/mlops-platform/tools/render/internal/tree"
	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// defaultKubeVersion is what charts see unless .render.yaml says otherwise: the
// release of the Kubernetes library that is linked in.
const defaultKubeVersion = "1.33.4"

// session is one repository, opened, and the clusters asked for.
type session struct {
	*options
	tree    *tree.Tree
	config  config.Config
	modules *gomod.Modules
	finder  *locate.Finder
	roots   []root
	shown   *progress
	shared  *validators

	schemaTrace tree.Trace // of what the schemas were read from
	schemasOnce func() ([]*unstructured.Unstructured, error)
}

type root struct{ name, file string }

func open(o *options) (*session, error) {
	dir, err := o.repository()
	if err != nil {
		return nil, err
	}
	t, err := tree.Open(dir)
	if err != nil {
		return nil, err
	}
	s, err := load(o, t)
	if err != nil {
		return nil, err
	}
	if s.roots, err = s.findRoots(); err != nil {
		return nil, err
	}
	return s, nil
}

// load reads what a revision of the repository says about rendering it.
func load(o *options, t *tree.Tree) (*session, error) {
	var err error
	s := &session{options: o, tree: t, finder: locate.New(t), shown: newProgress(o.stderr)}
	s.schemasOnce = sync.OnceValues(s.schemas)
	if s.config, err = config.Load(t); err != nil {
		return nil, err
	}
	if s.config.KubeVersion == "" {
		s.config.KubeVersion = defaultKubeVersion
	}
	if s.modules, err = gomod.Load(t, s.config.Modules); err != nil {
		return nil, err
	}
	return s, nil
}

// repository is --repo, or the checkout around the root file or the current
// folder.
func (o *options) repository() (string, error) {
	if o.repo != "" {
		return o.repo, nil
	}
	start := "."
	if o.root != "" {
		start = filepath.Dir(o.root)
	}
	dir, err := filepath.Abs(start)
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	if o.root != "" {
		return "", usagef("%s is in no Git checkout: name the repository with --repo DIR", o.root)
	}
	return start, nil
}

func (s *session) findRoots() ([]root, error) {
	if s.options.root != "" {
		file, err := s.inTree(s.options.root)
		if err != nil {
			return nil, err
		}
		return []root{{name: nameOf(file), file: file}}, nil
	}
	have := s.clusterRoots()
	all := slices.Sorted(maps.Keys(have))
	if len(all) == 0 {
		return nil, usagef("no clusters/<name>/root.yaml in %s: name a root Application with --root FILE", s.tree.Dir())
	}
	wanted := s.clusters
	if len(wanted) == 0 {
		wanted = all
	}
	var roots []root
	for _, n := range wanted {
		if have[n] == "" {
			return nil, usagef("no cluster %q; there are %s", n, strings.Join(all, ", "))
		}
		roots = append(roots, root{n, have[n]})
	}
	return roots, nil
}

// clusterRoots are the root files of a revision by cluster.
func (s *session) clusterRoots() map[string]string {
	have := map[string]string{}
	folders, _ := s.tree.ReadDir("clusters") // a missing folder has no clusters
	for _, d := range folders {
		file := path.Join("clusters", d.Name, "root.yaml")
		// A link that leads nowhere is a root too: reading it says what is wrong.
		if _, _, err := s.tree.Resolve(file); !errors.Is(err, fs.ErrNotExist) {
			have[d.Name] = file
		}
	}
	return have
}

func (s *session) inTree(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", file, err)
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(dir, filepath.Base(abs))
	}
	rel, err := filepath.Rel(s.tree.Dir(), abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", usagef("%s is not in the repository %s", file, s.tree.Dir())
	}
	return filepath.ToSlash(rel), nil
}

// nameOf names a cluster after its root file: clusters/prod/root.yaml is prod,
// bootstrap/edge.yaml is edge.
func nameOf(file string) string {
	if stem := strings.TrimSuffix(path.Base(file), path.Ext(file)); stem != "root" || path.Dir(file) == "." {
		return stem
	}
	return path.Base(path.Dir(file))
}

// expand renders all clusters, in the order asked for, and puts every object in
// its namespace. All errors are reported.
func (s *session) expand(ctx context.Context) ([]*expand.Result, error) {
	defer s.shown.done()
	e, err := s.expander()
	if err != nil {
		return nil, err
	}
	results := make([]*expand.Result, len(s.roots))
	errs := make([]error, len(s.roots))
	var g errgroup.Group
	for i, r := range s.roots {
		g.Go(func() error {
			results[i], errs[i] = e.Expand(ctx, r.name, r.file)
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs, all of them
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := s.modules.Verify(); err != nil {
		return nil, err
	}
	schemas, err := s.schemas()
	if err != nil {
		return nil, err
	}
	s.shared = newValidators(schemas)
	for _, r := range results {
		r.Findings = append(r.Findings, expand.Place(r.Cluster, scoper{s.shared.of(r.Cluster)})...)
	}
	return results, nil
}

func (s *session) expander() (*expand.Expander, error) {
	out, err := s.linksOut()
	if err != nil {
		return nil, err
	}
	return &expand.Expander{
		LinksOut: out,
		Tree:     s.tree, Modules: s.modules, KubeVersion: s.config.KubeVersion, Started: s.shown.step,
		Builder: &kust.Builder{Modules: s.modules, AnyFile: s.config.AnyFile},
	}, nil
}

// linksOut lists the tracked symbolic links that leave the repository.
func (s *session) linksOut() ([]string, error) {
	if s.tree.Dir() == "" {
		return nil, nil // a commit: what is wrong with it is no news
	}
	links, err := tracked.Links(s.tree.Dir())
	if err != nil {
		return nil, err
	}
	var out []string
	for _, link := range links {
		if _, _, err := s.tree.Resolve(link); errors.Is(err, tree.ErrOutside) {
			out = append(out, link)
		}
	}
	return out, nil
}

// schemas reads the CustomResourceDefinitions that .render.yaml names.
func (s *session) schemas() ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, sc := range s.config.Schemas {
		dir := sc.Path
		if sc.Module != "" {
			mount, err := s.modules.Module(sc.Module)
			if err != nil {
				return nil, fmt.Errorf("reading the schemas of %s: %w", config.File, err)
			}
			dir = path.Join(mount, sc.Path)
		}
		crds, err := s.readSchemas(dir)
		if err != nil {
			return nil, fmt.Errorf("reading the schemas of %s: %w", config.File, err)
		}
		out = append(out, crds...)
	}
	return out, nil
}

func (s *session) readSchemas(dir string) ([]*unstructured.Unstructured, error) {
	from := s.tree.Traced(&s.schemaTrace)
	entries, err := from.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such folder", dir)
	}
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	for _, e := range entries {
		if ext := path.Ext(e.Name); e.Dir || ext != ".yaml" && ext != ".yml" {
			continue
		}
		file := path.Join(dir, e.Name)
		data, err := from.ReadFile(file)
		if err != nil {
			return nil, err
		}
		docs, err := yamldoc.Read(file, data)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			if u := (&unstructured.Unstructured{Object: d.Object}); u.GetKind() == "CustomResourceDefinition" {
				out = append(out, u)
			}
		}
	}
	return out, nil
}
