// Package imagetest opens images that buildah has built, for tests to look into and to run.
package imagetest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// Image is a built image, mounted.
type Image struct {
	Files string // where its root is mounted
	// User, Env and Cmd are what the image says of itself.
	User     string
	Env, Cmd []string
}

// Mount makes a container of an image, which is what buildah can mount, until the test ends.
func Mount(t *testing.T, reference string) Image {
	t.Helper()
	var inspected struct {
		OCIv1 struct {
			Config struct {
				User string
				Env  []string
				Cmd  []string
			} `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(buildah(t, "inspect", "--type", "image", reference)), &inspected); err != nil {
		t.Fatal(err)
	}
	container := buildah(t, "from", "--pull-never", reference)
	t.Cleanup(func() { buildah(t, "rm", container) })
	config := inspected.OCIv1.Config
	return Image{Files: buildah(t, "mount", container), User: config.User, Env: config.Env, Cmd: config.Cmd}
}

// buildah runs it and returns what it printed.
func buildah(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command("buildah", args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("buildah %s: %v\n%s(hack/images.sh and hack/upstream.sh build what is tested)", strings.Join(args, " "), err,
			stderr.String())
	}
	return strings.TrimSpace(stdout.String())
}
