package images

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Pin is one entry of `images` in a kustomization: which image stands under a name.
type Pin struct {
	// File is the kustomization, relative to the repository.
	File string
	// Name is what the manifests say, Image what they get.
	Name, Image string
	// Tag and Digest are "" where there is none.
	Tag, Digest string

	tag, digest *yaml.Node
}

// Variant is the variant that the tag names.
func (p Pin) Variant() string {
	if gpu.MatchString(p.Tag) {
		return "gpu"
	}
	return "cpu"
}

// Version is the tag and the digest, as far as there are.
func (p Pin) Version() string {
	if p.Digest == "" {
		return p.Tag
	}
	return p.Tag + "@" + p.Digest
}

var (
	gpu    = regexp.MustCompile(`-gpu(-|$)`)
	digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// IsDigest tells whether a text is the digest of an image.
func IsDigest(text string) bool { return digest.MatchString(text) }

// Rooms are the folders that have overlays, with their names: apps/mlflow is mlflow, workflows is workflows.
func Rooms(root string) (map[string]string, error) {
	rooms := map[string]string{}
	for _, pattern := range []string{"apps/*/overlays", "workflows/overlays"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, overlays := range found {
			room := filepath.Dir(overlays)
			relative, err := filepath.Rel(root, room)
			if err != nil {
				return nil, err
			}
			rooms[filepath.Base(room)] = filepath.ToSlash(relative)
		}
	}
	return rooms, nil
}

// OverlayFile is the kustomization of a room in an environment.
func OverlayFile(room, environment string) string {
	return room + "/overlays/" + environment + "/kustomization.yaml"
}

// Pins reads the entries of one kustomization. One that is not there has none.
func Pins(root, file string) ([]Pin, error) {
	data, err := os.ReadFile(filepath.Join(root, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return pinsIn(file, data)
}

func pinsIn(file string, data []byte) ([]Pin, error) {
	var document struct {
		Images []yaml.Node `yaml:"images"`
	}
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var pins []Pin
	for _, entry := range document.Images {
		fields := map[string]*yaml.Node{}
		for i := 0; i+1 < len(entry.Content); i += 2 {
			fields[entry.Content[i].Value] = entry.Content[i+1]
		}
		p := Pin{File: file, tag: fields["newTag"], digest: fields["digest"]}
		p.Name, p.Tag, p.Digest = value(fields["name"]), value(p.tag), value(p.digest)
		p.Image = p.Name
		if renamed := value(fields["newName"]); renamed != "" {
			p.Image = renamed
		}
		pins = append(pins, p)
	}
	return pins, nil
}

func value(node *yaml.Node) string {
	if node == nil {
		return ""
	}
	return node.Value
}

// Set makes one entry of a kustomization say a tag and a digest, and touches nothing else of the file. The entry must
// have a newTag: a digest alone would leave the registry free to remove the image as untagged.
func Set(file string, data []byte, name, tag, digest string) ([]byte, error) {
	pins, err := pinsIn(file, data)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pins, func(p Pin) bool { return p.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("%s: has no image %s", file, name)
	}
	p := pins[i]
	if p.tag == nil {
		return nil, fmt.Errorf("%s: the image %s has no newTag", file, name)
	}
	lines := strings.SplitAfter(string(data), "\n")
	if err := replace(lines, p.tag, tag); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if p.digest != nil {
		if err := replace(lines, p.digest, digest); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	} else {
		at := p.tag.Line - 1
		indent := strings.Index(lines[at], "newTag:")
		if indent < 0 {
			return nil, fmt.Errorf("%s:%d: newTag is not on a line of its own", file, p.tag.Line)
		}
		lines[at] += strings.Repeat(" ", indent) + "digest: " + digest + "\n"
	}
	return []byte(strings.Join(lines, "")), nil
}

// replace writes another value where a plain one stands.
func replace(lines []string, node *yaml.Node, text string) error {
	line := lines[node.Line-1]
	before, after := line[:node.Column-1], line[node.Column-1:]
	if !strings.HasPrefix(after, node.Value) {
		return fmt.Errorf("line %d: the value is not plain", node.Line)
	}
	lines[node.Line-1] = before + text + strings.TrimPrefix(after, node.Value)
	return nil
}
