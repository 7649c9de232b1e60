package smarthttp

import (
	"net/http"
	"strings"

	"example.com/mlops-platform/tools/gitserver/internal/repository"
)

// The services of git's smart HTTP protocol. https://git-scm.com/docs/http-protocol
const (
	uploadPack  = "git-upload-pack"
	receivePack = "git-receive-pack"
)

// route is what a request asks for.
type route struct {
	name    string // of the repository
	action  string // info/refs or a service
	service string
}

// parse reads the path and the query of a request. All that is not smart HTTP is nothing.
func parse(r *http.Request) (route, bool) {
	for action, method := range map[string]string{
		"info/refs": http.MethodGet,
		uploadPack:  http.MethodPost,
		receivePack: http.MethodPost,
	} {
		path, is := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/"+action)
		name := repository.Named(path)
		if !is || r.Method != method || !repository.Valid(name) {
			continue
		}
		service := action
		if action == "info/refs" {
			service = r.URL.Query().Get("service")
		}
		return route{name: name, action: action, service: service}, service == uploadPack || service == receivePack
	}
	return route{}, false
}

func (r route) push() bool { return r.service == receivePack }
