// Package network joins the node to the machine: one link with two addresses,
// and the machine's routes to the services and pods behind it. All of it ends
// with the node. Nothing is forwarded or filtered on the machine.
package network

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

// peer is the node's name for its end of the link.
const peer = "eth0"

// Link joins the network of the process to the machine with the addresses of its
// instance.
func Link(i instance.Instance, a instance.Addresses, pid int) error {
	return inTurn([][]string{
		{"link", "add", i.Link(), "type", "veth", "peer", "name", peer, "netns", strconv.Itoa(pid)},
		{"address", "add", a.Host().String(), "dev", i.Link()},
		{"link", "set", i.Link(), "up"},
		{"route", "add", a.Services().Masked().String(), "via", a.Node().Addr().String(), "dev", i.Link()},
		{"route", "add", a.Pods().Masked().String(), "via", a.Node().Addr().String(), "dev", i.Link()},
	})
}

// Enter does the node's part, in the node's namespace.
func Enter(a instance.Addresses) error {
	if err := inTurn([][]string{
		{"link", "set", "lo", "up"},
		{"address", "add", a.Node().String(), "dev", peer},
		{"link", "set", peer, "up"},
		{"route", "add", "default", "via", a.Host().Addr().String()},
	}); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

// Unlink removes what Link made, if it is there.
func Unlink(i instance.Instance) error {
	failed := ip("link", "delete", i.Link())
	if _, err := net.InterfaceByName(i.Link()); err == nil {
		return failed
	}
	return nil // gone, by this or with the node
}

// Taken returns which addresses the machine uses or has a route to.
func Taken() (func(netip.Prefix) bool, error) {
	out, err := exec.Command("ip", "-4", "-oneline", "route", "show", "table", "all").Output()
	if err != nil {
		return nil, fmt.Errorf("ip route: %w", err)
	}
	var used []netip.Prefix
	for line := range strings.Lines(string(out)) {
		for _, field := range strings.Fields(line)[:min(2, len(strings.Fields(line)))] {
			if prefix, err := netip.ParsePrefix(field); err == nil {
				used = append(used, prefix)
			} else if address, err := netip.ParseAddr(field); err == nil {
				used = append(used, netip.PrefixFrom(address, 32))
			}
		}
	}
	return func(wanted netip.Prefix) bool {
		for _, prefix := range used {
			if prefix.Bits() > 0 && prefix.Overlaps(wanted) {
				return true
			}
		}
		return false
	}, nil
}

func inTurn(commands [][]string) error {
	for _, args := range commands {
		if err := ip(args...); err != nil {
			return err
		}
	}
	return nil
}

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
