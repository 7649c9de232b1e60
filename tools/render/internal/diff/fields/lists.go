package fields

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lists compares two lists by the identities of their elements, or by the longest
// run of equal elements where they have none.
func (c *comparison) lists(p path, from, to []any, s Schema, keys []string) {
	for _, key := range identities(keys) {
		a, ok := index(from, key)
		if !ok {
			continue
		}
		if b, ok := index(to, key); ok {
			c.keyed(p, a, b, s)
			return
		}
	}
	c.aligned(p, from, to, s)
}

// identities are the fields that may identify an element, the best first: what
// the schema says; with the protocol, without which the ports of DNS are one;
// and what identifies elements nearly everywhere.
func identities(declared []string) [][]string {
	var out [][]string
	if len(declared) > 0 {
		out = append(out, declared)
		if !slices.Contains(declared, "protocol") {
			out = append(out, append(slices.Clone(declared), "protocol"))
		}
	}
	return append(out, []string{"name"}, []string{"key"}, []string{"id"})
}

// keyedList is a list whose elements have an identity each.
type keyedList struct {
	order  []string
	values map[string]any
	places map[string]int
}

// index finds the elements of a list by identity; ok is false if some have none,
// or two have the same.
func index(list []any, key []string) (keyedList, bool) {
	out := keyedList{values: make(map[string]any, len(list)), places: make(map[string]int, len(list))}
	for i, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			return out, false
		}
		id, ok := identity(m, key)
		if _, again := out.values[id]; !ok || again {
			return out, false
		}
		out.order = append(out.order, id)
		out.values[id], out.places[id] = v, i
	}
	return out, true
}

// identity writes "name=web". The first field of a key must be there.
func identity(m map[string]any, key []string) (string, bool) {
	var parts []string
	for i, k := range key {
		switch v := m[k].(type) {
		case string, int64, float64, bool:
			parts = append(parts, fmt.Sprintf("%s=%v", k, v))
		case nil:
			if i == 0 {
				return "", false
			}
		default:
			return "", false
		}
	}
	return strings.Join(parts, ","), true
}

func (c *comparison) keyed(p path, from, to keyedList, s Schema) {
	var before, after []string
	for _, id := range from.order {
		if _, both := to.values[id]; both {
			before = append(before, id)
		}
		c.values(p.element(id, to.places[id]), from.values[id], to.values[id], s, nil)
	}
	for _, id := range to.order {
		if _, both := from.values[id]; both {
			after = append(after, id)
			continue
		}
		c.add(p.element(id, to.places[id]), Added, nil, to.values[id])
	}
	if !slices.Equal(before, after) {
		c.add(p, Reordered, asList(before), asList(after))
	}
}

func asList(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// aligned compares lists without identities: what both hold in the same order
// stays, and what lies between is compared in pairs.
func (c *comparison) aligned(p path, from, to []any, s Schema) {
	i, j := 0, 0
	for _, m := range append(common(from, to), match{len(from), len(to)}) {
		for i < m.from && j < m.to {
			c.values(p.element(strconv.Itoa(j), j), from[i], to[j], s, nil)
			i, j = i+1, j+1
		}
		for ; i < m.from; i++ {
			c.add(p.element(strconv.Itoa(i), i), Removed, from[i], nil)
		}
		for ; j < m.to; j++ {
			c.add(p.element(strconv.Itoa(j), j), Added, nil, to[j])
		}
		i, j = m.from+1, m.to+1
	}
}

type match struct{ from, to int }

// maxCells bounds the table of common, 8 MB. Longer lists are compared in pairs.
const maxCells = 1 << 20

// common is the longest common subsequence of two lists.
func common(from, to []any) []match {
	start := 0
	for start < len(from) && start < len(to) && Equal(from[start], to[start]) {
		start++
	}
	var out []match
	for i := range start {
		out = append(out, match{i, i})
	}
	n, m := len(from)-start, len(to)-start
	if n*m > maxCells {
		return out
	}
	length := make([][]int, n+1)
	for i := range length {
		length[i] = make([]int, m+1)
	}
	same := func(i, j int) bool { return Equal(from[start+i], to[start+j]) }
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(i, j) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case same(i, j):
			out = append(out, match{start + i, start + j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}
