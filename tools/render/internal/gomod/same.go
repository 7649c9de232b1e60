package gomod

import (
	"slices"
	"strings"
)

// Same says whether two revisions of a repository require the same releases with
// the same hashes, so that Find and Module answer the same in both.
func (m *Modules) Same(o *Modules) bool {
	if len(m.mods) != len(o.mods) {
		return false
	}
	for repo := range m.mods {
		if !m.sameRepository(o, repo) {
			return false
		}
	}
	return true
}

// SameMount says the same of the one repository that is mounted at a path.
func (m *Modules) SameMount(o *Modules, mount string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(mount, MountRoot+"/"), "@")
	return m.sameRepository(o, majorSuffix.ReplaceAllString(name, ""))
}

func (m *Modules) sameRepository(o *Modules, repo string) bool {
	return slices.EqualFunc(m.mods[repo], o.mods[repo], func(a, b *required) bool {
		return a.Version == b.Version && a.sum == b.sum
	})
}
