// Command platform runs the whole platform on this machine: a Kubernetes node, Argo CD that syncs this repository,
// a trained model and the service that answers with it.
package main

import (
	"os"

	"example.com/mlops-platform/tools/platform/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr)) }
