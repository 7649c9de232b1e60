package kust

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/tree"
	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// explain turns an error of kustomize into one line that names a file. Where a
// file that was read is not YAML, that is the cause and its line is known.
func explain(v *tree.View, dir string, err error) error {
	for _, file := range v.Reads() {
		if ext := path.Ext(file); ext != ".yaml" && ext != ".yml" || v.Tree().MountOf(file) != "" {
			continue
		}
		data, rerr := v.ReadFile("/" + file)
		if rerr != nil {
			continue
		}
		if _, perr := yamldoc.Read(file, data); perr != nil {
			return fmt.Errorf("building %s: %w", dir, perr)
		}
	}
	return fmt.Errorf("building %s: %s", dir, clean(err))
}

// oneFile is how kustomize says that a file of resources is at fault: it takes
// the file for a folder once more before it gives up.
var oneFile = regexp.MustCompile(`accumulating resources: accumulation err=` +
	`'accumulating resources from '[^']*': (.*)': must build at directory: '([^']*)': file is not directory`)

// nested is what kustomize puts before the cause for each base above it.
var nested = regexp.MustCompile(`^.*(?:recursed accumulation of path|recursed merging from path) '([^']*)': `)

// clean makes one line of kustomize's nested messages, with the repository's
// own paths. A cycle or a remote file is found before kustomize runs, so what
// is left is about fields, patches and replacements.
func clean(err error) string {
	s := strings.Join(strings.Fields(err.Error()), " ")
	for _, q := range []string{"'/", `"/`, "`/", " /"} {
		s = strings.ReplaceAll(s, q, q[:1])
	}
	s = strings.ReplaceAll(s, gomod.MountRoot+"/", "")
	s = nested.ReplaceAllString(s, "$1: ")
	if m := oneFile.FindStringSubmatchIndex(s); m != nil {
		message, file := s[m[2]:m[3]], s[m[4]:m[5]]
		if !strings.HasPrefix(message, file+":") {
			message = file + ": " + message
		}
		s = s[:m[0]] + message + s[m[1]:]
	}
	return s
}
