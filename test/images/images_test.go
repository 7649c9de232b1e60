package images

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"example.com/mlops-platform/internal/imagetest"
)

const (
	base = "localhost/python:3.11-bookworm"
	// uid is that of every container in apps/ and workflows/.
	uid, gid = 10001, 10001
)

func TestImagesRunAsAnUnprivilegedUserOnAReadOnlyRoot(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			image := open(t, name)
			if image.user != "10001:10001" {
				t.Errorf("user is %q, want it in numbers, or runAsNonRoot cannot be checked", image.user)
			}
			output, code := image.run(t, "sh", "-euc", `
				id -u; id -G; touch /tmp/here
				for folder in / /etc /venv /var; do if touch $folder/here; then exit 9; fi; done`)
			if code != 0 || !strings.HasPrefix(output, "10001\n10001\n") {
				t.Errorf("exit code %d, want 0 as 10001:\n%s", code, output)
			}
		})
	}
}

func TestTheCommandsOfThePodsAreOnThePath(t *testing.T) {
	commands := map[string][][]string{
		"inference-api": {{"python", "-c", "import app.__main__, onnxruntime as o; print(o.get_available_providers())"}},
		"mlflow":        {{"mlflow", "--version"}, {"mlflow-bootstrap", "--help"}},
		"pipelines":     {{"pipelines", "--help"}, {"python", "-c", "import mlflow, onnxruntime, lightgbm, skl2onnx"}},
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			image := open(t, name)
			for _, command := range append(commands[name], []string{"sh", "-c", "command -v " + image.cmd[0]}) {
				if output, code := image.run(t, command...); code != 0 {
					t.Errorf("%v: exit code %d\n%s", command, code, output)
				}
			}
		})
	}
}

func TestTheServingImageHasNothingThatUnpickles(t *testing.T) {
	image := open(t, "inference-api")
	for _, module := range []string{"pandas", "mlflow", "cloudpickle", "joblib", "sklearn", "onnx", "skops"} {
		code := "import importlib.util, sys; sys.exit(importlib.util.find_spec('" + module + "') is not None)"
		if output, code := image.run(t, "python", "-c", code); code != 0 {
			t.Errorf("%s can be imported (exit code %d) %s", module, code, output)
		}
	}
}

// What the last stage adds to the base. All else that a build touches (caches, certificates, settings, sources) would
// be a leftover.
var added = []string{
	"/venv", "/models", "/etc/ssl/rds",
	// groupadd and useradd.
	"/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-", "/etc/shadow", "/etc/shadow-", "/etc/gshadow",
	"/etc/gshadow-", "/etc/subuid", "/etc/subuid-", "/etc/subgid", "/etc/subgid-", "/etc/.pwd.lock",
	// libgomp1 in pipelines, and what apt notes about it.
	"/usr/lib/x86_64-linux-gnu/libgomp.so.1", "/usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0", "/usr/share/doc/libgomp1",
	"/var/lib/dpkg", "/var/lib/apt/extended_states", "/etc/ld.so.cache",
}

func TestImagesAddNothingToTheBaseButWhatTheyRun(t *testing.T) {
	before := list(t, imagetest.Mount(t, base).Files)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			image := open(t, name)
			var bytes int64
			for path, info := range list(t, image.files) {
				was, ok := before[path]
				if !ok {
					bytes += info.Size()
				}
				unchanged := ok && (info.IsDir() || was.Size() == info.Size() && was.ModTime().Equal(info.ModTime()))
				// A builder makes an empty /etc/hosts to mount its own over.
				if !unchanged && info.Size() > 0 && !slices.ContainsFunc(added, func(top string) bool { return within(top, path) }) {
					t.Errorf("%s: not in the base, and not a thing to run", path)
				}
			}
			t.Logf("%d MB on top of the base", bytes/1e6)
		})
	}
}

// tools build or install; whoever gets into a container would use them.
var (
	tools   = []string{"gcc", "g++", "cc", "c++", "ld", "make", "cmake", "pip", "pip3", "uv", "hatchling", "git"}
	modules = []string{"pip", "setuptools", "hatchling", "wheel", "pytest", "tests"}
)

func TestImagesHaveNoBuildTools(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			for path := range list(t, open(t, name).files) {
				folder, file := filepath.Split(path)
				if filepath.Base(folder) == "bin" && slices.Contains(tools, file) {
					t.Errorf("%s: a build tool", path)
				}
				if filepath.Base(folder) == "site-packages" && slices.Contains(modules, file) {
					t.Errorf("%s: builds, installs or tests", path)
				}
				if file == ".git" {
					t.Errorf("%s: belongs to the sources", path)
				}
			}
		})
	}
}

func TestNothingInAnImageCanBeWrittenByItsUser(t *testing.T) {
	scratch := []string{"/tmp", "/var/tmp", "/models", "/run/lock", "/dev", "/proc"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			for path, info := range list(t, open(t, name).files) {
				if slices.ContainsFunc(scratch, func(top string) bool { return within(top, path) }) {
					continue
				}
				if mode := info.Mode(); mode&fs.ModeSymlink == 0 && writable(t, info) {
					t.Errorf("%s: %v can be written by uid %d", path, mode, uid)
				}
			}
		})
	}
}

func TestOurOwnCodeIsCompiledAheadOfTime(t *testing.T) {
	packages := map[string]string{"inference-api": "app", "mlflow": "mlflow_bootstrap", "pipelines": "pipelines"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			files := open(t, name).files
			sources, err := filepath.Glob(filepath.Join(files, "venv/lib/python3.*/site-packages", packages[name], "*.py"))
			if err != nil || len(sources) == 0 {
				t.Fatalf("no code of ours: %v", err)
			}
			for _, source := range sources {
				module := strings.TrimSuffix(filepath.Base(source), ".py")
				compiled, err := filepath.Glob(filepath.Join(filepath.Dir(source), "__pycache__", module+".cpython-*.pyc"))
				if err != nil || len(compiled) != 1 {
					t.Errorf("%s: %d compiled, want 1; a read-only root cannot keep it later", source, len(compiled))
				}
			}
		})
	}
}

// list is every file below a root, by its path in the image.
func list(t *testing.T, files string) map[string]fs.FileInfo {
	t.Helper()
	found := map[string]fs.FileInfo{}
	err := filepath.WalkDir(files, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		found["/"+strings.TrimPrefix(strings.TrimPrefix(path, files), "/")] = info
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// within tells whether path is top or below it.
func within(top, path string) bool { return path == top || strings.HasPrefix(path, top+"/") }

// writable tells whether the image's user may write to a file by its owner, group and mode.
func writable(t *testing.T, info fs.FileInfo) bool {
	t.Helper()
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatalf("%s: the system does not say who owns it", info.Name())
	}
	mode := info.Mode().Perm()
	switch {
	case owner.Uid == uid:
		return true // the owner can give himself the right
	case owner.Gid == gid:
		return mode&0o020 != 0
	default:
		return mode&0o002 != 0
	}
}
