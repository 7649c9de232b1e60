// Package gomod finds the files of public repositories in the Go module cache.
//
// A repository that is also a Go module which one of our go.mod files requires
// can be read without a network, and go.sum proves that its files are the
// released ones. Nothing is downloaded: what is not in the cache is reported.
package gomod

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// MountRoot is where modules appear in the tree.
const MountRoot = ".modules"

// Modules are the modules that the repository's go.mod files require.
type Modules struct {
	tree  *tree.Tree
	cache string
	mods  map[string][]*required // by repository: module path without /vN
}

type required struct {
	module.Version
	sum     string // h1: hash of the module's files, "" if go.sum lacks it
	file    string // the go.mod that requires it
	once    sync.Once
	err     error
	dir     string // in the module cache, once it is open
	opened  sync.Once
	proving atomic.Bool
	verify  chan struct{} // closed when the hash is known
	sumErr  error         // why the hash is not the right one; read after verify is closed
}

var majorSuffix = regexp.MustCompile(`/v[0-9]+$`)

// Load reads the go.mod files that match the patterns (path.Match, relative to
// the repository). A pattern that matches nothing is no error: most
// repositories hold no Go code.
func Load(t *tree.Tree, patterns []string) (*Modules, error) {
	m := &Modules{tree: t, cache: cacheDir(), mods: map[string][]*required{}}
	view := tree.NewView(t)
	for _, p := range patterns {
		files, err := view.Glob(p)
		if err != nil {
			return nil, fmt.Errorf("listing go.mod files: %w", err)
		}
		for _, f := range files {
			if err := m.add(f); err != nil {
				return nil, fmt.Errorf("reading required modules: %w", err)
			}
		}
	}
	return m, nil
}

func (m *Modules) add(file string) error {
	data, err := m.tree.ReadFile(file)
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(file, data, nil) // ParseLax would leave replace directives out
	if err != nil {
		return err
	}
	sums := m.sums(path.Join(path.Dir(file), "go.sum"))
	replaced := map[string]bool{}
	for _, r := range mod.Replace {
		replaced[r.Old.Path] = true
	}
	for _, r := range mod.Require {
		if replaced[r.Mod.Path] {
			continue // its files are not those of the released version
		}
		repo := majorSuffix.ReplaceAllString(r.Mod.Path, "")
		if slices.ContainsFunc(m.mods[repo], func(c *required) bool { return c.Version == r.Mod }) {
			continue // a second go.mod requires the same
		}
		m.mods[repo] = append(m.mods[repo], &required{
			Version: r.Mod, sum: sums[r.Mod], file: file, verify: make(chan struct{}),
		})
	}
	return nil
}

// sums reads the h1 hashes of a go.sum file; a missing file has none.
func (m *Modules) sums(file string) map[module.Version]string {
	out := map[module.Version]string{}
	data, err := m.tree.ReadFile(file)
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 3 && !strings.HasSuffix(f[1], "/go.mod") {
			out[module.Version{Path: f[0], Version: f[1]}] = f[2]
		}
	}
	return out
}

// Find returns the path in the tree that holds repository repo (such as
// "github.com/argoproj/argo-cd") at the tag ref. The error says what to do.
func (m *Modules) Find(repo, ref string) (string, error) {
	return m.find(repo, ref, m.mount)
}

// Peek is Find for who only looks what there is: the files are not proven to be
// the released ones, and nothing that is made of them may be shown.
func (m *Modules) Peek(repo, ref string) (string, error) {
	return m.find(repo, ref, m.attach)
}

func (m *Modules) find(repo, ref string, open func(*required) (string, error)) (string, error) {
	candidates := m.mods[strings.TrimSuffix(repo, ".git")]
	var have []string
	for _, c := range candidates {
		if strings.TrimSuffix(c.Version.Version, "+incompatible") == ref {
			return open(c)
		}
		have = append(have, c.Version.Version)
	}
	if len(have) > 0 {
		sort.Strings(have)
		return "", fmt.Errorf("%s at %q: the go.mod files require %s", repo, ref, strings.Join(have, ", "))
	}
	return "", fmt.Errorf("%s is not a module that a go.mod of this repository requires", repo)
}

// Module returns the path in the tree that holds a required module.
func (m *Modules) Module(modulePath string) (string, error) {
	for _, c := range m.mods[majorSuffix.ReplaceAllString(modulePath, "")] {
		if c.Path == modulePath {
			return m.mount(c)
		}
	}
	return "", fmt.Errorf("%s is not a module that a go.mod of this repository requires", modulePath)
}

func (m *Modules) mount(c *required) (string, error) {
	name, err := m.attach(c)
	if err == nil {
		c.opened.Do(func() { m.prove(c) })
	}
	return name, err
}

func (m *Modules) attach(c *required) (string, error) {
	name := path.Join(MountRoot, c.Path+"@"+c.Version.Version)
	c.once.Do(func() { c.err = m.open(c, name) })
	return name, c.err
}

// open makes a module readable.
func (m *Modules) open(c *required, name string) error {
	if c.sum == "" {
		return fmt.Errorf("%s %s has no hash in %s: run go mod download %s there",
			c.Path, c.Version.Version, path.Join(path.Dir(c.file), "go.sum"), c.Path)
	}
	escaped, err := module.EscapePath(c.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	version, err := module.EscapeVersion(c.Version.Version)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	dir := filepath.Join(m.cache, filepath.FromSlash(escaped)+"@"+version)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s %s is not in the module cache: run go mod download %s in %s",
			c.Path, c.Version.Version, c.Path, path.Dir(c.file))
	}
	c.dir = dir
	m.tree.Mount(name, dir)
	return nil
}

// prove hashes a module. That reads every file of it, 0.3 s for argo-cd: it runs
// beside the render, and Verify waits for it.
func (m *Modules) prove(c *required) {
	c.proving.Store(true)
	go func() {
		defer close(c.verify)
		sum, err := hashOf(c.dir, c.Version)
		switch {
		case err != nil:
			c.sumErr = fmt.Errorf("hashing module %s: %w", c.Path, err)
		case sum != c.sum:
			c.sumErr = fmt.Errorf("module %s %s in the cache is not the one in %s: run go mod verify",
				c.Path, c.Version.Version, path.Join(path.Dir(c.file), "go.sum"))
		}
	}()
}

type hashed struct {
	dir string
	mod module.Version
}

var hashes sync.Map // hashed -> func() (string, error)

// hashOf hashes a module once for the whole process: two revisions of a
// repository mostly require the same release.
func hashOf(dir string, mod module.Version) (string, error) {
	once, _ := hashes.LoadOrStore(hashed{dir, mod}, sync.OnceValues(func() (string, error) {
		return dirhash.HashDir(dir, mod.Path+"@"+mod.Version, dirhash.Hash1)
	}))
	return once.(func() (string, error))()
}

// Verify waits until every module that was read has been hashed, and returns
// the first whose files are not those that go.sum names.
func (m *Modules) Verify() error {
	var repos []string
	for r := range m.mods {
		repos = append(repos, r)
	}
	sort.Strings(repos)
	for _, r := range repos {
		for _, c := range m.mods[r] {
			if !c.proving.Load() {
				continue
			}
			<-c.verify
			if c.sumErr != nil {
				return c.sumErr
			}
		}
	}
	return nil
}

// Name turns a path of the tree into one for people: files of modules are
// shown as module@version/file.
func Name(p string) string { return strings.TrimPrefix(p, MountRoot+"/") }

// cacheDir is the module cache as the go command finds it.
func cacheDir() string {
	if d := os.Getenv("GOMODCACHE"); d != "" {
		return d
	}
	if p := filepath.SplitList(os.Getenv("GOPATH")); len(p) > 0 && p[0] != "" {
		return filepath.Join(p[0], "pkg", "mod")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, "go", "pkg", "mod")
}
