package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"example.com/mlops-platform/tools/localcluster/internal/addons"
	"example.com/mlops-platform/tools/localcluster/internal/image"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

// held is an image that the node has, under one of its names.
type held struct{ reference, id, size string }

// loadOwn brings in the images that the node itself needs.
func (c *cluster) loadOwn(ctx context.Context) error {
	images, err := addons.Images(c.bin)
	if err != nil {
		return err
	}
	there, err := c.held(ctx)
	if err != nil {
		return err
	}
	for reference, program := range images {
		if slices.ContainsFunc(there, func(h held) bool { return h.reference == reference }) {
			continue // its tag is a digest of its program
		}
		var archive bytes.Buffer
		if err := image.FromBinary(&archive, reference, program); err != nil {
			return err
		}
		if _, err := c.ctr(ctx, &archive, "images", "import", "-"); err != nil {
			return fmt.Errorf("%s: %w", reference, err)
		}
	}
	return nil
}

// load brings in archives of images, but those that hold nothing new. It prints
// a line for each image: whether it was loaded or present, its ID and its name.
func (c *cluster) load(ctx context.Context, files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("%w: load takes the files to load", errUsage)
	}
	var faults error
	for _, file := range files {
		faults = errors.Join(faults, c.loadFile(ctx, file))
	}
	return faults
}

func (c *cluster) loadFile(ctx context.Context, file string) error {
	archive, err := os.Open(file)
	if err != nil {
		return err
	}
	defer archive.Close()
	images, err := image.In(archive)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	there, err := c.held(ctx) // anew for each file: two may bring images of one name
	if err != nil {
		return err
	}
	if len(images) > 0 && hasAll(there, images) {
		c.stages.Done(filepath.Base(file), "is there")
		c.print("present", images)
		return nil
	}
	err = c.stages.Do(filepath.Base(file), func() error {
		if _, err := archive.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := c.ctr(ctx, archive, "images", "import", "-"); err != nil {
			return err
		}
		if err := c.announce(ctx, there, images); err != nil {
			return err
		}
		return c.untilKnown(ctx, images)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	c.print("loaded", images)
	return nil
}

// announce makes Kubernetes look at names that another image had: containerd
// 1.6 takes the label of the one before for a sign that it has.
func (c *cluster) announce(ctx context.Context, there []held, images []image.Image) error {
	for _, h := range there {
		for _, i := range images {
			if h.id == i.ID || !slices.ContainsFunc(i.References, h.named) {
				continue
			}
			if _, err := c.ctr(ctx, nil, "images", "label", h.reference, "io.cri-containerd.image="); err != nil {
				return err
			}
		}
	}
	return nil
}

// untilKnown waits until Kubernetes has heard of the images from containerd: a
// pod that came before would look for them in a registry.
func (c *cluster) untilKnown(ctx context.Context, images []image.Image) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	err := poll(ctx, func() (bool, error) {
		there, err := c.held(ctx)
		return hasAll(there, images), err
	})
	if err != nil {
		return fmt.Errorf("the images are loaded and Kubernetes does not list them: %w", err)
	}
	return nil
}

// named tells whether that is its name. Docker leaves out the start of those it has from its own registry.
func (h held) named(reference string) bool {
	return slices.Contains([]string{reference, "docker.io/" + reference, "docker.io/library/" + reference}, h.reference)
}

// hasAll tells whether each image is there under each of its names.
func hasAll(there []held, images []image.Image) bool {
	for _, i := range images {
		for _, reference := range i.References {
			if !slices.ContainsFunc(there, func(h held) bool { return h.id == i.ID && h.named(reference) }) {
				return false
			}
		}
	}
	return true
}

func (c *cluster) print(what string, images []image.Image) {
	for _, i := range images {
		for _, reference := range i.References {
			fmt.Fprintf(c.stdout, "%s\t%s\t%s\n", what, i.ID, reference)
		}
	}
}

// images prints what the node has, a line for each name of an image.
func (c *cluster) images(ctx context.Context) error {
	there, err := c.held(ctx)
	if err != nil {
		return err
	}
	for _, h := range there {
		fmt.Fprintf(c.stdout, "%s\t%s\t%s\n", h.reference, h.id, h.size)
	}
	return nil
}

// held lists the images of the node by name.
func (c *cluster) held(ctx context.Context) ([]held, error) {
	out, err := c.ctr(ctx, nil, "images", "list")
	if err != nil {
		return nil, err
	}
	return parseImages(out), nil
}

// parseImages reads what `ctr images list` prints: name, type, digest of the
// manifest, size and its unit, and more. Kubernetes gives each image a second
// name, which is its ID; the digest tells which belong together.
func parseImages(list string) []held {
	ids := map[string]string{}
	var names [][]string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasPrefix(fields[2], "sha256:") {
			continue // the heading
		}
		if strings.HasPrefix(fields[0], "sha256:") {
			ids[fields[2]] = fields[0]
		} else {
			names = append(names, fields)
		}
	}
	var there []held
	for _, fields := range names {
		there = append(there, held{reference: fields[0], id: ids[fields[2]], size: fields[3] + " " + fields[4]})
	}
	return there
}

// ctr runs containerd's own command on the images of the node's Kubernetes.
func (c *cluster) ctr(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	pid, err := node.Find(c.instance)
	if err != nil {
		return "", err
	}
	if pid == 0 {
		return "", fmt.Errorf("%s does not run; localcluster up starts it", c.instance.ID)
	}
	// Through the node's own view the path is short: that of a socket has at most 107 bytes.
	socket := fmt.Sprintf("/proc/%d/root%s", pid, node.Socket)
	cmd := exec.CommandContext(ctx, "ctr", append([]string{"--address", socket, "--namespace", "k8s.io"}, args...)...)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("ctr %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}
