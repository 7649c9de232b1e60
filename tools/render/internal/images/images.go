// Package images finds the container images that an object would run.
package images

import (
	"fmt"
	"sort"
	"strings"
)

// Use is one image and the field that names it.
type Use struct {
	Image string
	Path  string // field path in the object
}

// lists hold containers; singles are one container. Besides Pods and what wraps
// them these are the templates of Argo Workflows.
var (
	lists   = map[string]bool{"containers": true, "initContainers": true, "ephemeralContainers": true, "sidecars": true}
	singles = map[string]bool{"container": true, "script": true}
)

// Of lists the images of an object, by path.
func Of(object map[string]any) []Use {
	var out []Use
	walk(object, "", &out)
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

func walk(v any, path string, out *[]Use) {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			p := join(path, k)
			if list, ok := child.([]any); ok && lists[k] {
				for i, c := range list {
					take(c, fmt.Sprintf("%s[%d]", p, i), out)
				}
			} else if singles[k] {
				take(child, p, out)
			}
			walk(child, p, out)
		}
	case []any:
		for i, child := range v {
			walk(child, fmt.Sprintf("%s[%d]", path, i), out)
		}
	}
}

func take(container any, path string, out *[]Use) {
	c, ok := container.(map[string]any)
	if !ok {
		return
	}
	if image, ok := c["image"].(string); ok {
		*out = append(*out, Use{Image: image, Path: path + ".image"})
	}
}

func join(path, key string) string {
	switch {
	case strings.ContainsAny(key, "./"):
		return path + "[" + key + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// Reference is an image name taken apart.
type Reference struct {
	Name   string // registry and repository
	Tag    string
	Digest string // "sha256:…"
}

// Parse takes an image name apart. A port is not a tag: host:5000/app has none.
func Parse(image string) Reference {
	var r Reference
	r.Name, r.Digest, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(r.Name, ":"); colon > strings.LastIndex(r.Name, "/") {
		r.Name, r.Tag = r.Name[:colon], r.Name[colon+1:]
	}
	return r
}
