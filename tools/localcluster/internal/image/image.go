// Package image makes container images from static binaries.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
)

// user is the one that images without a list of users run as by convention.
const user = "65532:65532"

// FromBinary writes to w an archive, as `docker save` makes it, of an image
// that holds the static binary in file and nothing else. It runs the binary,
// as nobody in particular. The same binary gives the same bytes.
func FromBinary(w io.Writer, reference, file string) error {
	program, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	name := filepath.Base(file)
	var layer bytes.Buffer
	if err := writeTar(&layer, entry{name, program, 0o755}); err != nil {
		return err
	}
	digest := sha256.Sum256(layer.Bytes())
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       map[string]any{"Entrypoint": []string{path.Join("/", name)}, "User": user},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(digest[:])}},
	})
	if err != nil {
		return err
	}
	configDigest := sha256.Sum256(config)
	configName := hex.EncodeToString(configDigest[:]) + ".json"
	manifest, err := json.Marshal([]map[string]any{{
		"Config": configName, "RepoTags": []string{reference}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return err
	}
	return writeTar(w, entry{"manifest.json", manifest, 0o644}, entry{configName, config, 0o644},
		entry{"layer.tar", layer.Bytes(), 0o644})
}

// Tag is the tag of an image made from the file: another program has another one.
func Tag(file string) (string, error) {
	program, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(program)
	return hex.EncodeToString(digest[:6]), nil
}

type entry struct {
	name string
	data []byte
	mode int64
}

func writeTar(w io.Writer, entries ...entry) error {
	archive := tar.NewWriter(w)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Size: int64(len(e.data)), Mode: e.mode, Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if _, err := archive.Write(e.data); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return archive.Close()
}
