// Command emulate runs a command inside an AWS account that exists on this machine, as long as the command runs:
//
//	go run ./test/aws/emulate make plan ENV=dev
//
// The account is moto behind a proxy (package emulator). Its exit code is that of the command, or 2 when there was
// none to run.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"example.com/mlops-platform/test/aws/emulator"
	"example.com/mlops-platform/test/aws/tools"
)

func main() {
	account := flag.String("account", "111122223333", "id of the account")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: emulate [-account ID] COMMAND [ARGUMENT…]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(64)
	}
	code, err := run(*account, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "emulate:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

func run(account string, arguments []string) (int, error) {
	found, err := tools.Find()
	if err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "emulate-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	aws, err := emulator.Open(found.Moto, account, folder)
	if err != nil {
		return 0, err
	}
	defer aws.Close()

	command := exec.Command(arguments[0], arguments[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = aws.Environ()
	// An interrupt reaches the command too; it decides, and the account ends after it.
	signal.Ignore(os.Interrupt)
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
