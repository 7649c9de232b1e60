package delivery

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

const (
	slug  = "example-org/mlops-platform"
	token = "the-token-of-the-job"
	bot   = "github-actions[bot]"
)

// comment and pull are what GitHub keeps of a conversation.
type (
	comment struct {
		ID   int64  `json:"id"`
		Body string `json:"body"`
		User struct {
			Login string `json:"login"`
		} `json:"user"`
	}
	pull struct {
		Number int    `json:"number"`
		Title  string `json:"title"`
		Body   string `json:"body"`
		Head   string `json:"head"`
		Base   string `json:"base"`
		URL    string `json:"html_url"`
	}
)

// github stands in for GitHub's API for one repository, which it keeps in Git as GitHub does: commits made through it are
// commits. It refuses what GitHub refuses: no token, a comment that is too long, a branch that is there already.
type github struct {
	t      *testing.T
	folder string
	server *httptest.Server

	mu       sync.Mutex
	comments []comment
	pulls    []pull
	// calls are the requests that change something.
	calls []string
	// page is the number of comments on a page, whatever is asked for.
	page int
}

func startGitHub(t *testing.T, folder string) *github {
	t.Helper()
	g := &github{t: t, folder: folder, page: 100}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) (int, any){
		"GET /issues/{number}/comments":     g.listComments,
		"POST /issues/{number}/comments":    g.createComment,
		"PATCH /issues/comments/{id}":       g.updateComment,
		"GET /git/commits/{sha}":            g.getCommit,
		"POST /git/trees":                   g.createTree,
		"POST /git/commits":                 g.createCommit,
		"POST /git/refs":                    g.createRef,
		"PATCH /git/refs/heads/{branch...}": g.updateRef,
		"GET /pulls":                        g.listPulls,
		"POST /pulls":                       g.createPull,
		"PATCH /pulls/{number}":             g.updatePull,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /repos/"+slug+path, func(w http.ResponseWriter, r *http.Request) { g.serve(w, r, handle) })
	}
	g.server = httptest.NewServer(mux)
	t.Cleanup(g.server.Close)
	return g
}

func (g *github) serve(w http.ResponseWriter, r *http.Request, handle func(*http.Request) (int, any)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+token {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message": "Bad credentials"}`)
		return
	}
	if r.Method != http.MethodGet {
		g.calls = append(g.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/repos/"+slug))
	}
	status, answer := handle(r)
	if listed, ok := answer.(page); ok {
		if listed.next > 0 {
			query := r.URL.Query()
			query.Set("page", strconv.Itoa(listed.next))
			w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next", <x>; rel="last"`, g.server.URL, r.URL.Path, query.Encode()))
		}
		answer = listed.comments
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

type page struct {
	comments []comment
	next     int
}

func refuse(message string) (int, any) {
	return http.StatusUnprocessableEntity, map[string]string{"message": message}
}

func body[T any](r *http.Request) T {
	var sent T
	_ = json.NewDecoder(r.Body).Decode(&sent)
	return sent
}

func (g *github) listComments(r *http.Request) (int, any) {
	number, _ := strconv.Atoi(cmp.Or(r.URL.Query().Get("page"), "1"))
	from, to := (number-1)*g.page, number*g.page
	if to >= len(g.comments) {
		return http.StatusOK, page{append([]comment{}, g.comments[min(from, len(g.comments)):]...), 0}
	}
	return http.StatusOK, page{g.comments[from:to], number + 1}
}

func (g *github) createComment(r *http.Request) (int, any) {
	sent := body[comment](r)
	if utf8.RuneCountInString(sent.Body) > 65536 {
		return refuse("Body is too long (maximum is 65536 characters)")
	}
	g.say(bot, sent.Body)
	return http.StatusCreated, g.comments[len(g.comments)-1]
}

// say adds a comment of somebody.
func (g *github) say(login, text string) {
	made := comment{ID: int64(1000 + len(g.comments)), Body: text}
	made.User.Login = login
	g.comments = append(g.comments, made)
}

func (g *github) updateComment(r *http.Request) (int, any) {
	sent := body[comment](r)
	for i := range g.comments {
		if strconv.FormatInt(g.comments[i].ID, 10) == r.PathValue("id") {
			g.comments[i].Body = sent.Body
			return http.StatusOK, g.comments[i]
		}
	}
	return http.StatusNotFound, map[string]string{"message": "Not Found"}
}

// git runs git where the repository is.
func (g *github) git(input string, env []string, args ...string) (string, error) {
	command := exec.Command("git", args...)
	command.Dir, command.Stdin = g.folder, strings.NewReader(input)
	command.Env = append(append(command.Environ(), "GIT_AUTHOR_NAME=bot", "GIT_AUTHOR_EMAIL=bot@example.com",
		"GIT_COMMITTER_NAME=bot", "GIT_COMMITTER_EMAIL=bot@example.com"), env...)
	said, err := command.CombinedOutput()
	return strings.TrimSpace(string(said)), err
}

func (g *github) getCommit(r *http.Request) (int, any) {
	tree, err := g.git("", nil, "rev-parse", r.PathValue("sha")+"^{tree}")
	if err != nil {
		return http.StatusNotFound, map[string]string{"message": "Not Found"}
	}
	return http.StatusOK, map[string]any{"sha": r.PathValue("sha"), "tree": map[string]string{"sha": tree}}
}

func (g *github) createTree(r *http.Request) (int, any) {
	sent := body[struct {
		Base string `json:"base_tree"`
		Tree []struct{ Path, Mode, Type, Content string }
	}](r)
	index := []string{"GIT_INDEX_FILE=" + g.t.TempDir() + "/index"}
	if said, err := g.git("", index, "read-tree", sent.Base); err != nil {
		return refuse(said)
	}
	for _, entry := range sent.Tree {
		blob, err := g.git(entry.Content, nil, "hash-object", "-w", "--stdin")
		if err != nil {
			return refuse(blob)
		}
		said, err := g.git("", index, "update-index", "--add", "--cacheinfo", entry.Mode+","+blob+","+entry.Path)
		if err != nil {
			return refuse(said)
		}
	}
	tree, err := g.git("", index, "write-tree")
	if err != nil {
		return refuse(tree)
	}
	return http.StatusCreated, map[string]string{"sha": tree}
}

func (g *github) createCommit(r *http.Request) (int, any) {
	sent := body[struct {
		Message, Tree string
		Parents       []string
	}](r)
	args := []string{"commit-tree", sent.Tree}
	for _, parent := range sent.Parents {
		args = append(args, "-p", parent)
	}
	commit, err := g.git(sent.Message, nil, args...)
	if err != nil {
		return refuse(commit)
	}
	return http.StatusCreated, map[string]string{"sha": commit}
}

var branchName = regexp.MustCompile(`^refs/heads/[a-z0-9/._-]+$`)

func (g *github) createRef(r *http.Request) (int, any) {
	sent := body[struct{ Ref, SHA string }](r)
	if _, err := g.git("", nil, "rev-parse", "--verify", "--quiet", sent.Ref); err == nil || !branchName.MatchString(sent.Ref) {
		return refuse("Reference already exists")
	}
	if said, err := g.git("", nil, "update-ref", sent.Ref, sent.SHA); err != nil {
		return refuse(said)
	}
	return http.StatusCreated, map[string]string{"ref": sent.Ref}
}

func (g *github) updateRef(r *http.Request) (int, any) {
	sent := body[struct {
		SHA   string
		Force bool
	}](r)
	if !sent.Force {
		return refuse("Update is not a fast forward")
	}
	if said, err := g.git("", nil, "update-ref", "refs/heads/"+r.PathValue("branch"), sent.SHA); err != nil {
		return refuse(said)
	}
	return http.StatusOK, map[string]string{}
}

func (g *github) listPulls(r *http.Request) (int, any) {
	open := []pull{}
	for _, p := range g.pulls {
		if r.URL.Query().Get("head") == strings.Split(slug, "/")[0]+":"+p.Head && r.URL.Query().Get("base") == p.Base {
			open = append(open, p)
		}
	}
	return http.StatusOK, open
}

func (g *github) createPull(r *http.Request) (int, any) {
	sent := body[pull](r)
	sent.Number = 100 + len(g.pulls)
	sent.URL = fmt.Sprintf("https://github.example.com/%s/pull/%d", slug, sent.Number)
	g.pulls = append(g.pulls, sent)
	return http.StatusCreated, sent
}

func (g *github) updatePull(r *http.Request) (int, any) {
	sent := body[pull](r)
	for i := range g.pulls {
		if strconv.Itoa(g.pulls[i].Number) == r.PathValue("number") {
			g.pulls[i].Title, g.pulls[i].Body = sent.Title, sent.Body
			return http.StatusOK, g.pulls[i]
		}
	}
	return http.StatusNotFound, map[string]string{"message": "Not Found"}
}
