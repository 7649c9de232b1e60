package images

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// database is the pod of PostgreSQL: its volumes and its settings.
type database struct {
	image
	data          string
	volumes, sets []string
}

func newDatabase(t *testing.T) database {
	t.Helper()
	d := database{image: open(t, "postgres")}
	d.data = d.volume(t)
	secret := d.volume(t)
	if err := os.WriteFile(filepath.Join(secret, "password"), []byte("first-password"), 0o644); err != nil { //nolint:gosec // as a mounted secret
		t.Fatal(err)
	}
	d.volumes = []string{
		d.data + ":/var/lib/postgresql/data", d.volume(t) + ":/run/postgresql", d.volume(t) + ":/tmp", secret + ":/mnt",
	}
	d.sets = []string{
		"PGDATA=/var/lib/postgresql/data/pgdata", "POSTGRES_USER=postgres", "POSTGRES_PASSWORD_FILE=/mnt/password",
	}
	return d
}

// start runs the entrypoint, then a script once the server answers, then stops the server as a kubelet does.
func (d database) start(t *testing.T, script string) (string, int) {
	t.Helper()
	return d.run(t, d.volumes, d.sets, "sh", "-euc", `
		postgres-entrypoint -p 15432 >/tmp/log 2>&1 & server=$!
		until pg_isready --quiet --host=127.0.0.1 --port=15432; do
			kill -0 $server 2>/dev/null || { cat /tmp/log; wait $server; }
			sleep 0.1
		done
		ask() { PGPASSWORD=$1 psql --host=127.0.0.1 --port=15432 --username=postgres --tuples-only --no-align --command="$2"; }
		`+script+`
		kill -INT $server; wait $server`)
}

func TestTheFirstStartMakesADatabaseAndTheNextKeepsIt(t *testing.T) {
	d := newDatabase(t)
	output, code := d.start(t, `
		ask first-password "create table kept as select 'here' as what; show data_checksums; show server_encoding"
		if ask wrong-password "select 1"; then echo let in with a wrong password; fi`)
	if code != 0 || !strings.Contains(output, "on\nUTF8") || strings.Contains(output, "let in") {
		t.Fatalf("exit code %d, want 0, checksums, UTF8, and no entry without the password:\n%s", code, output)
	}
	output, code = d.start(t, `ask first-password "select what from kept"`)
	if code != 0 || !strings.Contains(output, "here\n") {
		t.Errorf("second start: exit code %d, want 0 and what was kept:\n%s", code, output)
	}
}

// A kubelet that gives a volume to the group of a pod opens every folder in it to that group, and PostgreSQL refuses to
// start on such a folder.
func TestAVolumeThatWasOpenedToTheGroupIsClosedAgain(t *testing.T) {
	d := newDatabase(t)
	if output, code := d.start(t, `ask first-password "create table kept as select 'here' as what"`); code != 0 {
		t.Fatalf("first start: exit code %d, want 0:\n%s", code, output)
	}
	if err := os.Chmod(filepath.Join(d.data, "pgdata"), 0o770|os.ModeSetgid); err != nil { //nolint:gosec // as a kubelet does
		t.Fatal(err)
	}
	output, code := d.start(t, `ask first-password "select what from kept"`)
	if code != 0 || !strings.Contains(output, "here\n") {
		t.Errorf("exit code %d, want 0 and what was kept:\n%s", code, output)
	}
}

func TestWhatAnInterruptedFirstStartLeftIsMadeAfresh(t *testing.T) {
	d := newDatabase(t)
	half := filepath.Join(d.data, "pgdata.new", "base")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	for folder := half; folder != d.data; folder = filepath.Dir(folder) {
		if err := os.Chown(folder, 999, 999); err != nil {
			t.Fatal(err)
		}
	}
	if output, code := d.start(t, `ask first-password "select 1"`); code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, output)
	}
	if _, err := os.Stat(filepath.Join(d.data, "pgdata.new")); err == nil {
		t.Error("pgdata.new is still there")
	}
}

func TestAFolderThatIsNoDatabaseIsLeftAlone(t *testing.T) {
	d := newDatabase(t)
	if err := os.MkdirAll(filepath.Join(d.data, "pgdata", "mine"), 0o755); err != nil { //nolint:gosec // another user looks into it
		t.Fatal(err)
	}
	output, code := d.start(t, "")
	if code == 0 || !strings.Contains(output, "is no database") {
		t.Errorf("exit code %d, want a refusal:\n%s", code, output)
	}
	if _, err := os.Stat(filepath.Join(d.data, "pgdata", "mine")); err != nil {
		t.Errorf("what was there is gone: %v", err)
	}
}

func TestNoDatabaseIsMadeWithoutAPassword(t *testing.T) {
	d := newDatabase(t)
	d.sets[2] = "POSTGRES_PASSWORD_FILE=/mnt/absent"
	output, code := d.start(t, "")
	if code == 0 || !strings.Contains(output, "POSTGRES_PASSWORD_FILE must name a file") {
		t.Errorf("exit code %d, want a refusal that names the setting:\n%s", code, output)
	}
	if left, err := os.ReadDir(d.data); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
