package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is what processes have used.
type Usage struct {
	CPU    time.Duration
	Memory int64 // bytes of their own, plus their share of what they share (PSS)
}

// tick is the unit of the times in /proc/PID/stat; USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// descendants lists a process and all that come of it, the process first.
func descendants(proc string, root int) ([]int, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := readStat(proc, id)
		if err != nil {
			continue // ended since it was listed
		}
		children[stat.parent] = append(children[stat.parent], id)
	}
	found := []int{root}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found, nil
}

type stat struct {
	parent int
	cpu    time.Duration
}

func readStat(proc string, id int) (stat, error) {
	text, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(id), "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(text)
}

// parseStat reads /proc/PID/stat; see proc_pid_stat(5). The name in parentheses may hold anything.
func parseStat(text []byte) (stat, error) {
	_, rest, found := strings.Cut(string(text[max(0, bytes.LastIndexByte(text, ')')):]), ") ")
	fields := strings.Fields(rest) // from field 3, the state
	if !found || len(fields) < 13 {
		return stat{}, fmt.Errorf("not the stat of a process: %.80q", text)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return stat{}, err
	}
	var ticks int64
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return stat{}, err
		}
		ticks += n
	}
	return stat{parent: parent, cpu: time.Duration(ticks) * tick}, nil
}

func usageOf(proc string, id int) (Usage, error) {
	stat, err := readStat(proc, id)
	if err != nil {
		return Usage{}, err
	}
	rollup, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(id), "smaps_rollup"))
	if errors.Is(err, syscall.ESRCH) { // a zombie has no memory
		return Usage{CPU: stat.cpu}, nil
	}
	if err != nil {
		return Usage{}, err
	}
	memory, err := parsePSS(rollup)
	return Usage{CPU: stat.cpu, Memory: memory}, err
}

// parsePSS reads the proportional set size out of /proc/PID/smaps_rollup.
func parsePSS(text []byte) (int64, error) {
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "Pss:" {
			kibibytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kibibytes * 1024, err
		}
	}
	if len(text) == 0 {
		return 0, nil
	}
	return 0, fmt.Errorf("no Pss in smaps_rollup: %.80q", text)
}
