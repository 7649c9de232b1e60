package admit

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Scope says whether objects of a kind live in a namespace.
type Scope int

// The scopes. The zero value is for kinds nothing is known about.
const (
	ScopeUnknown Scope = iota
	Namespaced
	Cluster
)

// String returns the scope in words.
func (s Scope) String() string {
	switch s {
	case ScopeUnknown:
		return "unknown"
	case Namespaced:
		return "namespaced"
	case Cluster:
		return "cluster"
	default:
		return fmt.Sprintf("Scope(%d)", int(s))
	}
}

// Scope returns the scope of a kind, built in or defined by one of the custom resource definitions. Kinds that
// Kubernetes once had keep theirs: whoever renders such an object still has to place it.
func (v *Validator) Scope(kind schema.GroupKind) Scope {
	if n, ok := natives[kind]; ok {
		if n.strategy().NamespaceScoped() {
			return Namespaced
		}
		return Cluster
	}
	if u, ok := unsupported[kind]; ok {
		return u.scope
	}
	for newer, k := range newerKinds {
		if newer.GroupKind() == kind {
			return k.scope
		}
	}
	if gone, ok := goneKinds[kind]; ok {
		return gone.scope
	}
	if d, ok := v.definitions[kind]; ok {
		return d.scope
	}
	return ScopeUnknown
}

// goneKind is a kind that no release serves any more in any version.
type goneKind struct {
	scope   Scope
	release string // the release that stopped serving it
}

// goneKinds is needed for scopes, and because the library has forgotten some of these kinds altogether
// (https://kubernetes.io/docs/reference/using-api/deprecation-guide/).
var goneKinds = map[schema.GroupKind]goneKind{
	gk("extensions", "DaemonSet"):         {Namespaced, "1.16"},
	gk("extensions", "Deployment"):        {Namespaced, "1.16"},
	gk("extensions", "Ingress"):           {Namespaced, "1.22"},
	gk("extensions", "NetworkPolicy"):     {Namespaced, "1.16"},
	gk("extensions", "ReplicaSet"):        {Namespaced, "1.16"},
	gk("extensions", "PodSecurityPolicy"): {Cluster, "1.16"},
	gk("policy", "PodSecurityPolicy"):     {Cluster, "1.25"},
}
