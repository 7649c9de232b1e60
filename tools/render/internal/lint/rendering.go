package lint

import "example.com/mlops-platform/tools/render/internal/report"

// The rules of this file are found while applications are expanded and
// rendered; the expand package names them.

var _ = register(Rule{
	ID:     "render-failed",
	What:   "Argo CD could not generate the manifests of this source.",
	Remedy: "mend the file that the message names; kustomize build or helm template show the same",
})

var _ = register(Rule{
	ID:     "application-invalid",
	What:   "Argo CD could not read this Application.",
	Remedy: "compare the field with the Application specification",
})

var _ = register(Rule{
	ID:     "application-cycle",
	What:   "An application declares one that is above it.",
	Remedy: "let each Application be declared by one parent",
})

var _ = register(Rule{
	ID:     "application-duplicate",
	What:   "Two applications declare the same Application.",
	Remedy: "remove one of the two declarations, or rename it",
})

var _ = register(Rule{
	ID:     "application-depth",
	What:   "The applications declare each other without an end.",
	Remedy: "end the recursion: a template must not declare its own successor",
})

var _ = register(Rule{
	ID:     "link-outside",
	What:   "Git tracks a symbolic link that leaves the repository: Argo CD then refuses every source of it.",
	Remedy: "replace the link by the file, or by a relative link that stays inside",
})

var _ = register(Rule{
	ID:     "object-duplicate",
	What:   "One application renders an object twice; Argo CD applies the last and only warns.",
	Remedy: "remove one of the two",
})

var _ = register(Rule{
	ID:     "object-shared",
	What:   "Two applications render the same object: each overwrites what the other applied.",
	Remedy: "let one application own the object",
})

var _ = register(Rule{
	ID:     "key-duplicate",
	What:   "A mapping has one key twice: Argo CD takes the last and drops the first without a word.",
	Remedy: "remove one of the two",
})

var _ = register(Rule{
	ID:       "file-ignored",
	Severity: report.Warning,
	What:     "Argo CD passes over this, or does something else with it than it seems, without an error.",
	Remedy:   "mend what the message names, or exclude the file from the source",
})

var _ = register(Rule{
	ID:       "output-unstable",
	Severity: report.Warning,
	What:     "The template gives another output at each render: the application is never in sync for long.",
	Remedy:   "make the value once, outside of the chart, and pass it in",
})
