package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	jsonpatch "github.com/evanphx/json-patch"
	"sigs.k8s.io/yaml"
)

// mergeOverrides applies .argocd-source.yaml and then .argocd-source-<app>.yaml
// of the application's folder to the source, each as a JSON merge patch.
// https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/
func (r *render) mergeOverrides() error {
	files := []string{".argocd-source.yaml"}
	if name := r.instanceName(); name != "" {
		files = append(files, ".argocd-source-"+name+".yaml")
	}
	merged := *r.Source.DeepCopy()
	for _, name := range files {
		file := path.Join(r.dir, name)
		_, mode, err := r.View.Tree().Resolve(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && mode.IsDir() {
			continue
		}
		data, err := r.View.ReadFile(rooted(file))
		if err != nil {
			return fmt.Errorf("reading overrides: %w", err)
		}
		if err := r.mergeOverride(&merged, file, data); err != nil {
			return err
		}
	}
	merged.Chart, merged.Path = r.Source.Chart, r.Source.Path
	merged.RepoURL, merged.TargetRevision = r.Source.RepoURL, r.Source.TargetRevision
	r.Source = merged
	return nil
}

// mergeOverride decodes the patched source over the one before it, as Argo CD
// does: a field that a patch removes with null therefore stays.
func (r *render) mergeOverride(into *v1alpha1.ApplicationSource, file string, data []byte) error {
	patch, err := yaml.YAMLToJSON(data)
	if err != nil {
		return positioned(file, 1, err)
	}
	was, err := json.Marshal(into)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	now, err := jsonpatch.MergePatch(was, patch)
	if err != nil {
		return fault(file, 0, "want a mapping with fields of spec.source: %v", err)
	}
	if err := json.Unmarshal(now, into); err != nil {
		return fault(file, 0, "%s", plain(err))
	}
	r.noteOverride(file, patch)
	return nil
}

// noteOverride tells what a patch sets without effect.
func (r *render) noteOverride(file string, patch []byte) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(patch, &fields) != nil {
		return
	}
	for _, f := range []string{"chart", "path", "repoURL", "targetRevision"} {
		if _, ok := fields[f]; ok {
			r.note(file, 0, "%s cannot be overridden here: Argo CD ignores it", f)
		}
	}
	for _, f := range nulls(patch) {
		r.note(file, 0, "%s: null has no effect: Argo CD keeps what the Application says", f)
	}
	dec := json.NewDecoder(bytes.NewReader(patch))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v1alpha1.ApplicationSource{}); err != nil {
		if msg := err.Error(); strings.Contains(msg, "unknown field") {
			r.note(file, 0, "%s: Argo CD ignores it", strings.TrimPrefix(msg, "json: "))
		}
	}
}

// nulls lists the fields that are null in a JSON object, sorted.
func nulls(data []byte) []string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	var out []string
	for name, value := range fields {
		if string(value) == "null" {
			out = append(out, name)
		}
		for _, below := range nulls(value) {
			out = append(out, name+"."+below)
		}
	}
	sort.Strings(out)
	return out
}
