// Command infra plans, applies and destroys one environment on AWS, with what people need around Terraform.
package main

import (
	"os"

	"example.com/mlops-platform/tools/infra/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)) }
