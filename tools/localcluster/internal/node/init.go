package node

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
	"example.com/mlops-platform/tools/localcluster/internal/network"
)

// Init is the first process of the node. It prepares the mounts, waits until
// the link to the machine is there, starts every process in turn and then only
// keeps count of which have ended. It returns when it is told to end or cannot
// go on; the kernel then ends what it started.
//
// linked is readable when the link is there, and closed without a byte when
// whoever was to make it has gone. What nobody can be told goes to log.
func Init(i instance.Instance, bin string, linked io.Reader, log io.Writer) error {
	if err := mountAll(i, bin); err != nil {
		return fmt.Errorf("mounts of the node: %w", err)
	}
	i.Dir = stateDir // the machine's path may lie below one that is covered now
	if err := syscall.Sethostname([]byte(i.ID)); err != nil {
		return fmt.Errorf("host name: %w", err)
	}
	if _, err := io.ReadFull(linked, make([]byte, 1)); err != nil {
		return fmt.Errorf("up ended before it had linked the node: %w", err)
	}
	addresses, err := i.Addresses()
	if err != nil {
		return err
	}
	if err := network.Enter(addresses); err != nil {
		return fmt.Errorf("network of the node: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	s := newSupervisor(i.Path("processes.json"), func(err error) { _, _ = fmt.Fprintln(log, err) })
	go s.reap()
	for _, p := range Processes(i, addresses) {
		if err := s.start(p); err != nil {
			return err
		}
		if err := s.untilReady(ctx, p); err != nil {
			break // the table says which; its neighbours stay for whoever looks into it
		}
	}
	<-ctx.Done()
	return nil
}

// Start makes the namespaces and starts Init in them, its output going to the
// instance's init.log. Writing a byte to the returned file lets it go on.
func Start(i instance.Instance, program, bin, base string) (pid int, linked *os.File, err error) {
	for dir, mode := range map[string]os.FileMode{"lib": 0o755, "log": 0o755, "tmp": 0o777 | os.ModeSticky} {
		if err := os.MkdirAll(i.Path(dir), 0o755); err != nil {
			return 0, nil, err
		}
		if err := os.Chmod(i.Path(dir), mode); err != nil {
			return 0, nil, err
		}
	}
	// No pod outlives its node, but the addresses that CNI has noted as theirs would.
	if err := os.RemoveAll(i.Path("lib", "cni")); err != nil {
		return 0, nil, err
	}
	log, err := os.OpenFile(i.Path("log", "init.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, nil, err
	}
	defer log.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer reader.Close()
	if err := os.RemoveAll(i.Path("processes.json")); err != nil {
		return 0, nil, err
	}
	cmd := exec.Command(program)
	cmd.Args = []string{initName, i.ID, i.Name, base, bin}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{reader}
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/root"} // no proxy, no credentials of whoever starts it
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS |
			syscall.CLONE_NEWIPC,
	}
	if err := cmd.Start(); err != nil {
		writer.Close()
		return 0, nil, fmt.Errorf("namespaces of the node: %w", err)
	}
	go func() { _ = cmd.Wait() }() // or it stays a zombie and looks alive
	return cmd.Process.Pid, writer, nil
}

// Linked is the file that Init waits for, in the process that Start started.
func Linked() *os.File { return os.NewFile(3, "linked") }

// logFile is where a process of the node writes, in the node's view.
func logFile(name string) string { return filepath.Join("/var/log", name+".log") }

const probeInterval = 100 * time.Millisecond
