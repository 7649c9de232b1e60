package smarthttp

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
)

// TokenFile is the file with the secret of who may push. It is read for each push, so a new one counts at once.
type TokenFile string

// shortest is what a token must have at least: 16 bytes of chance are 32 hexadecimal digits.
const shortest = 32

// Token returns the secret.
func (f TokenFile) Token() ([]byte, error) {
	text, err := os.ReadFile(string(f))
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(text)
	if len(text) < shortest {
		return nil, fmt.Errorf("%s: a token has at least %d characters, this has %d", f, shortest, len(text))
	}
	return text, nil
}

var errWrongToken = errors.New("pushing needs the token as password")

// allow returns the name of who sends a request, for the reflog.
func (f TokenFile) allow(r *http.Request) (string, error) {
	token, err := f.Token()
	if err != nil {
		return "", err
	}
	user, password, is := r.BasicAuth()
	want, got := sha256.Sum256(token), sha256.Sum256([]byte(password))
	if !is || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return "", errWrongToken
	}
	return person(user), nil
}

var personForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

func person(user string) string {
	if !personForm.MatchString(user) {
		return "git"
	}
	return user
}
