// Package images knows which images the services have, what they are called, and where an environment says which of
// them it runs.
package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Image is one image of a service.
type Image struct {
	Service string `json:"service"`
	// Variant is cpu or gpu.
	Variant string `json:"variant"`
	// Tag is what it is built from: the version, the variant, and 12 digits that change with any file that goes into it.
	// So the same sources are built once, and a tag never means two things.
	Tag string `json:"tag"`
	// Digest is the digest of its manifest, sha256:…; "" before it is built.
	Digest string `json:"digest,omitempty"`
}

var version = regexp.MustCompile(`(?m)^version = "([0-9][^"]*)"$`)

// Of gives the images of every service in a repository, as the commit that is checked out has them.
func Of(ctx context.Context, root string) ([]Image, error) {
	projects, err := filepath.Glob(filepath.Join(root, "services", "*", "pyproject.toml"))
	if err != nil {
		return nil, err
	}
	if len(projects) == 0 {
		return nil, fmt.Errorf("%s has no services/*/pyproject.toml", root)
	}
	var found []Image
	for _, project := range projects {
		images, err := ofService(ctx, root, filepath.Base(filepath.Dir(project)))
		if err != nil {
			return nil, err
		}
		found = append(found, images...)
	}
	return found, nil
}

func ofService(ctx context.Context, root, service string) ([]Image, error) {
	folder := filepath.Join(root, "services", service)
	project, err := os.ReadFile(filepath.Join(folder, "pyproject.toml"))
	if err != nil {
		return nil, err
	}
	named := version.FindSubmatch(project)
	if named == nil {
		return nil, fmt.Errorf("services/%s/pyproject.toml: has no version", service)
	}
	digits, err := sources(ctx, root, service)
	if err != nil {
		return nil, err
	}
	images := []Image{{Service: service, Variant: "cpu", Tag: fmt.Sprintf("%s-%s", named[1], digits)}}
	if _, err := os.Stat(filepath.Join(folder, "requirements-gpu.txt")); err == nil {
		images = append(images, Image{Service: service, Variant: "gpu", Tag: fmt.Sprintf("%s-gpu-%s", named[1], digits)})
	}
	return images, nil
}

// sources is a digest of the files of a service that can end up in its image.
func sources(ctx context.Context, root, service string) (string, error) {
	command := exec.CommandContext(ctx, "git", "ls-tree", "-r", "HEAD", "--", "services/"+service)
	command.Dir = root
	var faults bytes.Buffer
	command.Stderr = &faults
	listed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git ls-tree: %w: %s", err, &faults)
	}
	sum := sha256.New()
	lines := 0
	for line := range strings.Lines(string(listed)) {
		_, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if inImage(strings.TrimPrefix(path, "services/"+service+"/")) {
			sum.Write([]byte(line))
			lines++
		}
	}
	if lines == 0 {
		return "", fmt.Errorf("services/%s: has no files at HEAD", service)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

func inImage(path string) bool {
	return !strings.HasPrefix(path, "tests/") && !strings.HasSuffix(path, ".md") && !strings.HasSuffix(path, ".in") &&
		path != "requirements-dev.txt"
}

// Find picks one image.
func Find(images []Image, service, variant string) (Image, error) {
	i := slices.IndexFunc(images, func(i Image) bool { return i.Service == service && i.Variant == variant })
	if i < 0 {
		var names []string
		for _, each := range images {
			names = append(names, each.Service+" "+each.Variant)
		}
		return Image{}, fmt.Errorf("no image %s %s; there are: %s", service, variant, strings.Join(names, ", "))
	}
	return images[i], nil
}
