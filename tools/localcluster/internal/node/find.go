package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

// initName is the name under which Init runs: with the instance's ID it is how
// the node is found again, also when its folder has been lost.
const initName = "localcluster-init"

// IsInit tells whether a command line is that of Start, and returns what Start gave.
func IsInit(args []string) (name, base, bin string, is bool) {
	if len(args) != 5 || args[0] != initName {
		return "", "", "", false
	}
	return args[2], args[3], args[4], true
}

// Find returns the machine's number of the first process of the instance's
// node, or 0 when it does not run.
func Find(i instance.Instance) (int, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range dirs {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !bytes.HasPrefix(line, []byte(initName+"\x00"+i.ID+"\x00")) || !ofRoot(dir) {
			continue // ended meanwhile, or somebody else's
		}
		return strconv.Atoi(filepath.Base(dir))
	}
	return 0, nil
}

// Gone tells whether a process has ended, waited for or not. It has lost its
// command line before that, while the kernel still ends the others of the node.
func Gone(pid int) bool {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true
	}
	// The state follows the name in brackets, which may hold anything.
	if !bytes.HasPrefix(data[bytes.LastIndexByte(data, ')')+1:], []byte(" Z")) {
		return false
	}
	// Its first thread is a zombie as soon as it ends; another one may still be ending the rest of the node.
	threads, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
	return err != nil || len(threads) <= 1
}

func ofRoot(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && stat.Uid == 0
}

// States returns the table of the node's processes, empty when none was started.
func States(i instance.Instance) ([]State, error) {
	data, err := os.ReadFile(i.Path("processes.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var states []State
	return states, json.Unmarshal(data, &states)
}

// Log is the log of a process of the node, in the machine's view.
func Log(i instance.Instance, name string) string { return i.Path("log", name+".log") }

// Logs lists the names for which there is a log.
func Logs(i instance.Instance) ([]string, error) {
	files, err := filepath.Glob(i.Path("log", "*.log"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".log"))
	}
	return names, nil
}
