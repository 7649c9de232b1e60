package admit

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilversion "k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/apiserver/pkg/endpoints/deprecation"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
)

// clusterRelease is ClusterVersion as a number that can be compared.
var clusterRelease = utilversion.MustParseGeneric(ClusterVersion)

// history returns the schemes that between them know every built-in kind at every version that a release since 1.16
// has served, removed ones included. The client's types go into a scheme of our own, because programs that link this
// package add custom resources to the client's global one.
var history = sync.OnceValue(func() []*runtime.Scheme {
	types := runtime.NewScheme()
	utilruntime.Must(clientscheme.AddToScheme(types))
	return []*runtime.Scheme{types, apiextensionsFamily().scheme, apiregistrationFamily().scheme}
})

// recall returns an empty object of a kind that some release has served; nil if none has.
func recall(kind schema.GroupVersionKind) runtime.Object {
	if kind.Version == runtime.APIVersionInternal {
		return nil // the name of in-memory types; never served
	}
	for _, scheme := range history() {
		if !scheme.Recognizes(kind) {
			continue
		}
		object, err := scheme.New(kind)
		if err != nil {
			continue
		}
		object.GetObjectKind().SetGroupVersionKind(kind)
		return object
	}
	return nil
}

// builtinGroup reports whether a group belongs to Kubernetes itself, so that no custom resource definition may add to
// it.
func builtinGroup(group string) bool {
	return slices.ContainsFunc(history(), func(s *runtime.Scheme) bool { return s.IsGroupRegistered(group) })
}

// removedIn returns the release that stopped serving a kind, if it had by ClusterVersion; else "".
func removedIn(object runtime.Object) string {
	release := deprecation.RemovedRelease(object)
	if release == "" || clusterRelease.LessThan(utilversion.MustParseGeneric(release)) {
		return ""
	}
	return release
}

// removed returns the result of an object whose version is no longer served.
func removed(kind schema.GroupVersionKind, release string) Result {
	message := fmt.Sprintf("%s %s is not served since Kubernetes %s", kind.GroupVersion(), kind.Kind, release)
	if next := replacement(kind); next.Empty() {
		message += "; nothing replaces it"
	} else {
		message += fmt.Sprintf("; use %s %s", next.GroupVersion(), next.Kind)
	}
	return failed("apiVersion", message, kind.GroupVersion().String())
}

// replacement follows the replacements of a kind up to one that is served; empty if there is none.
func replacement(kind schema.GroupVersionKind) schema.GroupVersionKind {
	type replaced interface {
		APILifecycleReplacement() schema.GroupVersionKind
	}
	for range 5 { // no chain is longer, and a circle must end too
		object, ok := recall(kind).(replaced)
		if !ok {
			break
		}
		kind = object.APILifecycleReplacement()
		if next := recall(kind); next != nil && removedIn(next) == "" {
			return kind
		}
	}
	// Not every removed kind names its replacement; a stable version of the same kind is one.
	if versions := servedVersions(kind.GroupKind()); len(versions) > 0 {
		return kind.GroupKind().WithVersion(versions[0])
	}
	return schema.GroupVersionKind{}
}

// servedVersions returns the versions of a built-in kind that a cluster serves by default, newest first.
func servedVersions(kind schema.GroupKind) (versions []string) {
	for _, scheme := range history() {
		for _, v := range scheme.VersionsForGroupKind(kind) {
			object := recall(kind.WithVersion(v.Version))
			if object != nil && removedIn(object) == "" && servedByDefault(v.Version) {
				versions = append(versions, v.Version)
			}
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
	return slices.Compact(versions)
}

// servedByDefault reports whether an API server serves a version without being told to: since 1.24 only stable ones
// (k8s.io/kubernetes/pkg/controlplane, DefaultAPIResourceConfigSource).
func servedByDefault(apiVersion string) bool {
	return !strings.Contains(apiVersion, "alpha") && !strings.Contains(apiVersion, "beta")
}

// versionWarnings returns what there is to say about the version of a built-in kind that may be served.
func versionWarnings(kind schema.GroupVersionKind) (warnings []Fault) {
	if !servedByDefault(kind.Version) {
		warnings = append(warnings, Fault{
			Path: "apiVersion", Value: kind.GroupVersion().String(),
			Message: fmt.Sprintf("%s is served only where the API server is started with --runtime-config=%[1]s=true",
				kind.GroupVersion()),
		})
	}
	object := recall(kind)
	if object != nil && deprecation.IsDeprecated(object, int(clusterRelease.Major()), int(clusterRelease.Minor())) {
		warnings = append(warnings, Fault{
			Path: "apiVersion", Message: deprecation.WarningMessage(object), Value: kind.GroupVersion().String(),
		})
	}
	return warnings
}
