package delivery

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// named is a version that a file of the repository names: of what, which. The same may stand in a file several times.
type named struct{ file, name, version string }

// finder finds what one kind of file names, without Renovate.
type finder struct {
	kind string
	// least is how many versions of this kind there are at least: fewer, and the finder does not understand the files.
	least int
	files *regexp.Regexp
	find  func(text string) [][2]string // name, version
}

// matches gives a finder of what a pattern with two groups matches: the name, then the version.
func matches(pattern string) func(string) [][2]string {
	compiled := regexp.MustCompile(pattern)
	return func(text string) [][2]string {
		var found [][2]string
		for _, match := range compiled.FindAllStringSubmatch(text, -1) {
			found = append(found, [2]string{match[1], match[2]})
		}
		return found
	}
}

// called gives a finder of versions of one thing.
func called(name, pattern string) func(string) [][2]string {
	compiled := regexp.MustCompile(pattern)
	return func(text string) [][2]string {
		var found [][2]string
		for _, match := range compiled.FindAllStringSubmatch(text, -1) {
			found = append(found, [2]string{name, match[1]})
		}
		return found
	}
}

const (
	imageName = `((?:[a-z0-9.-]+(?::\d+)?/)*[a-z0-9][a-z0-9._-]*)`
	imageTag  = `(v?\d[\w.-]*)`
)

var finders = []finder{
	{"modules of Go", 500, regexp.MustCompile(`(^|/)go\.mod$`), goVersions},
	{"packages of Python", 500, regexp.MustCompile(`(^|/)requirements[^/]*\.(in|txt)$`),
		matches(`(?m)^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?((?:==|>=|<=|~=|<|>)[^\s;\\]+)`)},
	{"images of manifests", 15, regexp.MustCompile(`^(apps|workflows|clusters|tools)/.*\.ya?ml$`),
		matches(`(?m)\bimage: "?` + imageName + `:` + imageTag)},
	{"tags of overlays", 10, regexp.MustCompile(`(^|/)kustomization\.yaml$`), kustomizeTags},
	{"remote bases", 3, regexp.MustCompile(`(^|/)kustomization\.yaml$`),
		matches(`https://github\.com/([a-z0-9-]+/[a-z0-9-]+)//\S*\?ref=(\S+)`)},
	{"charts", 4, regexp.MustCompile(`^clusters/.*\.yaml$`), matches(`(?s)\bchart: (\S+)\n.*?targetRevision: (\S*\d\S*)`)},
	{"bases of images", 6, regexp.MustCompile(`(^|/)Dockerfile[^/]*$`), bases},
	{"Terraform itself", 15, regexp.MustCompile(`\.tf$`), called("hashicorp/terraform", `required_version = "([^"]+)"`)},
	{"providers of Terraform", 15, regexp.MustCompile(`\.tf$`),
		matches(`(?s)(\w+) = \{\s+source  = "[^"]+"\s+version = "([^"]+)"`)},
	{"actions", 20, regexp.MustCompile(`^\.github/workflows/`), matches(`uses: ([\w-]+/[\w-]+)\S*@[0-9a-f]{40} # (\S+)`)},
	{"runners", 10, regexp.MustCompile(`^\.github/workflows/`), matches(`runs-on: ([a-z]+)-(\S+)`)},
	{"languages of workflows", 4, regexp.MustCompile(`^\.github/workflows/`), matches(`(go|node|python)-version: "?([0-9.]+)`)},
	{"Terraform of workflows", 5, regexp.MustCompile(`^\.github/workflows/`),
		called("hashicorp/terraform", `terraform_version: "?([0-9.]+)`)},
	{"packages of npm", 1, regexp.MustCompile(`(^|/)package\.json$`), npmPackages},
	{"programs of scripts", 2, regexp.MustCompile(`\.sh$`), matches(`\b([a-z][a-z-]+)@(\d+\.\d+[\w.-]*)`)},
	{"images of code", 2, regexp.MustCompile(`^(tools|hack|internal)/.*\.(go|sh)$`),
		matches(`[" ]((?:[a-z0-9.-]+/)+[a-z0-9-]+):(v?\d+\.[\w.-]+)`)},
	{"Kubernetes of EKS", 1, regexp.MustCompile(`^terraform/.*\.(tf|tfvars)$`),
		called("amazon-eks", `(?:default|kubernetes_version|cluster_version)\s+= "(1\.\d+)"`)},
	{"engines of databases", 0, regexp.MustCompile(`^terraform/.*\.(tf|tfvars)$`), called("postgres", `engine_version\s+= "(\d[\d.]*)"`)},
	{"hooks of commits", 0, regexp.MustCompile(`^\.pre-commit-config\.yaml$`), matches(`repo: (https\S+)\n +rev: (\S+)`)},
}

// goVersions reads a go.mod: the language, what is required, and what is put in the place of another.
func goVersions(text string) [][2]string {
	file, err := modfile.Parse("go.mod", []byte(text), nil)
	if err != nil {
		return nil
	}
	var found [][2]string
	if file.Go != nil {
		found = append(found, [2]string{"go", file.Go.Version})
	}
	for _, require := range file.Require {
		found = append(found, [2]string{require.Mod.Path, require.Mod.Version})
	}
	for _, replace := range file.Replace {
		if replace.New.Version != "" {
			found = append(found, [2]string{replace.New.Path, replace.New.Version})
		}
	}
	return found
}

var (
	fromLine = regexp.MustCompile(`(?m)^FROM (?:\$\{(\w+)\}|(\S+))`)
	argLine  = regexp.MustCompile(`(?m)^ARG (\w+)=(\S+)`)
	image    = regexp.MustCompile(`^` + imageName + `:` + imageTag + `$`)
)

// bases reads a Dockerfile: every FROM, with what its argument is by default.
func bases(text string) [][2]string {
	defaults := map[string]string{}
	for _, match := range argLine.FindAllStringSubmatch(text, -1) {
		defaults[match[1]] = match[2]
	}
	var found [][2]string
	for _, match := range fromLine.FindAllStringSubmatch(text, -1) {
		if named := image.FindStringSubmatch(cmp.Or(defaults[match[1]], match[2])); named != nil {
			found = append(found, [2]string{named[1], named[2]})
		}
	}
	return found
}

func npmPackages(text string) [][2]string {
	var read struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return nil
	}
	var found [][2]string
	for _, packages := range []map[string]string{read.Dependencies, read.DevDependencies} {
		for name, version := range packages {
			found = append(found, [2]string{name, version})
		}
	}
	return found
}

// kustomizeTags reads `images` of a kustomization; an image with another name is found under that.
func kustomizeTags(text string) [][2]string {
	var found [][2]string
	name := ""
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), ": ")
		switch key {
		case "name", "newName":
			name = value
		case "newTag":
			found = append(found, [2]string{name, value})
		}
	}
	return found
}

// notOurs is what nobody updates here: test data.
var notOurs = regexp.MustCompile(`(^|/)testdata/|\.txtar$|_test\.go$`)

// versionsOf finds every version that the repository names.
func versionsOf(t *testing.T) map[named]int {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[named]int{}
	counts := map[string]int{}
	for _, file := range strings.Split(strings.TrimRight(string(names), "\x00"), "\x00") {
		if notOurs.MatchString(file) {
			continue
		}
		var text []byte
		for _, f := range finders {
			if !f.files.MatchString(file) {
				continue
			}
			if text == nil {
				if text, err = os.ReadFile(filepath.Join(root, file)); err != nil {
					break // removed, and not yet told to Git
				}
			}
			for _, pair := range f.find(string(text)) {
				found[named{file, pair[0], pair[1]}]++
				counts[f.kind]++
			}
		}
	}
	for _, f := range finders {
		if counts[f.kind] < f.least {
			t.Errorf("%s: %d versions found, there are at least %d: the finder does not understand the files",
				f.kind, counts[f.kind], f.least)
		}
	}
	return found
}
