// Package config reads .render.yaml, the optional settings of a repository.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"example.com/mlops-platform/tools/render/internal/tree"
	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// File is where the settings are, relative to the repository.
const File = ".render.yaml"

// Config are the settings of a repository.
type Config struct {
	// Modules are patterns of go.mod files whose requirements may serve as
	// remote bases and as sources of schemas.
	Modules []string `yaml:"modules"`
	// Schemas are folders with CustomResourceDefinitions that are not applied
	// from this repository, such as those that a remote chart installs.
	Schemas []Schema `yaml:"schemas"`
	// KubeVersion is what Helm charts see; the default is the library's.
	KubeVersion string `yaml:"kubeVersion"`
	// AnyFile mirrors --load-restrictor LoadRestrictionsNone in argocd-cm.
	AnyFile bool `yaml:"loadRestrictionsNone"`
}

// Schema is one folder of schemas, in the repository or in a Go module.
type Schema struct {
	Module string `yaml:"module"`
	Path   string `yaml:"path"`
}

// Default is what holds without a file.
func Default() Config { return Config{Modules: []string{"go.mod"}} }

// Load reads the settings of a repository; a missing file means Default.
func Load(t *tree.Tree) (Config, error) {
	c := Default()
	data, err := t.ReadFile(File)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("reading settings: %w", err)
	}
	docs, err := yamldoc.Read(File, data)
	if err != nil {
		return c, fmt.Errorf("reading settings: %w", err)
	}
	for _, d := range docs {
		if err := decode(d.Node, &c); err != nil {
			return c, fmt.Errorf("reading settings: %w", err)
		}
	}
	return c, nil
}

// decode is strict: a misspelt setting must not be silently without effect.
func decode(n *yaml.Node, c *Config) error {
	if err := known(n, "", "kubeVersion", "loadRestrictionsNone", "modules", "schemas"); err != nil {
		return err
	}
	if err := n.Decode(c); err != nil {
		return yamldoc.At(File, err)
	}
	schemas := child(n, "schemas")
	if schemas == nil {
		return nil
	}
	for i, entry := range schemas.Content {
		if err := known(entry, "schemas[].", "module", "path"); err != nil {
			return err
		}
		if p := c.Schemas[i].Path; p == "" || !filepath.IsLocal(p) {
			return fmt.Errorf("%s:%d: schemas[%d].path %q: want a folder relative to the repository, or to the module",
				File, entry.Line, i, p)
		}
	}
	return nil
}

func known(n *yaml.Node, prefix string, names ...string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; !slices.Contains(names, k.Value) {
			return fmt.Errorf("%s:%d: unknown setting %q; known are %s", File, k.Line, prefix+k.Value, strings.Join(names, ", "))
		}
	}
	return nil
}

func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
