// Package addons holds what runs on the cluster before anything of ours does.
package addons

import (
	_ "embed"
	"path/filepath"
	"strings"

	"example.com/mlops-platform/tools/localcluster/internal/image"
	"example.com/mlops-platform/tools/localcluster/internal/instance"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

//go:embed coredns.yaml
var coredns string

// Images are those that the node and its addons need, each made from a program
// in bin: reference to file.
func Images(bin string) (map[string]string, error) {
	reference, err := corednsImage(bin)
	return map[string]string{
		node.PauseImage: filepath.Join(bin, "pause"),
		reference:       filepath.Join(bin, "coredns"),
	}, err
}

// Manifests are the addons' objects.
func Manifests(a instance.Addresses, bin string) (string, error) {
	reference, err := corednsImage(bin)
	return strings.NewReplacer("CLUSTER_IP", a.DNS().String(), "COREDNS_IMAGE", reference).Replace(coredns), err
}

// corednsImage has the program's own tag: a new release is rolled out by the next up.
func corednsImage(bin string) (string, error) {
	tag, err := image.Tag(filepath.Join(bin, "coredns"))
	return "localhost/coredns:" + tag, err
}
