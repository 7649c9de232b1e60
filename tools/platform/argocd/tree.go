package argocd

import "fmt"

// Tree draws the Applications as the root and its children, with what each is waiting for.
func Tree(all []Application) []string {
	lines := make([]string, len(all))
	for i, a := range all {
		branch := "├─ "
		switch {
		case a.Name() == Root:
			branch = ""
		case i == len(all)-1:
			branch = "└─ "
		}
		lines[i] = fmt.Sprintf("%s %-22s %-10s %-12s %s", a.mark(), branch+a.Name(), or(a.Status.Sync.Status, "Unknown"),
			or(a.Status.Health.Status, "-"), a.Trouble())
	}
	return lines
}

func (a Application) mark() string {
	switch {
	case a.Status.Health.Status == "Degraded" || a.Status.OperationState != nil &&
		(a.Status.OperationState.Phase == "Failed" || a.Status.OperationState.Phase == "Error"):
		return "✗"
	case a.Synced() && a.Healthy():
		return "✓"
	}
	return "…"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
