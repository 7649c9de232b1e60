package push

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/platform/argocd"
)

// recording is what the Applications of a real cluster were from a push on, as Argo CD 3.5.7 wrote them.
type recording struct {
	revision string
	pushed   time.Time
	moments  []moment
}

type moment struct {
	at  time.Time
	all []argocd.Application
}

func load(t *testing.T, name string) recording {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	var r recording
	for lines.Scan() {
		var line struct {
			Revision     string
			Pushed       time.Time
			At           float64
			Applications []map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Revision != "" {
			r.revision, r.pushed = line.Revision, line.Pushed
			continue
		}
		m := moment{at: r.pushed.Add(time.Duration(line.At * float64(time.Second)))}
		for _, object := range line.Applications {
			a, err := argocd.Parse(unstructured.Unstructured{Object: object})
			if err != nil {
				t.Fatal(err)
			}
			m.all = append(m.all, a)
		}
		r.moments = append(r.moments, m)
	}
	if lines.Err() != nil || len(r.moments) < 3 {
		t.Fatalf("%d moments, %v", len(r.moments), lines.Err())
	}
	return r
}

// play shows the recording to a follower, asked every half second as the real one is, until it is done or fails, or
// until a minute after the end.
func play(t *testing.T, r recording) (*Follower, error) {
	t.Helper()
	f := Follow(r.moments[0].all, r.revision, r.pushed)
	at, next := r.moments[0], 1
	for now := r.pushed; now.Before(r.moments[len(r.moments)-1].at.Add(time.Minute)); now = now.Add(time.Second / 2) {
		for next < len(r.moments) && !r.moments[next].at.After(now) {
			at, next = r.moments[next], next+1
		}
		f.See(at.all, now)
		if fault := f.Fault(); fault != nil || len(f.Missing()) == 0 {
			return f, fault
		}
	}
	return f, nil
}

func live(t *testing.T, name string) *Follower {
	t.Helper()
	f, fault := play(t, load(t, name))
	if fault != nil || len(f.Missing()) > 0 || f.Took() == 0 {
		t.Fatalf("not live: fault %v, missing %q", fault, f.Missing())
	}
	return f
}

func faulty(t *testing.T, name string) (*Follower, string) {
	t.Helper()
	f, fault := play(t, load(t, name))
	if fault == nil {
		t.Fatalf("no fault was told; missing %q", f.Missing())
	}
	return f, fault.Error()
}

func expect(t *testing.T, f *Follower, want ...string) {
	t.Helper()
	got := strings.Join(f.Tree(), "\n")
	for _, line := range want {
		if !strings.Contains(got, line) {
			t.Errorf("tree:\n%s\nwant %q in it", got, line)
		}
	}
}

func TestCreatedAndChangedObjectsAreToldApart(t *testing.T) {
	t.Parallel()
	f := live(t, "created")
	expect(t, f, "✓ demo", "live after ", "├─ ~ changed  ConfigMap training/one", "└─ + created  ConfigMap training/two",
		"✓ 2 applications: nothing to change")
}

func TestPrunedObjectsAreShown(t *testing.T) {
	t.Parallel()
	f := live(t, "pruned")
	expect(t, f, "├─ ~ changed  ConfigMap training/one", "└─ - pruned   ConfigMap training/two")
}

// The sync of the commit before fails and is tried again; the next try takes this commit, under the same start time.
func TestACommitThatMendsAFailingSyncIsFollowed(t *testing.T) {
	t.Parallel()
	f := live(t, "mended")
	expect(t, f, "✓ demo", "+ created  Service training/right")
}

func TestAnObjectThatTheAPIServerRefusesIsNamedWithTheReason(t *testing.T) {
	t.Parallel()
	f, fault := faulty(t, "syncfailed")
	if want := `demo: Service training/wrong: Service "wrong" is invalid: [spec.ports[0].port: Invalid value: 70000`; !strings.Contains(fault, want) {
		t.Errorf("fault %q; want %q", fault, want)
	}
	expect(t, f, "… demo", "✗ failed   Service training/wrong: ", "~ changed  Deployment training/demo")
}

// Argo CD says Synced 17 s later, and is wrong.
func TestARefusalInAComparisonIsNotForgotten(t *testing.T) {
	t.Parallel()
	f, fault := faulty(t, "refused")
	if !strings.Contains(fault, "demo: ComparisonError: Failed to compare desired state to live state") ||
		!strings.Contains(fault, "field is immutable") {
		t.Errorf("fault %q; want the reason of the API server", fault)
	}
	expect(t, f, "… demo")
}

func TestADeploymentThatDoesNotBecomeHealthyIsAFault(t *testing.T) {
	t.Parallel()
	f, fault := faulty(t, "degraded")
	if !strings.Contains(fault, "demo is synced, and degraded") {
		t.Errorf("fault %q; want demo degraded", fault)
	}
	expect(t, f, "~ changed  Deployment training/demo")
}

func TestAnotherPushIsTold(t *testing.T) {
	t.Parallel()
	r := load(t, "created")
	r.revision = strings.Repeat("a", 40)
	f, fault := play(t, r)
	if fault == nil || !strings.Contains(fault.Error(), "another commit was pushed after this one: 097484f6") {
		t.Errorf("fault %v; want another commit; tree:\n%s", fault, strings.Join(f.Tree(), "\n"))
	}
}

func TestACommitThatWasThereAlreadyIsLiveAtOnceAndChangesNothing(t *testing.T) {
	t.Parallel()
	r := load(t, "created")
	r.moments = r.moments[len(r.moments)-1:]
	f := Follow(r.moments[0].all, r.revision, r.pushed)
	f.See(r.moments[0].all, r.pushed)
	if fault := f.Fault(); fault != nil || len(f.Missing()) > 0 {
		t.Errorf("fault %v, missing %q; want none", fault, f.Missing())
	}
	if got := strings.Join(f.Tree(), "\n"); got != "✓ 3 applications: nothing to change" {
		t.Errorf("tree:\n%s", got)
	}
}

func TestAnErrorFromBeforeThePushMayPass(t *testing.T) {
	t.Parallel()
	r := load(t, "created")
	broken := argocd.Condition{Type: "ComparisonError", Message: "no such field"}
	for i := range r.moments {
		if r.moments[i].at.Sub(r.pushed) < time.Second {
			for j := range r.moments[i].all {
				r.moments[i].all[j].Status.Conditions = []argocd.Condition{broken}
			}
		}
	}
	if f, fault := play(t, r); fault != nil {
		t.Errorf("fault %v, tree:\n%s", fault, strings.Join(f.Tree(), "\n"))
	}
}

func TestWhatWasUnhealthyAndIsNotChangedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := load(t, "created")
	for i := range r.moments {
		for j, a := range r.moments[i].all {
			if a.Name() == "admission" {
				r.moments[i].all[j].Status.Health.Status = "Degraded"
			}
		}
	}
	f, fault := play(t, r)
	if fault != nil || len(f.Missing()) > 0 {
		t.Errorf("fault %v, missing %q; want none", fault, f.Missing())
	}
	expect(t, f, "✓ demo")
}
