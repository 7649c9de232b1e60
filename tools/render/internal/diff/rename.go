package diff

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

// An object counts as renamed if most of what it says is what one says that is
// gone. Below minLeaves every object of a kind says the same.
const (
	minAlike  = 0.7
	minLeaves = 4
	// maxPairs bounds the comparison of each with each.
	maxPairs = 10_000
)

// hashed is the end that kustomize gives to a generated name: it follows from the
// contents, so new contents give a new name.
var hashed = regexp.MustCompile(`^(.+)-[2456789bcdfghkmt]{10}$`)

// renames takes pairs of one kind with like contents out of gone and fresh.
func (m *matched) renames() (pairs []pair) {
	type candidate struct {
		from, to int
		score    float64
	}
	var candidates []candidate
	before, after := leavesOf(m.gone), leavesOf(m.fresh)
	if len(m.gone)*len(m.fresh) > maxPairs {
		return nil
	}
	for i, from := range m.gone {
		for j, to := range m.fresh {
			if score := alike(from, to, before[i], after[j]); score >= minAlike {
				candidates = append(candidates, candidate{i, j, score})
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	usedFrom, usedTo := map[int]bool{}, map[int]bool{}
	for _, c := range candidates {
		if !usedFrom[c.from] && !usedTo[c.to] {
			usedFrom[c.from], usedTo[c.to] = true, true
			pairs = append(pairs, pair{m.gone[c.from], m.fresh[c.to]})
		}
	}
	m.gone, m.fresh = dropped(m.gone, usedFrom), dropped(m.fresh, usedTo)
	return pairs
}

func dropped(in []item, used map[int]bool) []item {
	var out []item
	for i, it := range in {
		if !used[i] {
			out = append(out, it)
		}
	}
	return out
}

// alike scores two objects between 0 and 1.
func alike(from, to item, before, after map[string]int) float64 {
	a, b := identityOf(from), identityOf(to)
	if a.kind != b.kind || a.destination != b.destination || from.o.GetName() == "" || to.o.GetName() == "" {
		return 0
	}
	x, y := hashed.FindStringSubmatch(a.name), hashed.FindStringSubmatch(b.name)
	if x != nil && y != nil && x[1] == y[1] && a.namespace == b.namespace {
		return 2 // before all that is only alike
	}
	common, total := 0, 0
	for leaf, n := range before {
		common += min(n, after[leaf])
		total += n
	}
	for _, n := range after {
		total += n
	}
	if total < 2*minLeaves {
		return 0
	}
	return 2 * float64(common) / float64(total)
}

func leavesOf(in []item) []map[string]int {
	out := make([]map[string]int, len(in))
	for i, it := range in {
		out[i] = map[string]int{}
		leaves(out[i], "", withoutName(it.o))
	}
	return out
}

// withoutName is what an object says about anything but itself. Of a Secret that
// is not its values: that two are equal is nobody's business.
func withoutName(o *cluster.Object) map[string]any {
	object := o.Object
	if isSecret(o.Unstructured) {
		object = mask(o.Unstructured, nil, 0).Object
	}
	out := map[string]any{}
	for k, v := range object {
		if k != "apiVersion" && k != "kind" {
			out[k] = v
		}
	}
	if meta, ok := out["metadata"].(map[string]any); ok {
		kept := map[string]any{}
		for k, v := range meta {
			if k != "name" && k != "namespace" {
				kept[k] = v
			}
		}
		out["metadata"] = kept
	}
	return out
}

// leaves counts the scalars of a value by where they are; places in lists do not
// matter.
func leaves(out map[string]int, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, c := range v {
			leaves(out, path+"."+strconv.Quote(k), c)
		}
	case []any:
		for _, c := range v {
			leaves(out, path+"[]", c)
		}
	default:
		text, err := json.Marshal(v)
		if err == nil {
			out[path+"="+string(text)]++
		}
	}
}
