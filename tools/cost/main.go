// Command cost says what an environment costs in a month, from Terraform's plan:
//
//	terraform show -json PLAN | go run ./tools/cost [-assumptions FILE] ENV
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"example.com/mlops-platform/tools/cost/estimate"
)

const help = `usage: terraform show -json PLAN | cost [-assumptions FILE] ENV

Exit codes: 0 estimated, 1 the plan or the assumptions cannot be priced, 2 usage.

`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("cost", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("assumptions", "", "the file with the assumptions (default terraform/envs/ENV/cost.yaml)")
	flags.Usage = func() { fmt.Fprint(stderr, help); flags.PrintDefaults() }
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	environment := flags.Arg(0)
	if *file == "" {
		*file = filepath.Join("terraform", "envs", environment, "cost.yaml")
	}
	if err := estimated(environment, *file, stdin, stdout); err != nil {
		fmt.Fprintln(stderr, "cost:", err)
		return 1
	}
	return 0
}

func estimated(environment, file string, plan io.Reader, to io.Writer) error {
	prices, err := estimate.ListPrices()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("no assumptions for %s: %w", environment, err)
	}
	assumed, err := estimate.ReadAssumptions(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	planned, err := io.ReadAll(plan)
	if err != nil {
		return err
	}
	result, err := estimate.Of(planned, prices, assumed)
	if err != nil {
		return err
	}
	result.Print(to, environment, prices, assumed)
	return nil
}
