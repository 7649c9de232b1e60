package app

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/node"
)

// status prints the node's processes, and fails when one of them does not run.
func (c *cluster) status() error {
	pid, err := node.Find(c.instance)
	if err != nil {
		return err
	}
	if pid == 0 {
		return fmt.Errorf("%s does not run; localcluster up starts it", c.instance.ID)
	}
	addresses, err := c.instance.Addresses()
	if err != nil {
		return err
	}
	states, err := node.States(c.instance)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s  node %s, pods %s, services %s\n", c.instance.ID, addresses.Node().Addr(),
		addresses.Pods().Masked(), addresses.Services().Masked())
	var down []string
	for _, p := range node.Processes(c.instance, addresses) {
		text := "not started"
		at := slices.IndexFunc(states, func(s node.State) bool { return s.Name == p.Name })
		if at >= 0 {
			text = describe(states[at])
		}
		if at < 0 || !states[at].Ready {
			down = append(down, p.Name)
		}
		fmt.Fprintf(c.stdout, "  %-24s %-28s %s\n", p.Name, text, node.Log(c.instance, p.Name))
	}
	if len(down) > 0 {
		return fmt.Errorf("not running: %s; localcluster up starts the node anew", strings.Join(down, ", "))
	}
	return nil
}

func describe(s node.State) string {
	switch {
	case s.Ended != "":
		return "ended, " + s.Ended
	case s.Ready:
		return "running for " + time.Since(s.Started).Round(time.Second).String()
	}
	return "starting"
}

// logs prints one log, or the names of all.
func (c *cluster) logs(args []string) error {
	names, err := node.Logs(c.instance)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		for _, name := range names {
			fmt.Fprintln(c.stdout, name)
		}
		return nil
	}
	if !slices.Contains(names, args[0]) {
		return fmt.Errorf("there is no log %q; there are: %s", args[0], strings.Join(names, " "))
	}
	file, err := os.Open(node.Log(c.instance, args[0]))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(c.stdout, file)
	return err
}

func (c *cluster) kubeconfig() error {
	if _, err := os.Stat(c.instance.Kubeconfig()); err != nil {
		return fmt.Errorf("%s has none yet; localcluster up makes it", c.instance.ID)
	}
	fmt.Fprintln(c.stdout, c.instance.Kubeconfig())
	return nil
}
