// Package images tests the images of the services, as `hack/images.sh test` has built them.
package images

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"example.com/mlops-platform/internal/imagetest"
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
	mounted := imagetest.Mount(t, "localhost/"+name+":"+version(t, name))
	return image{name: name, files: mounted.Files, user: mounted.User, env: mounted.Env, cmd: mounted.Cmd}
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
