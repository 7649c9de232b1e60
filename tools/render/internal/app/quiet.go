package app

import (
	"fmt"
	"io"
	"log"
	"net/http" //nolint:depguard // to refuse every request, not to make one
	"os"

	"github.com/sirupsen/logrus"
)

// quiet keeps libraries from writing beside our reports and from using a
// network: kustomize prints deprecations to os.Stderr and fetches http
// resources with the default transport.
func quiet() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null //nolint:forbidigo // called by Main only; the process's own stderr is already in its hands
	}
	log.SetOutput(io.Discard)
	logrus.SetOutput(io.Discard)
	http.DefaultTransport = refuse{}
}

type refuse struct{}

func (refuse) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s: render never uses a network", r.URL.Redacted())
}
