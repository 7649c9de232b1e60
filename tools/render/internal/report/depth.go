package report

import "example.com/mlops-platform/tools/render/internal/cluster"

// depth counts the applications above one, for indentation.
func depth(a *cluster.Application) int {
	n := 0
	for p := a.Parent; p != nil; p = p.Parent {
		n++
	}
	return n
}
