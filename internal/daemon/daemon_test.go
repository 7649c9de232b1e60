package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAServerOutlivesItsStarterAndEndsWithItsChildren(t *testing.T) {
	set := In(t.TempDir())
	started, err := set.Start(Spec{
		Name: "server", URL: "http://127.0.0.1:1", Args: []string{"sh", "-c", "sleep 600 & echo child $!; wait"},
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child is started", func() bool { return len(Tail(started.Log, 1)) == 1 })

	records, err := set.Records()
	if err != nil || len(records) != 1 || records[0] != started {
		t.Fatalf("records = %v, %v; want the one started: %v", records, err, started)
	}
	running, err := set.Stop(t.Context(), records[0], 5*time.Second)
	if err != nil || !running {
		t.Fatalf("Stop = %v, %v; want true, nil", running, err)
	}
	child := strings.TrimPrefix(Tail(started.Log, 1)[0], "child ")
	eventually(t, "the child has ended", func() bool { return ended(child) })
	if records, _ := set.Records(); len(records) != 0 {
		t.Errorf("records after Stop = %v; want none", records)
	}
}

func TestAServerThatIgnoresTheRequestIsKilledAfterTheGracePeriod(t *testing.T) {
	set := In(t.TempDir())
	record, err := set.Start(Spec{
		Name: "stubborn", Args: []string{"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 600; done"},
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the trap is set", func() bool { return len(Tail(record.Log, 1)) == 1 })
	if running, err := set.Stop(t.Context(), record, 100*time.Millisecond); err != nil || !running {
		t.Fatalf("Stop = %v, %v; want true, nil", running, err)
	}
	if Alive(record) {
		t.Error("it still runs")
	}
}

func TestAnotherProcessWithTheSamePIDIsLeftAlone(t *testing.T) {
	other := exec.Command("sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	set := In(t.TempDir())
	stale := Record{Name: "stale", PID: other.Process.Pid, Started: "1"}
	if err := set.write(stale); err != nil {
		t.Fatal(err)
	}
	if running, err := set.Stop(t.Context(), stale, time.Second); err != nil || running {
		t.Fatalf("Stop = %v, %v; want false, nil", running, err)
	}
	if _, err := startTime(other.Process.Pid); err != nil {
		t.Error("the other process was ended")
	}
}

func TestAProgramThatIsNotThereIsNamed(t *testing.T) {
	_, err := In(t.TempDir()).Start(Spec{Name: "mlflow", Args: []string{"/nowhere/mlflow"}})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/mlflow") {
		t.Errorf("err = %v; want one that names the program", err)
	}
}

func TestABrokenRecordIsNamed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mlflow.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := In(dir).Records(); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("err = %v; want one that names %s", err, file)
	}
}

func ended(pid string) bool {
	data, err := os.ReadFile("/proc/" + pid + "/stat")
	return err != nil || strings.Contains(string(data), ") Z ")
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
