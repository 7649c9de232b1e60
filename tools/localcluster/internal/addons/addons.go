// Package addons holds what runs on the cluster before anything of ours does.
package addons

import (
	"embed"
	"path/filepath"
	"strings"

	"example.com/mlops-platform/tools/localcluster/internal/image"
	"example.com/mlops-platform/tools/localcluster/internal/instance"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

//go:embed *.yaml
var manifests embed.FS

// Programs are those that the addons run in pods, each the only file of its image.
var Programs = []string{"coredns", "metrics-server", "provisioner"}

// Rights are what processes of the node need of the API server before the
// kubelet starts.
//
//go:embed azure-npm.yaml
var Rights string

// Images are those that the node and its addons need, each made from a program
// in bin: reference to file.
func Images(bin string) (map[string]string, error) {
	images := map[string]string{node.PauseImage: filepath.Join(bin, "pause")}
	for _, program := range Programs {
		file := filepath.Join(bin, program)
		reference, err := reference(program, file)
		if err != nil {
			return nil, err
		}
		images[reference] = file
	}
	return images, nil
}

// Manifests are the addons' objects.
func Manifests(a instance.Addresses, bin string) (string, error) {
	replace := []string{"CLUSTER_IP", a.DNS().String()}
	for _, program := range Programs {
		reference, err := reference(program, filepath.Join(bin, program))
		if err != nil {
			return "", err
		}
		placeholder := strings.ToUpper(strings.ReplaceAll(program, "-", "_")) + "_IMAGE"
		replace = append(replace, placeholder, reference)
	}
	files, err := manifests.ReadDir(".")
	if err != nil {
		return "", err
	}
	var all []string
	for _, file := range files {
		data, err := manifests.ReadFile(file.Name())
		if err != nil {
			return "", err
		}
		all = append(all, string(data))
	}
	return strings.NewReplacer(replace...).Replace(strings.Join(all, "---\n")), nil
}

// reference has the program's own tag: a new release is rolled out by the next up.
func reference(program, file string) (string, error) {
	tag, err := image.Tag(file)
	return "localhost/" + program + ":" + tag, err
}
