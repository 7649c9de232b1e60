// Package instance names one local cluster: its folder, its node, its
// addresses. What two checkouts must not share is derived from the folder.
package instance

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
)

// Instance is one local cluster.
type Instance struct {
	Name string
	// ID is unique on the machine: the name and a digest of the folder.
	ID string
	// Dir holds all of the instance's state.
	Dir string
}

// A network interface has a name of at most 15 bytes: "lc-", the name, "-" and four digits.
var validName = regexp.MustCompile(`^[a-z][a-z0-9]{0,6}$`)

// Named returns the instance of a name whose state is below base.
func Named(name, base string) (Instance, error) {
	if !validName.MatchString(name) {
		return Instance{}, fmt.Errorf("the name %q is not one to seven letters and digits, a letter first", name)
	}
	dir, err := filepath.Abs(filepath.Join(base, name))
	if err != nil {
		return Instance{}, err
	}
	digest := sha256.Sum256([]byte(dir))
	return Instance{Name: name, ID: fmt.Sprintf("%s-%x", name, digest[:2]), Dir: dir}, nil
}

// Link is the name of the network interface that joins the machine to the node.
func (i Instance) Link() string { return "lc-" + i.ID }

// Cgroup is the control group below which the kubelet keeps its pods.
func (i Instance) Cgroup() string { return "localcluster-" + i.ID }

// Path is a path in the instance's folder.
func (i Instance) Path(elements ...string) string {
	return filepath.Join(append([]string{i.Dir}, elements...)...)
}

// Kubeconfig is the file with which people and tools reach the cluster as its administrator.
func (i Instance) Kubeconfig() string { return i.Path("kubeconfig") }

// Addresses are those of one instance: 10.Block.0.0/16 is its own.
type Addresses struct {
	Block int `json:"block"`
}

// Blocks from 160 on are rarely used by home networks, Docker or Kubernetes defaults.
const (
	firstBlock = 160
	blocks     = 90
)

func (a Addresses) prefix(third, fourth byte, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(a.Block), third, fourth}), bits)
}

// All is every address of the instance.
func (a Addresses) All() netip.Prefix { return a.prefix(0, 0, 16) }

// Host is the machine's end of the link, with the link's prefix.
func (a Addresses) Host() netip.Prefix { return a.prefix(0, 1, 30) }

// Node is the node's end of the link, with the link's prefix.
func (a Addresses) Node() netip.Prefix { return a.prefix(0, 2, 30) }

// Services are the cluster IPs.
func (a Addresses) Services() netip.Prefix { return a.prefix(64, 0, 20) }

// API is the cluster IP of the kubernetes Service, the first of Services.
func (a Addresses) API() netip.Addr { return a.prefix(64, 1, 32).Addr() }

// DNS is the cluster IP of the cluster's name server.
func (a Addresses) DNS() netip.Addr { return a.prefix(64, 10, 32).Addr() }

// Pods are the addresses of pods: more than the kubelet's 110 of them.
func (a Addresses) Pods() netip.Prefix { return a.prefix(128, 0, 24) }

// Addresses returns those chosen by an earlier Choose.
func (i Instance) Addresses() (Addresses, error) {
	data, err := os.ReadFile(i.Path("addresses.json"))
	if err != nil {
		return Addresses{}, err
	}
	var a Addresses
	if err := json.Unmarshal(data, &a); err != nil {
		return Addresses{}, fmt.Errorf("%s: %w", i.Path("addresses.json"), err)
	}
	return a, nil
}

// Choose returns the instance's addresses and keeps them: those it had, or the
// first block, from one that the ID gives, of which taken is false.
func (i Instance) Choose(taken func(netip.Prefix) bool) (Addresses, error) {
	kept, err := i.Addresses()
	if err == nil {
		if taken(kept.All()) {
			return kept, fmt.Errorf("the addresses %s of this cluster are used by something else on this machine (ip route); "+
				"free them, or remove the cluster with down", kept.All())
		}
		return kept, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	digest := sha256.Sum256([]byte(i.ID))
	for n := range blocks {
		a := Addresses{Block: firstBlock + (int(digest[0])+n)%blocks}
		if taken(a.All()) {
			continue
		}
		data, err := json.Marshal(a)
		if err != nil {
			return a, err
		}
		return a, os.WriteFile(i.Path("addresses.json"), data, 0o600)
	}
	return Addresses{}, fmt.Errorf("no free block of addresses from 10.%d.0.0/16 to 10.%d.0.0/16",
		firstBlock, firstBlock+blocks-1)
}
