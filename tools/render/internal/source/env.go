package source

import (
	"encoding/json"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
)

// noRevision stands for the commit that is only known when Argo CD syncs: an
// image tag made of it stays a valid tag.
const noRevision = "0000000000000000000000000000000000000000"

// instanceName is the name that Argo CD gives an Application in
// $ARGOCD_APP_NAME and in .argocd-source-<name>.yaml: <namespace>_<name> when
// the Application is outside Argo CD's own namespace.
func (r *render) instanceName() string {
	if r.ControlPlane == "" {
		return r.App.Name
	}
	return r.App.InstanceName(r.ControlPlane)
}

// environment is what $NAME in a few fields is replaced from. Unknown names
// become empty, $$ is a dollar (v1alpha1.Env.Envsubst).
func (r *render) environment() *v1alpha1.Env {
	rev := r.Revision
	if rev == "" {
		rev = noRevision
	}
	return &v1alpha1.Env{
		{Name: "ARGOCD_APP_NAME", Value: r.instanceName()},
		{Name: "ARGOCD_APP_NAMESPACE", Value: r.App.Spec.Destination.Namespace},
		{Name: "ARGOCD_APP_REVISION", Value: rev},
		{Name: "ARGOCD_APP_REVISION_SHORT", Value: rev[:min(7, len(rev))]},
		{Name: "ARGOCD_APP_REVISION_SHORT_8", Value: rev[:min(8, len(rev))]},
		{Name: "ARGOCD_APP_SOURCE_REPO_URL", Value: r.Source.RepoURL},
		{Name: "ARGOCD_APP_SOURCE_PATH", Value: r.Source.Path},
		{Name: "ARGOCD_APP_SOURCE_TARGET_REVISION", Value: r.Source.TargetRevision},
	}
}

// noteRevision tells when the output depends on a commit that is not known.
func (r *render) noteRevision() {
	if r.Revision != "" {
		return
	}
	data, err := json.Marshal(r.Source)
	if err == nil && strings.Contains(string(data), "ARGOCD_APP_REVISION") {
		r.note("", 0, "the source uses $ARGOCD_APP_REVISION, known only when Argo CD syncs; %s stands for it here",
			noRevision[:8])
	}
}
