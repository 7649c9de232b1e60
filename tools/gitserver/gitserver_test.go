package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"example.com/mlops-platform/tools/gitserver/gittest"
)

func TestMain(m *testing.M) { os.Exit(gittest.Main(m)) }

// noise is a file that git cannot make smaller.
func noise(t *testing.T, size int) string {
	t.Helper()
	data := make([]byte, size)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWhatIsPushedCanBeClonedByEverybody(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("github.com/owner/name.git"), "main")
	clone := filepath.Join(t.TempDir(), "clone")
	gittest.Git(t, work, "clone", "-q", s.Address("github.com/owner/name.git"), clone)
	if got, want := gittest.Git(t, clone, "log", "--format=%H %D"), gittest.Git(t, work, "rev-parse", "HEAD"); got !=
		want+" HEAD -> main, origin/main, origin/HEAD" {
		t.Errorf("the clone has %q; want %s as main", got, want)
	}
}

// Kustomize asks so for a remote base.
func TestARepositoryAnswersToItsNameWithoutGit(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("owner/name.git"), "main:refs/tags/v1")
	gittest.Git(t, work, "push", "-q", s.Remote("owner/name"), "main")
	gittest.Git(t, t.TempDir(), "clone", "-q", "--branch", "v1", s.Address("owner/name"), "clone")
	if _, err := os.Stat(filepath.Join(s.Dir, "owner", "name")); !os.IsNotExist(err) {
		t.Errorf("it became a repository of its own: %v", err)
	}
}

// Git sends a body of more than 1 MiB in chunks, without saying its length first.
func TestALargePushArrivesWhole(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	gittest.Commit(t, work, "large", noise(t, 5<<20))
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	clone := filepath.Join(t.TempDir(), "clone")
	gittest.Git(t, work, "clone", "-q", s.Address("a.git"), clone)
	gittest.Git(t, clone, "fsck", "--strict")
	if got, want := gittest.Git(t, clone, "rev-parse", "HEAD"), gittest.Git(t, work, "rev-parse", "HEAD"); got != want {
		t.Errorf("the clone is at %s; want %s", got, want)
	}
}

func TestPushingNeedsTheToken(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	for name, address := range map[string]string{
		"none":  s.Address("new.git"),
		"wrong": strings.Replace(s.Remote("new.git"), gittest.Token, strings.Repeat("f", len(gittest.Token)), 1),
		"part":  strings.Replace(s.Remote("new.git"), gittest.Token, gittest.Token[:31], 1),
		"empty": strings.Replace(s.Remote("new.git"), gittest.Token, "", 1),
	} {
		if out, err := gittest.Try(t, work, "push", address, "main"); err == nil {
			t.Errorf("a push with token %s went through:\n%s", name, out)
		}
	}
	// Not only at the greeting, also where the objects go.
	response, err := http.Post(s.Address("new.git/git-receive-pack"), "application/x-git-receive-pack-request",
		strings.NewReader("0000"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("receive-pack without a token answers %s; want 401", response.Status)
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "new.git")); !os.IsNotExist(err) {
		t.Errorf("a refused push left a repository: %v", err)
	}
	if strings.Contains(s.Log(), gittest.Token[:31]) {
		t.Error("the log has the token")
	}
}

func TestANewTokenCountsAtOnce(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	fresh := strings.Repeat("e", 64)
	if err := os.WriteFile(s.TokenFile, []byte(fresh), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := gittest.Try(t, work, "push", s.Remote("a.git"), "main"); err == nil {
		t.Errorf("the old token still opens:\n%s", out)
	}
	gittest.Git(t, work, "push", "-q", strings.Replace(s.Remote("a.git"), gittest.Token, fresh, 1), "main")
}

func TestWithoutATokenWorthTheNameNothingIsServed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	token := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(token, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := gittest.Begin(t, dir, "--token-file", token)
	gittest.Until(t, "it says why", func() bool { return strings.Contains(s.Log(), "at least 32 characters, this has 5") })
	if code := s.Stop(t); code != 1 {
		t.Errorf("exit code %d; want 1", code)
	}
}

// Argo CD fetches so.
func TestACommitIsFetchedByItsHashAlone(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	old := gittest.Git(t, work, "rev-parse", "HEAD")
	gittest.Commit(t, work, "README.md", "two")
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	other := t.TempDir()
	gittest.Git(t, other, "init", "-q", ".")
	gittest.Git(t, other, "remote", "add", "origin", s.Address("a.git"))
	gittest.Git(t, other, "fetch", "-q", "origin", old, "--depth", "1", "--force", "--prune")
	gittest.Git(t, other, "checkout", "-q", "--force", old)
	if got := gittest.Git(t, other, "log", "--format=%H"); got != old {
		t.Errorf("fetched %q; want %s alone", got, old)
	}
	if out, err := gittest.Try(t, other, "fetch", "origin", strings.Repeat("a", 40)); err == nil {
		t.Errorf("a commit that is not there was fetched:\n%s", out)
	}
}

func TestAFetchSeesAWholeRepositoryWhilePushesRun(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 10 {
			gittest.Commit(t, work, "file", noise(t, 200<<10))
			if out, err := gittest.Try(t, work, "push", "-q", s.Remote("a.git"), "main"); err != nil {
				t.Errorf("push %d: %v\n%s", i, err, out)
			}
		}
	}()
	clones := 0
	for pushing := true; pushing; clones++ {
		select {
		case <-done:
			pushing = false
		default:
		}
		clone := filepath.Join(t.TempDir(), "clone")
		gittest.Git(t, s.Dir, "clone", "-q", s.Address("a.git"), clone)
		gittest.Git(t, clone, "fsck", "--strict")
	}
	if clones < 2 {
		t.Errorf("only %d clones while pushes ran", clones)
	}
}

func TestOfTwoPushesAtOnceOneWinsAndTheOtherIsTold(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	base := gittest.WorkingCopy(t)
	gittest.Git(t, base, "push", "-q", s.Remote("a.git"), "main")
	const rivals = 4
	var said [rivals]string
	var failed [rivals]error
	var heads [rivals]string
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range rivals {
		clone := filepath.Join(t.TempDir(), "clone")
		gittest.Git(t, base, "clone", "-q", s.Address("a.git"), clone)
		heads[i] = gittest.Commit(t, clone, fmt.Sprintf("file-%d", i), noise(t, 100<<10))
		all.Go(func() {
			<-start
			said[i], failed[i] = gittest.Try(t, clone, "push", s.Remote("a.git"), "main")
		})
	}
	close(start)
	all.Wait()
	won := gittest.Git(t, base, "ls-remote", s.Address("a.git"), "refs/heads/main")
	winners := 0
	for i := range rivals {
		if failed[i] == nil {
			winners++
			if !strings.HasPrefix(won, heads[i]) {
				t.Errorf("push %d was told that it won, and main is %s", i, won)
			}
		} else if !strings.Contains(said[i], "[rejected]") && !strings.Contains(said[i], "[remote rejected]") {
			t.Errorf("a push that lost was told:\n%s", said[i])
		}
	}
	if winners != 1 {
		t.Errorf("%d pushes won; want 1", winners)
	}
}

func TestAForcePushLosesNothing(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	lost := gittest.Commit(t, work, "file", "precious")
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	gittest.Git(t, work, "reset", "-q", "--hard", "HEAD^")
	gittest.Commit(t, work, "file", "other")
	if out, err := gittest.Try(t, work, "push", s.Remote("a.git"), "main"); err == nil || !strings.Contains(out, "[rejected]") {
		t.Errorf("a push that takes commits out went through without force:\n%s", out)
	}
	gittest.Git(t, work, "push", "-q", "--force", s.Remote("a.git"), "main")
	bare := filepath.Join(s.Dir, "a.git")
	if log := gittest.Git(t, bare, "reflog", "show", "--format=%H %gn", "refs/heads/main"); !strings.Contains(log, lost+" tester") {
		t.Errorf("reflog:\n%s\nwant %s pushed by tester", log, lost)
	}
	gittest.Git(t, bare, "-c", "gc.reflogExpireUnreachable=never", "gc", "-q", "--prune=now")
	if got := gittest.Git(t, bare, "show", lost+":file"); got != "precious" {
		t.Errorf("the file in the lost commit is %q", got)
	}
}

func TestMainCannotBeDeleted(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main", "main:topic")
	if out, err := gittest.Try(t, work, "push", s.Remote("a.git"), "--delete", "main"); err == nil {
		t.Errorf("main was deleted:\n%s", out)
	}
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "--delete", "topic")
}

func TestAShallowCloneCanBePushed(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	full := gittest.WorkingCopy(t)
	gittest.Commit(t, full, "README.md", "two")
	shallow := filepath.Join(t.TempDir(), "shallow")
	gittest.Git(t, full, "clone", "-q", "--depth", "1", "file://"+full, shallow)
	gittest.Git(t, shallow, "push", "-q", s.Remote("a.git"), "main")
	tip := gittest.Commit(t, shallow, "README.md", "three")
	gittest.Git(t, shallow, "push", "-q", s.Remote("a.git"), "main")
	clone := filepath.Join(t.TempDir(), "clone")
	gittest.Git(t, full, "clone", "-q", s.Address("a.git"), clone)
	if got := gittest.Git(t, clone, "rev-parse", "HEAD"); got != tip {
		t.Errorf("the clone is at %s; want %s", got, tip)
	}
	// Somebody with the whole history goes on.
	gittest.Git(t, full, "pull", "-q", "--ff-only", s.Address("a.git"), "main")
	gittest.Commit(t, full, "README.md", "four")
	gittest.Git(t, full, "push", "-q", s.Remote("a.git"), "main")
	gittest.Git(t, filepath.Join(s.Dir, "a.git"), "fsck", "--strict")
}

func TestOnlyRepositoriesAreServed(t *testing.T) {
	t.Parallel()
	above := t.TempDir()
	dir := filepath.Join(above, "served")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := gittest.Start(t, dir)
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	gittest.Git(t, above, "clone", "-q", "--bare", work, "outside.git")
	for _, path := range []string{
		"/", "/a.git", "/a.git/", "/info/refs?service=git-upload-pack", "/a.git/HEAD", "/a.git/config", "/a.git/objects/info/packs", "/a.git/info/refs",
		"/a.git/info/refs?service=git-upload-archive", "/.lock", "/missing.git/info/refs?service=git-upload-pack",
		"/../outside.git/info/refs?service=git-upload-pack",
		"/%2e%2e/outside.git/info/refs?service=git-upload-pack",
		"/x/../../outside.git/info/refs?service=git-upload-pack",
		"/..%2foutside.git/info/refs?service=git-upload-pack",
		"/a.git/../../outside.git/info/refs?service=git-upload-pack",
		"//etc.git/info/refs?service=git-upload-pack",
		"/a.git/b.git/info/refs?service=git-upload-pack",
		"/.new-1.git/info/refs?service=git-upload-pack",
		"/--upload-pack=x.git/info/refs?service=git-upload-pack",
		"/a%00.git/info/refs?service=git-upload-pack",
		"/1/2/3/4/5/6.git/info/refs?service=git-upload-pack",
		"/" + strings.Repeat("a", 300) + ".git/info/refs?service=git-upload-pack",
	} {
		if status := raw(t, s, path); status != 404 {
			t.Errorf("GET %s answers %d; want 404", path, status)
		}
	}
	if status := raw(t, s, "/a.git/info/refs?service=git-upload-pack"); status != 200 {
		t.Errorf("GET of the repository itself answers %d; want 200", status)
	}
}

// raw sends a path as it stands, which Go's client would clean.
func raw(t *testing.T, s *gittest.Server, path string) int {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path)
	answer, err := io.ReadAll(connection)
	if err != nil {
		t.Fatal(err)
	}
	status := 0
	_, _ = fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status) // 0 is no status that is wanted
	return status
}

func TestAPushThatIsTooLargeChangesNothing(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir(), "--max-request", "2097152")
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	before := gittest.Git(t, work, "ls-remote", s.Address("a.git"))
	gittest.Commit(t, work, "large", noise(t, 4<<20))
	if out, err := gittest.Try(t, work, "push", s.Remote("a.git"), "main"); err == nil {
		t.Errorf("it went through:\n%s", out)
	}
	if after := gittest.Git(t, work, "ls-remote", s.Address("a.git")); after != before {
		t.Errorf("references were\n%s\nand are\n%s", before, after)
	}
	gittest.Git(t, filepath.Join(s.Dir, "a.git"), "fsck", "--strict")
}

func TestWhoMayOnlyFetchCannotKeepOutWhoMayPush(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir(), "--max-fetches", "2", "--max-wait", "100ms")
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	for range 2 { // these never send the body that they announce
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		fmt.Fprintf(connection, "POST /a.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"+
			"Content-Type: application/x-git-upload-pack-request\r\n\r\n")
	}
	gittest.Until(t, "fetches are refused", func() bool {
		return raw(t, s, "/a.git/info/refs?service=git-upload-pack") == http.StatusServiceUnavailable
	})
	gittest.Commit(t, work, "README.md", "two")
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
}

func TestHealthNeedsTheTokenAndTheFolder(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	if status := raw(t, s, "/healthz"); status != 200 {
		t.Errorf("/healthz answers %d; want 200", status)
	}
	if err := os.Remove(s.TokenFile); err != nil {
		t.Fatal(err)
	}
	if status := raw(t, s, "/healthz"); status != 500 {
		t.Errorf("/healthz without a token answers %d; want 500", status)
	}
}

func TestEachLineOfTheLogIsJSON(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	if code := s.Stop(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM; want 0", code)
	}
	for line := range strings.Lines(s.Log()) {
		if !bytes.HasPrefix([]byte(line), []byte(`{"time":`)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if !strings.Contains(s.Log(), `"user":"tester"`) {
		t.Errorf("the log does not say who pushed:\n%s", s.Log())
	}
}
