// Package addons holds what runs on the cluster before anything of ours does.
package addons

import (
	_ "embed"
	"strings"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

//go:embed coredns.yaml
var coredns string

// Images are those that the node and its addons need: reference to program.
func Images() map[string]string {
	return map[string]string{"localhost/pause:1": "pause", "localhost/coredns:installed": "coredns"}
}

// Manifests are the addons' objects.
func Manifests(a instance.Addresses) string {
	return strings.ReplaceAll(coredns, "CLUSTER_IP", a.DNS().String())
}
