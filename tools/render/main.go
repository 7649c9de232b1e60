// Command render shows and checks what Git will do to a cluster before it does
// it, on any Argo CD repository.
package main

import (
	"os"

	"example.com/mlops-platform/tools/render/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
