// Command gitserver serves Git repositories over smart HTTP: everybody may fetch, who has the token may push.
package main

import (
	"os"

	"example.com/mlops-platform/tools/gitserver/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stderr)) }
