// Command demo runs the machine-learning loop on this machine without
// Kubernetes: a registry on SQLite and local files, the steps of the training
// workflow as plain processes, and the service that follows the champion.
package main

import (
	"os"

	"example.com/mlops-platform/tools/demo/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr)) }
