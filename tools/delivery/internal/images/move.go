package images

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Changes are new contents of kustomizations, and what is different in them.
type Changes struct {
	// Files has the new contents by path.
	Files map[string][]byte
	moved []moved
}

type moved struct{ file, name, from, to string }

// Markdown is a table of what moved.
func (c *Changes) Markdown() string {
	var out strings.Builder
	out.WriteString("| image | in | was | becomes |\n|---|---|---|---|\n")
	for _, m := range c.moved {
		fmt.Fprintf(&out, "| `%s` | `%s` | `%s` | `%s` |\n", m.name, filepath.Dir(m.file), m.from, m.to)
	}
	return out.String()
}

// set notes one change on top of those before it.
func (c *Changes) set(root string, pin Pin, tag, digest string) error {
	data, ok := c.Files[pin.File]
	if !ok {
		var err error
		if data, err = os.ReadFile(filepath.Join(root, pin.File)); err != nil {
			return err
		}
	}
	data, err := Set(pin.File, data, pin.Name, tag, digest)
	if err != nil {
		return err
	}
	c.Files[pin.File] = data
	c.moved = append(c.moved, moved{pin.File, pin.Name, pin.Version(), tag + "@" + digest})
	return nil
}

// Move makes an environment run images that were built: every entry that names such a service and variant gets the tag
// and the digest.
func Move(root, environment string, built []Image) (*Changes, error) {
	used, err := uses(root, environment, built)
	if err != nil {
		return nil, err
	}
	changes := &Changes{Files: map[string][]byte{}}
	for _, u := range used {
		if u.pin.Tag == u.image.Tag && u.pin.Digest == u.image.Digest {
			continue
		}
		if err := changes.set(root, u.pin, u.image.Tag, u.image.Digest); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// Promote makes one environment run what another runs of a room: an app by its name, or workflows. All that speaks
// against it is said together.
func Promote(root, name, from, to string) (*Changes, error) {
	rooms, err := Rooms(root)
	if err != nil {
		return nil, err
	}
	room, known := rooms[name]
	if !known {
		return nil, fmt.Errorf("no app %q; there are: %s", name, strings.Join(slices.Sorted(maps.Keys(rooms)), ", "))
	}
	source, target := OverlayFile(room, from), OverlayFile(room, to)
	have, err := Pins(root, source)
	if err != nil {
		return nil, err
	}
	want, err := Pins(root, target)
	if err != nil {
		return nil, err
	}
	if len(have) == 0 {
		return nil, fmt.Errorf("%s: sets no image, so there is nothing to promote; a release of others' software comes "+
			"with its manifests, in %s/base", source, room)
	}
	changes := &Changes{Files: map[string][]byte{}}
	var faults []error
	for _, pin := range have {
		faults = append(faults, changes.promote(root, pin, want, target))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if len(changes.moved) == 0 {
		return nil, fmt.Errorf("%s runs what %s runs of %s: nothing to promote", to, from, name)
	}
	return changes, nil
}

func (c *Changes) promote(root string, pin Pin, want []Pin, target string) error {
	i := slices.IndexFunc(want, func(p Pin) bool { return p.Name == pin.Name })
	switch {
	case !IsDigest(pin.Digest) && pin.Digest != "":
		return fmt.Errorf("%s: the digest of %s is %q, which is no digest (sha256:, 64 digits)",
			pin.File, pin.Name, pin.Digest)
	case pin.Digest == "":
		return fmt.Errorf("%s: %s has the tag %s and no digest: app-ci builds it, and its pull request moves dev to a digest",
			pin.File, pin.Name, pin.Tag)
	case i < 0:
		return fmt.Errorf("%s: has no image %s, which %s has", target, pin.Name, pin.File)
	case want[i].Variant() != pin.Variant():
		return fmt.Errorf("%s: %s is %s there and %s in %s", target, pin.Name, want[i].Variant(), pin.Variant(), pin.File)
	case want[i].Tag == pin.Tag && want[i].Digest == pin.Digest:
		return nil
	}
	return c.set(root, want[i], pin.Tag, pin.Digest)
}
