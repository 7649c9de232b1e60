package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// Image is one image of an archive.
type Image struct {
	// ID is the digest of its configuration, as sha256:…, by which a node knows it whatever it is called.
	ID         string   `json:"id"`
	References []string `json:"references"`
}

// configName is a configuration's, in an archive of buildah or Docker: its digest, alone or in a folder of blobs.
var configName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// In lists the images of an archive that `docker save` or `buildah push
// docker-archive:` has written, and none for one of another kind.
func In(archive io.Reader) ([]Image, error) {
	for files := tar.NewReader(archive); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not an archive of images: %w", err)
		}
		if header.Name == "manifest.json" {
			return decode(files)
		}
	}
}

func decode(manifest io.Reader) ([]Image, error) {
	var entries []struct {
		Config   string
		RepoTags []string
	}
	if err := json.NewDecoder(manifest).Decode(&entries); err != nil {
		return nil, fmt.Errorf("manifest.json of the archive: %w", err)
	}
	var images []Image
	for _, e := range entries {
		digest := strings.TrimSuffix(path.Base(e.Config), ".json")
		if !configName.MatchString(digest) {
			return nil, fmt.Errorf("manifest.json of the archive: %q is not named for its digest", e.Config)
		}
		if len(e.RepoTags) == 0 {
			return nil, errors.New("an image of the archive has no name: write it with one, as in " +
				"buildah push IMAGE docker-archive:FILE:NAME:TAG")
		}
		images = append(images, Image{ID: "sha256:" + digest, References: e.RepoTags})
	}
	return images, nil
}
