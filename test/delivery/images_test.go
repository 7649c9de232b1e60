package delivery

import (
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// releases is the copy with one more service, which is small, and a registry in this process.
type releases struct {
	*repository
	github   *github
	registry string
	keys     string
}

const inTiny = "apps/tiny/overlays/dev/kustomization.yaml"

func openReleases(t *testing.T) *releases {
	t.Helper()
	r := &releases{repository: open(t), keys: t.TempDir()}
	for _, room := range []string{"services/inference-api", "services/mlflow", "services/pipelines"} {
		if err := os.RemoveAll(filepath.Join(r.folder, room)); err != nil {
			t.Fatal(err)
		}
	}
	r.write("services/tiny/pyproject.toml", "[project]\nname = \"tiny\"\nversion = \"0.1.0\"\n")
	r.write("services/tiny/requirements.txt", "")
	r.write("services/tiny/requirements-gpu.txt", "")
	r.write("services/tiny/tests/test_tiny.py", "")
	r.write("services/tiny/Dockerfile", "ARG BASE=docker.io/library/python:3.11-slim-bookworm\nFROM ${BASE}\n"+
		"ARG VARIANT=cpu\nRUN echo $VARIANT > /variant\nCOPY library /venv/lib/python3.11/site-packages/\nUSER 10001:10001\n")
	r.write("services/tiny/library/tinylib-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinylib\nVersion: 1.0\n")
	r.write("services/tiny/library/tinylib-1.0.dist-info/RECORD", "tinylib/__init__.py,,\n")
	r.write(inTiny, `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
images:
  # What runs.
  - name: tiny
    newTag: 0.1.0
  - name: tiny-gpu
    newName: tiny
    newTag: 0.1.0-gpu # with CUDA
`)
	r.commit("a small service")
	r.github = startGitHub(t, r.folder)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	r.registry = strings.TrimPrefix(server.URL, "http://") + "/mlops"
	r.cosign(0, "generate-key-pair")
	r.known("0.9", "high")
	return r
}

// known makes the world know of one vulnerability: that of tinylib before a version. The image has 1.0.
func (r *releases) known(before, severity string) {
	r.t.Helper()
	folder := filepath.Join(r.keys, "vulnerabilities")
	if err := os.RemoveAll(folder); err != nil {
		r.t.Fatal(err)
	}
	write := exec.Command(filepath.Join(r.folder, ".tools/bin/database"), folder, "tinylib", before, severity)
	if said, err := write.CombinedOutput(); err != nil {
		r.t.Fatalf("%v\n%s", err, said)
	}
}

// cosign runs cosign and requires an exit code of 0, or another one than that.
func (r *releases) cosign(code int, args ...string) string {
	r.t.Helper()
	command := exec.Command(filepath.Join(r.folder, ".tools/bin/cosign"), args...)
	command.Dir = r.keys
	command.Env = append(os.Environ(), "COSIGN_PASSWORD=")
	said, _ := command.CombinedOutput()
	if got := command.ProcessState.ExitCode(); (got == 0) != (code == 0) {
		r.t.Errorf("cosign %s: exit code %d\n%s", strings.Join(args, " "), got, said)
	}
	return string(said)
}

// step runs one step of app-ci.
func (r *releases) step(args ...string) result {
	r.t.Helper()
	j := push(r.github, "")
	j.env = []string{
		"REGISTRY=" + r.registry, "BASE=local", "SIGNING_KEY=" + filepath.Join(r.keys, "cosign.key"), "COSIGN_PASSWORD=",
		"GRYPE_DB_CACHE_DIR=" + filepath.Join(r.keys, "vulnerabilities"), "GRYPE_DB_AUTO_UPDATE=false",
	}
	return r.run(j, append([]string{"hack/ci/images.sh"}, args...)...)
}

type built struct{ Service, Variant, Tag, Digest string }

func (r *releases) missing() []built {
	r.t.Helper()
	got := r.step("list")
	r.want(got, 0)
	var found []built
	if err := json.Unmarshal([]byte(strings.TrimPrefix(got.output, "images=")), &found); err != nil {
		r.t.Fatalf("%v: %s", err, got.output)
	}
	return found
}

func TestAnImageGoesFromASourceToDev(t *testing.T) {
	r := openReleases(t)
	wanted := r.missing()
	if len(wanted) != 2 || wanted[0].Variant != "cpu" || wanted[1].Variant != "gpu" {
		t.Fatalf("%+v", wanted)
	}
	for _, each := range wanted {
		r.want(r.step("release", each.Service, each.Variant), 0, "released: "+r.registry+"/tiny:"+each.Tag+"@sha256:")
	}
	r.signed()

	// Again, after a run that was cut off: the tag is there and stays what it was.
	first := r.digest("tiny-cpu")
	r.want(r.step("release", "tiny", "cpu"), 0, "is there already")
	if again := r.digest("tiny-cpu"); again != first {
		t.Errorf("the digest was %s and is %s", first, again)
	}

	r.want(r.step("propose"), 0, "proposed: https://github.example.com/"+slug+"/pull/100")
	if changed := r.git("diff", "--name-only", "main", "images/dev"); changed != inTiny {
		t.Errorf("the pull request changes %s", changed)
	}
	text := r.git("show", "images/dev:"+inTiny)
	for _, line := range []string{
		"  # What runs.\n  - name: tiny\n    newTag: " + wanted[0].Tag + "\n    digest: " + first + "\n",
		"    newName: tiny\n    newTag: " + wanted[1].Tag + " # with CUDA\n    digest: " + r.digest("tiny-gpu"),
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the overlay has no\n%s\nit is\n%s", line, text)
		}
	}
	if p := r.github.pulls[0]; !strings.Contains(p.Body, first) || p.Base != "main" {
		t.Errorf("%+v", p)
	}

	// A second proposal goes to the same pull request, and dev runs all of it when that is merged.
	r.git("checkout", "--quiet", "--", "apps")
	r.want(r.step("propose"), 0, "pull/100")
	r.git("checkout", "--quiet", "--", "apps")
	r.git("merge", "--quiet", "images/dev")
	if left := r.missing(); len(left) != 0 || len(r.github.pulls) != 1 {
		t.Errorf("%+v, %d pull requests", left, len(r.github.pulls))
	}
	r.write("services/tiny/tests/test_tiny.py", "# another test\n")
	r.commit("a test")
	if left := r.missing(); len(left) != 0 {
		t.Errorf("a change of a test asks for %+v", left)
	}
	r.write("services/tiny/requirements.txt", "# a dependency\n")
	r.commit("a dependency")
	if left := r.missing(); len(left) != 2 || left[0].Tag == wanted[0].Tag {
		t.Errorf("a change of a dependency asks for %+v", left)
	}
}

func (r *releases) digest(stem string) string {
	r.t.Helper()
	var one built
	if err := json.Unmarshal([]byte(r.read("out/ci/images/"+stem+".image.json")), &one); err != nil {
		r.t.Fatal(err)
	}
	return one.Digest
}

// signed checks what was said of the images, and that it cannot be said of any other.
func (r *releases) signed() {
	r.t.Helper()
	offline := []string{"--insecure-ignore-tlog=true", "--allow-insecure-registry", "--allow-http-registry"}
	ours := append([]string{"--key", "cosign.pub"}, offline...)
	cpu, gpu := r.registry+"/tiny@"+r.digest("tiny-cpu"), r.registry+"/tiny@"+r.digest("tiny-gpu")
	for _, reference := range []string{cpu, gpu} {
		r.cosign(0, append([]string{"verify", reference}, ours...)...)
		r.cosign(0, append([]string{"verify-attestation", "--type", "cyclonedx", reference}, ours...)...)
		r.cosign(0, append([]string{"verify-attestation", "--type", "slsaprovenance1", reference}, ours...)...)
	}
	var provenance struct {
		BuildDefinition struct {
			ExternalParameters struct {
				Workflow struct{ Path, Ref, Repository string }
			}
			ResolvedDependencies []struct {
				URI    string
				Digest map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(r.read("out/ci/images/tiny-cpu.provenance.json")), &provenance); err != nil {
		r.t.Fatal(err)
	}
	made := provenance.BuildDefinition
	if made.ExternalParameters.Workflow.Path != ".github/workflows/app-ci.yml" || len(made.ResolvedDependencies) != 2 ||
		made.ResolvedDependencies[0].Digest["gitCommit"] != r.git("rev-parse", "HEAD") {
		r.t.Errorf("the provenance is %+v", made)
	}
	if sbom := r.read("out/ci/images/tiny-cpu.cdx.json"); !strings.Contains(sbom, "pkg:deb/debian/python3") {
		r.t.Error("the bill of materials has no python3")
	}

	// Another key, and an image that nobody signed: one that differs in a label.
	other := r.t.TempDir()
	generate := exec.Command(filepath.Join(r.folder, ".tools/bin/cosign"), "generate-key-pair")
	generate.Dir, generate.Env = other, append(os.Environ(), "COSIGN_PASSWORD=")
	if said, err := generate.CombinedOutput(); err != nil {
		r.t.Fatalf("%v\n%s", err, said)
	}
	r.cosign(1, append([]string{"verify", cpu, "--key", filepath.Join(other, "cosign.pub")}, offline...)...)
	r.cosign(1, append([]string{"verify", r.changed(cpu)}, ours...)...)
}

// changed pushes an image that differs a little from another one, and returns its reference.
func (r *releases) changed(reference string) string {
	r.t.Helper()
	parsed, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		r.t.Fatal(err)
	}
	pulled, err := remote.Image(parsed)
	if err != nil {
		r.t.Fatal(err)
	}
	config, err := pulled.ConfigFile()
	if err != nil {
		r.t.Fatal(err)
	}
	config.Author = "somebody else"
	other, err := mutate.ConfigFile(pulled, config)
	if err != nil {
		r.t.Fatal(err)
	}
	digest, err := other.Digest()
	if err != nil {
		r.t.Fatal(err)
	}
	pushed := parsed.Context().Digest(digest.String())
	if err := remote.Write(pushed, other); err != nil {
		r.t.Fatal(err)
	}
	return pushed.String()
}

func TestAnImageWithAHoleThatHasAFixIsNotReleased(t *testing.T) {
	r := openReleases(t)
	tag := r.missing()[0].Tag
	for _, test := range []struct {
		before, severity string
		code             int
		says             string
	}{
		{"2.0", "high", 1, "is not released: the fix of a vulnerability of severity high or above is missing"},
		{"2.0", "medium", 0, "released: "},
	} {
		r.known(test.before, test.severity)
		r.want(r.step("release", "tiny", "cpu"), test.code, "tinylib", test.says)
		if there := r.pushed(tag); there != (test.code == 0) {
			t.Errorf("%s: in the registry: %v", test.severity, there)
		}
	}
}

func TestAnImageOfWhichNothingIsKnownIsNotReleased(t *testing.T) {
	r := openReleases(t)
	if err := os.RemoveAll(filepath.Join(r.keys, "vulnerabilities")); err != nil {
		t.Fatal(err)
	}
	r.want(r.step("release", "tiny", "cpu"), 2, "whether", "is not known, and it is not released")
	if r.pushed(r.missing()[0].Tag) {
		t.Error("it is in the registry")
	}
	r.want(r.step("release", "tiny", "tpu"), 1, "no image tiny tpu; there are: tiny cpu, tiny gpu")
}

// pushed tells whether the registry has the tag.
func (r *releases) pushed(tag string) bool {
	r.t.Helper()
	parsed, err := name.ParseReference(r.registry+"/tiny:"+tag, name.Insecure)
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = remote.Head(parsed)
	return err == nil
}
