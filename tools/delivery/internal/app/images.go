package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"example.com/mlops-platform/tools/delivery/internal/images"
)

// missing lists what has to be built.
func missing(ctx context.Context, o *options) error {
	all, err := images.Of(ctx, o.root)
	if err != nil {
		return err
	}
	list, err := images.Missing(o.root, o.args[0], all)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return o.output("images", string(encoded))
}

func tag(ctx context.Context, o *options) error {
	all, err := images.Of(ctx, o.root)
	if err != nil {
		return err
	}
	image, err := images.Find(all, o.args[0], o.args[1])
	if err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, image.Tag)
	return nil
}

// move writes built images into the overlays of an environment, all of them or none, and says in Markdown what moved.
func move(_ context.Context, o *options) error {
	environment, files := o.args[0], o.args[1:]
	var built []images.Image
	var faults []error
	for _, file := range files {
		image, err := readImage(file)
		faults = append(faults, err)
		built = append(built, image)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	changes, err := images.Move(o.root, environment, built)
	if err != nil {
		return err
	}
	return o.write(changes)
}

func readImage(file string) (images.Image, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return images.Image{}, err
	}
	var image images.Image
	if err := json.Unmarshal(data, &image); err != nil {
		return image, fmt.Errorf("%s: %w", file, err)
	}
	if image.Service == "" || image.Tag == "" || !images.IsDigest(image.Digest) {
		return image, fmt.Errorf("%s: wants service, variant, tag and a digest (sha256:…)", file)
	}
	return image, nil
}

// promote copies what dev runs to prod.
func promote(_ context.Context, o *options) error {
	changes, err := images.Promote(o.root, o.args[0], "dev", "prod")
	if err != nil {
		return fmt.Errorf("%w (nothing is changed)", err)
	}
	return o.write(changes)
}

// write puts the new contents in place and says what moved.
func (o *options) write(changes *images.Changes) error {
	for file, data := range changes.Files {
		path := filepath.Join(o.root, file)
		if err := os.WriteFile(path+".new", data, 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	fmt.Fprint(o.stdout, changes.Markdown())
	return nil
}
