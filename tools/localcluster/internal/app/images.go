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

	"example.com/mlops-platform/tools/localcluster/internal/addons"
	"example.com/mlops-platform/tools/localcluster/internal/image"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

// loadOwn brings in the images that the node itself needs.
func (c *cluster) loadOwn(ctx context.Context) error {
	images, err := addons.Images(c.bin)
	if err != nil {
		return err
	}
	for reference, program := range images {
		var archive bytes.Buffer
		if err := image.FromBinary(&archive, reference, program); err != nil {
			return err
		}
		if err := c.importImages(ctx, &archive); err != nil {
			return fmt.Errorf("%s: %w", reference, err)
		}
	}
	return nil
}

// load brings in archives of images.
func (c *cluster) load(ctx context.Context, files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("%w: load takes the files to load", errUsage)
	}
	var faults error
	for _, file := range files {
		faults = errors.Join(faults, c.report.Phase(filepath.Base(file), func() error {
			archive, err := os.Open(file)
			if err != nil {
				return err
			}
			defer archive.Close()
			return c.importImages(ctx, archive)
		}))
	}
	return faults
}

func (c *cluster) importImages(ctx context.Context, archive io.Reader) error {
	pid, err := node.Find(c.instance)
	if err != nil {
		return err
	}
	if pid == 0 {
		return fmt.Errorf("%s does not run; localcluster up starts it", c.instance.ID)
	}
	// Through the node's own view the path is short: that of a socket has at most 107 bytes.
	socket := fmt.Sprintf("/proc/%d/root%s", pid, node.Socket)
	cmd := exec.CommandContext(ctx, "ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", "-")
	cmd.Stdin = archive
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ctr images import: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
