package repository

import (
	"regexp"
	"strings"
)

// A name has no part that begins with a dot, so it can neither leave the folder nor name what is not served.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,4}$`)

const (
	suffix  = ".git"
	longest = 200 // characters; a path must stay far below the 4096 bytes that Linux allows
)

// Valid tells whether a repository may be called so: up to five parts, the last ends in .git, none lies in another
// repository.
func Valid(name string) bool {
	above, last := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		above, last = name[:i+1], name[i+1:]
	}
	return len(name) <= longest && nameForm.MatchString(name) && strings.HasSuffix(last, suffix) &&
		!strings.Contains(above, suffix+"/")
}

// Named is the repository that a client means. Like GitHub we let it leave out .git, as kustomize does.
func Named(path string) string { return strings.TrimSuffix(path, suffix) + suffix }
