package emulator

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// startLimit bounds the start of moto: 3 s on an idle machine, most of it Python's imports.
const startLimit = 2 * time.Minute

var listening = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// startMoto runs moto for one account until stop is called, and returns its address. Its log goes to log.
func startMoto(program, account string, log io.Writer) (address *url.URL, stop func(), err error) {
	reader, writer := io.Pipe()
	command := exec.Command(program, "--host", "127.0.0.1", "--port", "0")
	command.Env = append(os.Environ(),
		"MOTO_ACCOUNT_ID="+account,
		// Managed policies exist in every account; moto leaves them out to start faster.
		"MOTO_IAM_LOAD_MANAGED_POLICIES=true",
		"PYTHONUNBUFFERED=1",
	)
	command.Stdout, command.Stderr = writer, writer
	// It ends with the test, however that ends.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, nil, fmt.Errorf("the emulator did not start: %w", err)
	}
	exited := make(chan error, 1)
	go func() {
		exited <- command.Wait()
		_ = writer.Close()
	}()
	stop = func() {
		_ = command.Process.Kill()
		<-exited
	}

	found := make(chan string, 1)
	go copyLog(log, reader, found)
	select {
	case text := <-found:
		address, err = url.Parse(text)
		return address, stop, err
	case err := <-exited:
		exited <- err
		return nil, nil, errors.Join(fmt.Errorf("%s ended before it listened", program), err)
	case <-time.After(startLimit):
		stop()
		return nil, nil, fmt.Errorf("%s did not listen within %s", program, startLimit)
	}
}

// copyLog copies line by line and gives away the first address that moto says it listens on.
func copyLog(log io.Writer, lines io.Reader, found chan<- string) {
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if match := listening.FindStringSubmatch(scanner.Text()); match != nil && strings.HasPrefix(match[1], "http") {
			select {
			case found <- match[1]:
			default:
			}
		}
		_, _ = fmt.Fprintln(log, scanner.Text())
	}
	// A line over the buffer's end must not stop moto, which waits for its pipe to be read.
	_, _ = io.Copy(log, lines)
}
