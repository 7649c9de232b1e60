// Package git runs git.
package git

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"example.com/mlops-platform/tools/platform/internal/run"
)

// User is the name under which pushes stand in the server's reflog; the server takes any.
const User = "make-up"

// In runs git in a folder and returns what it says on stdout.
func In(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	return run.Command{
		Args: append([]string{"git", "-C", dir}, args...),
		Env:  append([]string{"LC_ALL=C", "GIT_TERMINAL_PROMPT=0"}, env...), // what git says is compared
	}.Output(ctx)
}

// Remote is a repository on a server of this machine.
type Remote struct {
	Address string // such as http://10.160.64.7/platform.git
	Token   string // the password of who may push
}

// Env is the environment in which git has the token. Arguments can be read by everybody on the machine.
func (r Remote) Env() []string {
	login := base64.StdEncoding.EncodeToString([]byte(User + ":" + r.Token))
	return Settings(
		"http."+r.Address+".extraHeader", "Authorization: Basic "+login,
		"http."+r.Address+".proxy", "", // no proxy knows the way
	)
}

// Settings is the environment in which git has these keys and values on top of what it has already.
func Settings(keysAndValues ...string) []string {
	count, err := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT"))
	if err != nil {
		count = 0
	}
	var env []string
	for i := 0; i+1 < len(keysAndValues); i, count = i+2, count+1 {
		env = append(env,
			fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", count, keysAndValues[i]),
			fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, keysAndValues[i+1]))
	}
	return append(env, fmt.Sprintf("GIT_CONFIG_COUNT=%d", count))
}

// Refs lists the references of the remote that match the patterns, as hashes by name. A repository that does not exist
// has none: who pushes creates it.
func (r Remote) Refs(ctx context.Context, patterns ...string) (map[string]string, error) {
	out, err := In(ctx, ".", r.Env(), append([]string{"ls-remote", r.Address}, patterns...)...)
	if err != nil && strings.Contains(err.Error(), "not found") {
		return nil, nil
	}
	refs := map[string]string{}
	for line := range strings.Lines(out) {
		hash, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		refs[ref] = hash
	}
	return refs, err
}
