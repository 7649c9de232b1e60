package source

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"sort"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// suppliedValues is what Argo CD passes to helm: value files in order, then
// values or valuesObject, then parameters, string parameters and file
// parameters. Later ones win, whatever their order in the Application.
func (r *render) suppliedValues() (map[string]any, error) {
	values := map[string]any{}
	h := r.Source.Helm
	if h == nil {
		return values, nil
	}
	for _, raw := range h.ValueFiles {
		if err := r.addValueFile(values, raw, h.IgnoreMissingValueFiles); err != nil {
			return nil, err
		}
	}
	own := map[string]any{}
	if err := yaml.Unmarshal(h.ValuesYAML(), &own); err != nil {
		return nil, fmt.Errorf("spec.source.helm.values: %s", plain(err))
	}
	overlay(values, own)
	if err := r.addParameters(values, h); err != nil {
		return nil, err
	}
	return values, nil
}

func (r *render) addValueFile(values map[string]any, raw string, ignoreMissing bool) error {
	file, err := r.valueFile(raw)
	if err != nil {
		return fmt.Errorf("value file %q: %w", raw, err)
	}
	if _, _, err := r.View.Tree().Resolve(file); ignoreMissing && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if strings.Contains(file, ",") {
		return fmt.Errorf("value file %q: helm splits --values at commas; rename the file", raw)
	}
	data, err := r.View.ReadFile(rooted(file))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("value file %q: no file %s; set ignoreMissingValueFiles if it may be missing", raw, file)
	}
	if err != nil {
		return fmt.Errorf("value file %q: %w", raw, err)
	}
	more := map[string]any{}
	if err := yaml.Unmarshal(data, &more); err != nil {
		return fmt.Errorf("value file %q: %w", raw, positioned(file, 1, err))
	}
	overlay(values, more)
	return nil
}

// addParameters sets parameters as --set, --set-string and --set-file do. Argo
// CD keeps them in maps and so passes them in random order; sorted is one of
// the orders it may use.
func (r *render) addParameters(values map[string]any, h *v1alpha1.ApplicationSourceHelm) error {
	set, text := map[string]string{}, map[string]string{}
	for _, p := range h.Parameters {
		if p.ForceString {
			text[p.Name] = p.Value
		} else {
			set[p.Name] = p.Value
		}
	}
	r.noteOrder(set)
	r.noteOrder(text)
	for _, k := range sorted(set) {
		if err := strvals.ParseInto(k+"="+escapeCommas(r.env.Envsubst(set[k])), values); err != nil {
			return fmt.Errorf("spec.source.helm.parameters: %s: %w", k, err)
		}
	}
	for _, k := range sorted(text) {
		if err := strvals.ParseIntoString(k+"="+escapeCommas(r.env.Envsubst(text[k])), values); err != nil {
			return fmt.Errorf("spec.source.helm.parameters: %s: %w", k, err)
		}
	}
	return r.addFileParameters(values, h.FileParameters)
}

func (r *render) addFileParameters(values map[string]any, params []v1alpha1.HelmFileParameter) error {
	files := map[string]string{}
	for _, p := range params {
		file, err := r.valueFile(p.Path)
		if err != nil {
			return fmt.Errorf("spec.source.helm.fileParameters: %s: %q: %w", p.Name, p.Path, err)
		}
		files[p.Name] = file
	}
	for _, k := range sorted(files) {
		read := func(name []rune) (any, error) {
			data, err := r.View.ReadFile(rooted(string(name)))
			return string(data), err
		}
		if err := strvals.ParseIntoFile(k+"="+escapeCommas(files[k]), values, read); err != nil {
			return fmt.Errorf("spec.source.helm.fileParameters: %s: %w", k, err)
		}
	}
	return nil
}

// noteOrder tells when the result hangs on the order of parameters.
func (r *render) noteOrder(params map[string]string) {
	names := sorted(params)
	for _, a := range names {
		for _, b := range names {
			if strings.HasPrefix(b, a+".") || strings.HasPrefix(b, a+"[") {
				r.note("", 0, "helm parameters %s and %s overlap, and Argo CD passes them in random order", a, b)
			}
		}
	}
}

// valueFile finds the file in the tree that a valueFiles entry or a file
// parameter means. $name is replaced by a ref before $VARIABLES are, a leading
// slash means the repository's root, and links may not leave it.
func (r *render) valueFile(raw string) (string, error) {
	if ref, rest, ok := r.ref(raw); ok {
		return resolveIn(ref, ref, r.env.Envsubst("/"+rest))
	}
	return resolveIn(r.dir, ".", r.env.Envsubst(raw))
}

// resolveIn resolves name against dir, or against root if it is absolute.
func resolveIn(dir, root, name string) (string, error) {
	if u, err := url.Parse(name); err == nil && u.Scheme != "" {
		if s := strings.ToLower(u.Scheme); s == "http" || s == "https" {
			return "", &NotRendered{cluster.Missing{
				Source: "value file " + name, Reason: "it is downloaded, which needs a network",
				Remedy: "copy it into the repository to have the chart checked",
			}}
		}
		return "", fmt.Errorf("URL scheme %q is not allowed", u.Scheme)
	}
	p := path.Join(dir, name)
	if path.IsAbs(name) {
		p = path.Join(root, name)
	}
	switch {
	case p == root:
		return "", errors.New("it is the repository's root, not a file")
	case outside(p), root != "." && !strings.HasPrefix(p, root+"/"):
		return "", fmt.Errorf("it %w", tree.ErrOutside)
	}
	return p, nil
}

// overlay puts src over dst, mapping by mapping. A null stays: helm removes the
// chart's default for it later.
func overlay(dst, src map[string]any) {
	for k, v := range src {
		below, ok := v.(map[string]any)
		into, have := dst[k].(map[string]any)
		if ok && have {
			overlay(into, below)
			continue
		}
		dst[k] = v
	}
}

// escapeCommas keeps a comma in a value from ending it, unless it already is
// escaped or the value is a list in braces.
func escapeCommas(v string) string {
	if strings.HasPrefix(v, "{") && strings.HasSuffix(v, "}") {
		return v
	}
	var b strings.Builder
	for i := range len(v) {
		if v[i] == ',' && (i == 0 || v[i-1] != '\\') {
			b.WriteByte('\\')
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
