package diff

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

// item is one object of one side.
type item struct {
	o   *cluster.Object
	app string // key of its Application, "" for the root file
}

// identity is what makes two objects one in a cluster.
type identity struct {
	destination     string
	kind            schema.GroupKind
	namespace, name string
	nr              int // among objects with one generateName
}

type pair struct{ from, to item }

// matched are the objects of both sides, sorted out.
type matched struct {
	pairs       []pair
	gone, fresh []item
}

// items lists the objects of a side in order, those of the root file first.
func items(c *cluster.Cluster) []item {
	if c == nil {
		return nil
	}
	var out []item
	for _, o := range c.Given {
		out = append(out, item{o, ""})
	}
	for _, a := range c.Apps {
		for _, o := range a.Objects {
			out = append(out, item{o, a.Key})
		}
	}
	return out
}

func identityOf(i item) identity {
	id := identity{kind: i.o.GroupVersionKind().GroupKind(), namespace: i.o.GetNamespace(), name: label(i.o)}
	if i.o.App != nil {
		d := i.o.App.Destination()
		id.destination = d.Server + " " + d.Name
	}
	return id
}

// match pairs objects by identity: within their Application first, because two
// Applications may claim one object, then anywhere in the cluster.
func match(base, tree []item) matched {
	type claim struct {
		identity
		app string
	}
	count := map[claim]int{}
	claimOf := func(i item) claim {
		c := claim{identityOf(i), i.app}
		if i.o.GetName() == "" {
			count[c]++
			c.nr = count[c]
		}
		return c
	}
	own := map[claim]item{}
	for _, i := range base {
		own[claimOf(i)] = i
	}
	clear(count)
	var m matched
	taken := map[*cluster.Object]bool{}
	var rest []item
	for _, i := range tree {
		if from, ok := own[claimOf(i)]; ok {
			m.pairs = append(m.pairs, pair{from, i})
			taken[from.o] = true
			continue
		}
		rest = append(rest, i)
	}
	left := map[identity]item{}
	for _, i := range base {
		if !taken[i.o] && i.o.GetName() != "" {
			left[identityOf(i)] = i
		}
	}
	for _, i := range rest {
		id := identityOf(i)
		if from, ok := left[id]; ok && i.o.GetName() != "" {
			m.pairs = append(m.pairs, pair{from, i})
			taken[from.o] = true
			delete(left, id)
			continue
		}
		m.fresh = append(m.fresh, i)
	}
	for _, i := range base {
		if !taken[i.o] {
			m.gone = append(m.gone, i)
		}
	}
	return m
}
