package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// digest prints the digest of an image in its registry, or nothing when it is not there.
func digest(ctx context.Context, o *options) error {
	reference, err := name.ParseReference(o.args[0], name.StrictValidation)
	if err != nil {
		return usageError{err}
	}
	found, err := remote.Head(reference, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	var answered *transport.Error
	if errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the registry does not say whether it has %s: %w", reference, err)
	}
	fmt.Fprintln(o.stdout, found.Digest)
	return nil
}
