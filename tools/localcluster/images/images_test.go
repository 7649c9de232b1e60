package images

import (
	"regexp"
	"strings"
	"testing"
)

// commands are what the pods of each image run, or the nearest to it that ends by itself, and what it must say. TAG
// stands for the image's tag without the v.
var commands = map[string][]struct{ line, says string }{
	"argocd": {
		{"argocd version --client", "argocd: vTAG"},
		{"argocd admin redis-initial-password --help", "redis-initial-password"},
		{"/usr/local/bin/argocd-server --help", "API server"},
		{"/usr/local/bin/argocd-repo-server --help", "repo-server"},
		{"/usr/local/bin/argocd-application-controller --help", "application controller"},
		{"kustomize version", "v5.8.1"},
		{"helm version --short", "v4.2.1"},
		{"git --version", "git version 2."},
		{"ssh -V", "OpenSSH"},
		{"gpg-wrapper.sh --version", "GnuPG"},
		{"entrypoint.sh argocd version --client", "argocd: vTAG"},
	},
	"argocli":             {{"argo version", "argo: vTAG"}, {"argo server --help", "--managed-namespace"}},
	"argoexec":            {{"argoexec version", "argoexec: vTAG"}},
	"workflow-controller": {{"workflow-controller version", "workflow-controller: vTAG"}},
	"argo-rollouts":       {{"rollouts-controller --version", "vTAG"}},
	"gitserver":           {{"gitserver --help", "-token-file"}, {"git --version", "git version 2."}},
	"postgres":            {{"postgres --version", "PostgreSQL) TAG "}, {"pg_isready --version", "PostgreSQL) TAG "}},
	"redis":               {{"redis-server --version", "Redis server v="}},
	"versitygw":           {{"versitygw --version", "vTAG"}},
}

func TestPodsFindTheirCommandsAsAnUnprivilegedUserOnAReadOnlyRoot(t *testing.T) {
	number := regexp.MustCompile(`^[1-9][0-9]*(:[1-9][0-9]*)?$`)
	for name, tries := range commands {
		t.Run(name, func(t *testing.T) {
			image := open(t, name)
			if !number.MatchString(image.user) {
				t.Errorf("user is %q, want a number other than 0, or runAsNonRoot cannot be checked", image.user)
			}
			version := strings.TrimSuffix(strings.TrimPrefix(image.tag, "v"), "-nonroot")
			for _, try := range tries {
				want := strings.ReplaceAll(try.says, "TAG", version)
				output, code := image.run(t, nil, nil, strings.Fields(try.line)...)
				if code != 0 || !strings.Contains(output, want) {
					t.Errorf("%s: exit code %d, want 0 and %q in:\n%s", try.line, code, want, output)
				}
			}
		})
	}
}

// The manifests of Argo CD copy the program into a volume by this line.
func TestTheInitContainerOfTheRepoServerCopiesTheProgram(t *testing.T) {
	image := open(t, "argocd")
	output, code := image.run(t, []string{image.volume(t) + ":/tmp"}, nil, "sh", "-c",
		"/bin/cp /usr/local/bin/argocd /tmp/argocd && /bin/ln -sf /tmp/argocd /tmp/argocd-cmp-server && /tmp/argocd-cmp-server --help")
	if code != 0 || !strings.Contains(output, "argocd-cmp-server") {
		t.Errorf("exit code %d, want 0:\n%s", code, output)
	}
}

func TestSchedulesMayNameATimeZone(t *testing.T) {
	image := open(t, "workflow-controller")
	if !image.has("/usr/share/zoneinfo/Europe/Berlin") {
		t.Error("no Europe/Berlin in /usr/share/zoneinfo")
	}
}

func TestStaticProgramsTrustPublicAuthorities(t *testing.T) {
	for _, name := range []string{"argocli", "argoexec", "workflow-controller", "argo-rollouts", "versitygw"} {
		if image := open(t, name); !image.has("/etc/ssl/certs/ca-certificates.crt") || image.has("/bin/sh") {
			t.Errorf("%s: want the certificates, and no shell", name)
		}
	}
}
