// Command delivery does what a job of CI does between its commands: it tells a pull request, proposes a change, moves
// a digest from one environment to the next.
package main

import (
	"os"

	"example.com/mlops-platform/tools/delivery/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)) }
