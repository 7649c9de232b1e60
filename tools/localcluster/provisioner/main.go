// Command provisioner makes a folder of the node for each claim of the storage
// class standard, and removes it with its volume.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v11/controller"
)

// name is what storage classes call this provisioner.
const name = "localcluster/folder"

// dir holds the folders: in the pod as on the node, for volumes tell the kubelet their path.
const dir = "/var/lib/localcluster/volumes"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Stderr))
}

func run(ctx context.Context, stderr io.Writer) int {
	provisioner, err := open(dir)
	if err != nil {
		fmt.Fprintln(stderr, "provisioner:", err)
		return 1
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		fmt.Fprintln(stderr, "provisioner:", err)
		return 1
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		fmt.Fprintln(stderr, "provisioner:", err)
		return 1
	}
	controller.NewProvisionController(ctx, client, name, provisioner,
		controller.LeaderElection(false), // there is one, and the Deployment ends it before it starts another
		controller.AddFinalizer(true),    // a volume that is deleted by hand takes its folder with it
	).Run(ctx)
	return 0
}
