// Package images tests the images of the services, as `hack/images.sh test` has built them.
package images

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// names of the images; each is built from services/NAME.
var names = []string{"inference-api", "mlflow", "pipelines"}

const root = "../.."

// image is a built image, mounted.
type image struct {
	name string
	// files is where its root is mounted.
	files string
	// user, env and cmd are what the image says of itself.
	user     string
	env, cmd []string
}

// open mounts the image of a service until the test ends.
func open(t *testing.T, name string) image {
	t.Helper()
	return mount(t, name, "localhost/"+name+":"+version(t, name))
}

// mount makes a container of an image, which is what buildah can mount.
func mount(t *testing.T, name, ref string) image {
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
	if err := json.Unmarshal([]byte(buildah(t, "inspect", "--type", "image", ref)), &inspected); err != nil {
		t.Fatal(err)
	}
	container := buildah(t, "from", "--pull-never", ref)
	t.Cleanup(func() { buildah(t, "rm", container) })
	config := inspected.OCIv1.Config
	return image{
		name: name, files: buildah(t, "mount", container), user: config.User, env: config.Env, cmd: config.Cmd,
	}
}

// version is the tag that hack/images.sh gave the image.
func version(t *testing.T, name string) string {
	t.Helper()
	project, err := os.ReadFile(filepath.Join(root, "services", name, "pyproject.toml"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^version = "(.+)"$`).FindSubmatch(project)
	if found == nil {
		t.Fatalf("services/%s/pyproject.toml: has no version", name)
	}
	return string(found[1])
}

// buildah runs it and returns what it printed.
func buildah(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command("buildah", args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("buildah %s: %v\n%s(hack/images.sh test builds what is tested here)", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(stdout.String())
}

// asPod enters a mounted image as a container runtime enters a pod of ours: a read-only root, its own processes, and
// what the manifests mount as emptyDir. The mounts are in a namespace of their own and go with it.
const asPod = `
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for writable in /tmp /models; do
	if [ -d "$root$writable" ]; then mount -t tmpfs -o mode=1777 tmpfs "$root$writable"; fi
done
exec chroot --userspec="$user" --groups= "$root" "$@"
`

// command is a command in the image, with the image's environment and env on top.
func (i image) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	line := []string{
		"--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", asPod, "sh", i.files, i.user,
		"/usr/bin/env", "--ignore-environment",
	}
	line = append(append(append(line, i.env...), env...), args...)
	return exec.CommandContext(ctx, "unshare", line...)
}

// run runs a command in the image to its end, and returns what it wrote and its exit code.
func (i image) run(t *testing.T, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := i.command(ctx, nil, args...)
	output, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return string(output), command.ProcessState.ExitCode()
}
