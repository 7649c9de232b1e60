package source

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chart"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// localDependencies does what Argo CD's `helm dependency build` can do without
// a network. It runs only when a declared dependency is not in charts/, and then
// every file:// dependency is taken from its folder. The dependencies that are
// still missing are returned.
func (rel *release) localDependencies(c *chart.Chart) ([]*chart.Dependency, error) {
	missing := missingDependencies(c)
	if len(missing) == 0 {
		return nil, nil
	}
	if err := rel.checkLock(c); err != nil {
		return nil, err
	}
	deps := slices.Clone(c.Dependencies())
	for _, d := range c.Metadata.Dependencies {
		if d == nil || !strings.HasPrefix(d.Repository, "file://") {
			continue
		}
		local, err := rel.localDependency(c, d)
		if err != nil {
			return nil, err
		}
		deps = slices.DeleteFunc(deps, func(have *chart.Chart) bool { return have.Name() == d.Name })
		deps = append(deps, local)
	}
	c.SetDependencies(deps...)
	sortDependencies(c)
	return missingDependencies(c), nil
}

func missingDependencies(c *chart.Chart) []*chart.Dependency {
	var out []*chart.Dependency
	for _, want := range c.Metadata.Dependencies {
		have := func(d *chart.Chart) bool { return d.Name() == want.Name }
		if want != nil && !slices.ContainsFunc(c.Dependencies(), have) {
			out = append(out, want)
		}
	}
	return out
}

// localDependency loads a file:// dependency and checks its version.
func (rel *release) localDependency(c *chart.Chart, d *chart.Dependency) (*chart.Chart, error) {
	where := fmt.Sprintf("%s: dependency %s", rel.places.chartFile(), d.Name)
	p := strings.TrimPrefix(d.Repository, "file://")
	dir := path.Join(rel.dir, p)
	if path.IsAbs(p) || outside(dir) {
		return nil, fmt.Errorf("%s: %s %w", where, d.Repository, tree.ErrOutside)
	}
	if !rel.View.IsDir(rooted(dir)) {
		return nil, fmt.Errorf("%s: %s: no folder %s", where, d.Repository, dir)
	}
	local, err := loadChart(rel.View, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if local.Name() != d.Name {
		return nil, fmt.Errorf("%s: the chart in %s is called %s", where, dir, local.Name())
	}
	want := d.Version
	if locked := lockedVersion(c.Lock, d.Name); locked != "" {
		want = locked
	}
	constraint, err := semver.NewConstraint(want)
	if err != nil {
		return nil, fmt.Errorf("%s: version %q: %w", where, want, err)
	}
	version, err := semver.NewVersion(local.Metadata.Version)
	if err != nil {
		return nil, fmt.Errorf("%s/Chart.yaml: version %q: %w", dir, local.Metadata.Version, err)
	}
	if !constraint.Check(version) {
		return nil, fmt.Errorf("%s: wants version %s, %s has %s", where, want, dir, version)
	}
	rel.places.local[d.Name] = dir
	return local, nil
}

func lockedVersion(lock *chart.Lock, name string) string {
	if lock == nil {
		return ""
	}
	for _, d := range lock.Dependencies {
		if d.Name == name {
			return d.Version
		}
	}
	return ""
}

// checkLock refuses a Chart.lock that does not belong to Chart.yaml, as `helm
// dependency build` does. The digest is of both lists as JSON.
func (rel *release) checkLock(c *chart.Chart) error {
	if c.Lock == nil || c.Metadata.APIVersion == chart.APIVersionV1 {
		return nil // v1 charts have a second, older digest
	}
	data, err := json.Marshal([2][]*chart.Dependency{c.Metadata.Dependencies, c.Lock.Dependencies})
	if err != nil {
		return fmt.Errorf("%s/Chart.lock: %w", rel.dir, err)
	}
	if sum := fmt.Sprintf("sha256:%x", sha256.Sum256(data)); sum != c.Lock.Digest {
		return fault(path.Join(rel.dir, "Chart.lock"), 0,
			"out of date with the dependencies of Chart.yaml; run helm dependency update")
	}
	return nil
}

// checkMissing is for dependencies that are not in the repository. One that the
// values disable adds nothing to the output; any other leaves the chart not
// rendered.
func (rel *release) checkMissing(c *chart.Chart, missing []*chart.Dependency) error {
	var names []string
	for _, d := range missing {
		// The survivors of ProcessDependenciesWithMerge are the enabled ones.
		if slices.Contains(c.Metadata.Dependencies, d) {
			names = append(names, fmt.Sprintf("%s %s of %s", d.Name, d.Version, d.Repository))
		} else {
			rel.note(rel.places.chartFile(), 0,
				"dependency %s is not in charts/; it is disabled, but Argo CD downloads it for every render", d.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &NotRendered{cluster.Missing{
		Source: "chart " + rel.dir,
		Reason: "charts/ lacks " + strings.Join(names, ", ") + ", which Argo CD downloads",
		Remedy: "run helm dependency build and commit charts/ to have the chart checked",
		Chart:  true,
	}}
}
