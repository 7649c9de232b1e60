// Package images tests the images of upstream software, as `hack/upstream.sh build` has built them.
package images

import (
	"context"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/mlops-platform/internal/imagetest"
)

// image is a built image, mounted.
type image struct {
	// files is where its root is mounted.
	files string
	// tag is that of its reference; user and env are what the image says of itself.
	tag, user string
	env       []string
}

// open mounts the image of a folder of this room until the test ends.
func open(t *testing.T, name string) image {
	t.Helper()
	found := reference(t, name)
	mounted := imagetest.Mount(t, found)
	tag := found[strings.LastIndex(found, ":")+1:]
	return image{files: mounted.Files, tag: tag, user: mounted.User, env: mounted.Env}
}

// reference is the image's full name, as `hack/upstream.sh list` prints it.
func reference(t *testing.T, name string) string {
	t.Helper()
	references := os.Getenv("UPSTREAM_IMAGES")
	if references == "" {
		t.Fatal("UPSTREAM_IMAGES is not set: hack/upstream.sh test builds the images and sets it")
	}
	for reference := range strings.FieldsSeq(references) {
		if strings.HasPrefix(path.Base(reference), name+":") {
			return reference
		}
	}
	t.Fatalf("hack/upstream.sh list prints no image called %s", name)
	return ""
}

// asPod enters a mounted image as a container runtime enters a pod: a read-only root, its own processes, no way to more
// privileges, and folders of this machine where the pod has volumes. The mounts go with their namespace.
const asPod = `
root=$1 volumes=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
if [ -d "$root/dev" ]; then mount --rbind /dev "$root/dev"; fi
if [ -d "$root/proc" ]; then mount -t proc proc "$root/proc"; fi
for volume in $volumes; do mount --bind "${volume%:*}" "$root${volume#*:}"; done
exec setpriv --no-new-privs "$@"
`

// command is a command in the image, with the image's environment and env on top. A volume is FOLDER:PATH.
func (i image) command(ctx context.Context, volumes, env []string, args ...string) *exec.Cmd {
	line := []string{
		"--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", asPod, "sh", i.files, strings.Join(volumes, " "),
		"env", "--ignore-environment",
	}
	line = append(append(line, i.env...), env...)
	// The number of the group, because an image without /etc/passwd does not say which one it is.
	line = append(line, "/usr/sbin/chroot", "--userspec="+i.uid()+":"+i.uid(), "--groups=", i.files)
	return exec.CommandContext(ctx, "unshare", append(line, args...)...)
}

// uid is the user's number, as the image gives it.
func (i image) uid() string {
	uid, _, _ := strings.Cut(i.user, ":")
	return uid
}

// run runs a command in the image to its end, and returns what it wrote and its exit code.
func (i image) run(t *testing.T, volumes, env []string, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := i.command(ctx, volumes, env, args...)
	output, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return string(output), command.ProcessState.ExitCode()
}

// volume makes a folder that the image's user can write, and returns it.
func (i image) volume(t *testing.T) string {
	t.Helper()
	uid, err := strconv.Atoi(i.uid())
	if err != nil {
		t.Fatalf("user is %q, want a number, or runAsNonRoot cannot be checked", i.user)
	}
	folder := t.TempDir()
	if err := os.Chown(folder, uid, uid); err != nil {
		t.Fatal(err)
	}
	return folder
}

// has tells whether a file is in the image.
func (i image) has(name string) bool {
	_, err := os.Lstat(i.files + name)
	return err == nil
}
