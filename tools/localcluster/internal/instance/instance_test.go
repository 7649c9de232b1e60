package instance

import (
	"net/netip"
	"testing"
)

func TestTheSameNameInTwoFoldersIsTwoClusters(t *testing.T) {
	one, err := Named("local", "/a/out")
	if err != nil {
		t.Fatal(err)
	}
	other, err := Named("local", "/b/out")
	if err != nil {
		t.Fatal(err)
	}
	if one.ID == other.ID || one.Link() == other.Link() || one.Cgroup() == other.Cgroup() {
		t.Errorf("they share a name: %+v, %+v", one, other)
	}
}

func TestANameThatNoLinkCanHaveIsRefused(t *testing.T) {
	for _, name := range []string{"", "Local", "1st", "a-b", "toolongs", "../up"} {
		if i, err := Named(name, "/a"); err == nil {
			t.Errorf("%q was taken: %+v", name, i)
		}
	}
	longest, err := Named("seven77", "/a")
	if err != nil {
		t.Fatal(err)
	}
	if len(longest.Link()) > 15 {
		t.Errorf("%s has %d bytes; the kernel takes 15", longest.Link(), len(longest.Link()))
	}
}

func TestAddressesAreChosenOnceAndNotAmongTakenOnes(t *testing.T) {
	i := Instance{Name: "local", ID: "local-0000", Dir: t.TempDir()}
	free, err := i.Choose(func(netip.Prefix) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	again, err := i.Choose(func(netip.Prefix) bool { return false })
	if err != nil || again != free {
		t.Errorf("got %v (%v), had %v", again, err, free)
	}
	if _, err := i.Choose(func(p netip.Prefix) bool { return p == free.All() }); err == nil {
		t.Error("addresses that something else took meanwhile were used")
	}
	other := Instance{Name: "local", ID: "local-0000", Dir: t.TempDir()}
	next, err := other.Choose(func(p netip.Prefix) bool { return p == free.All() })
	if err != nil || next == free {
		t.Errorf("got %v (%v), which is taken", next, err)
	}
	if _, err := (Instance{Dir: t.TempDir()}).Choose(func(netip.Prefix) bool { return true }); err == nil {
		t.Error("addresses were found where all are taken")
	}
}

func TestLinkServicesAndPodsDoNotOverlap(t *testing.T) {
	a := Addresses{Block: firstBlock}
	ranges := []netip.Prefix{a.Node().Masked(), a.Services(), a.Pods()}
	for n, one := range ranges {
		if !a.All().Overlaps(one) {
			t.Errorf("%s is not the instance's", one)
		}
		for _, other := range ranges[n+1:] {
			if one.Overlaps(other) {
				t.Errorf("%s and %s overlap", one, other)
			}
		}
	}
	for _, address := range []netip.Addr{a.API(), a.DNS()} {
		if !a.Services().Contains(address) {
			t.Errorf("%s is no cluster IP", address)
		}
	}
}
