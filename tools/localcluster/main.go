// Command localcluster runs one real Kubernetes node on this machine, without
// Docker and without a registry.
package main

import (
	"os"

	"example.com/mlops-platform/tools/localcluster/internal/app"
)

func main() { os.Exit(app.Main(os.Args, os.Stdout, os.Stderr)) }
