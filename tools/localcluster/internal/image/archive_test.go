package image

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnArchiveTellsItsImages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("content"), 0o755); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := FromBinary(&archive, "localhost/program:1", file); err != nil {
		t.Fatal(err)
	}
	images, err := In(&archive)
	if err != nil || len(images) != 1 || len(images[0].References) != 1 || images[0].References[0] != "localhost/program:1" {
		t.Fatalf("got %v, %v", images, err)
	}
}

func TestIDsAreReadFromEveryWriterOfArchives(t *testing.T) {
	digest := fmt.Sprintf("%x", sha256.Sum256(nil))
	for _, config := range []string{digest + ".json", digest, "blobs/sha256/" + digest} { // docker, buildah, docker from 25 on
		var archive bytes.Buffer
		manifest := fmt.Sprintf(`[{"Config":%q,"RepoTags":["a:1","b:2"],"Layers":[]}]`, config)
		if err := writeTar(&archive, entry{"layer.tar", nil, 0o644}, entry{"manifest.json", []byte(manifest), 0o644}); err != nil {
			t.Fatal(err)
		}
		images, err := In(&archive)
		if err != nil || len(images) != 1 || images[0].ID != "sha256:"+digest || len(images[0].References) != 2 {
			t.Errorf("%s: got %v, %v", config, images, err)
		}
	}
}

func TestWhatIsNoArchiveOfImagesSaysSo(t *testing.T) {
	with := func(manifest string) string {
		var archive bytes.Buffer
		if err := writeTar(&archive, entry{"manifest.json", []byte(manifest), 0o644}); err != nil {
			t.Fatal(err)
		}
		return archive.String()
	}
	for _, content := range []string{
		strings.Repeat("no archive", 100), with(`{}`), with(`[`), with(`[{"Config":"../etc/passwd","RepoTags":["a:1"]}]`),
		with(`[{"Config":"` + strings.Repeat("a", 64) + `","RepoTags":null}]`),
	} {
		if images, err := In(strings.NewReader(content)); err == nil {
			t.Errorf("%.40q: got %v", content, images)
		}
	}
	if images, err := In(strings.NewReader(strings.Repeat("\x00", 1024))); err != nil || images != nil {
		t.Errorf("an empty archive, or one of another kind: got %v, %v", images, err)
	}
}
