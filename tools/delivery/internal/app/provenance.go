package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"example.com/mlops-platform/tools/delivery/internal/github"
	"example.com/mlops-platform/tools/delivery/internal/images"
)

// The build type that GitHub describes for its workflows. actions.github.io/buildtypes/workflow/v1
const buildType = "https://actions.github.io/buildtypes/workflow/v1"

// The parts of SLSA's predicate that are known of a run. slsa.dev/provenance/v1
type (
	predicate struct {
		BuildDefinition buildDefinition `json:"buildDefinition"`
		RunDetails      runDetails      `json:"runDetails"`
	}
	buildDefinition struct {
		BuildType            string         `json:"buildType"`
		ExternalParameters   map[string]any `json:"externalParameters"`
		InternalParameters   map[string]any `json:"internalParameters"`
		ResolvedDependencies []dependency   `json:"resolvedDependencies"`
	}
	dependency struct {
		URI    string            `json:"uri"`
		Digest map[string]string `json:"digest"`
	}
	runDetails struct {
		Builder  builder  `json:"builder"`
		Metadata metadata `json:"metadata"`
	}
	builder struct {
		ID string `json:"id"`
	}
	metadata struct {
		InvocationID string `json:"invocationId"`
	}
)

// provenance says where, of which commit and on which base this run builds.
func provenance(_ context.Context, o *options) error {
	base, digest, _ := strings.Cut(o.args[0], "@")
	if !images.IsDigest(digest) {
		return usageError{fmt.Errorf("provenance: %q is no image with a digest", o.args[0])}
	}
	g := o.github
	workflow, ref, ok := strings.Cut(g.Workflow, "@")
	if !ok || g.SHA == "" {
		return fmt.Errorf("GITHUB_WORKFLOW_REF is %q, GITHUB_SHA is %q: only a job of GitHub's has a provenance",
			g.Workflow, g.SHA)
	}
	source := g.Server + "/" + g.Repository
	encoded, err := json.MarshalIndent(predicate{
		buildDefinition{
			BuildType: buildType,
			ExternalParameters: map[string]any{"workflow": map[string]string{
				"ref": ref, "repository": source, "path": strings.TrimPrefix(workflow, g.Repository+"/"),
			}},
			InternalParameters: map[string]any{"github": internal(g)},
			ResolvedDependencies: []dependency{
				{"git+" + source + "@" + g.Ref, map[string]string{"gitCommit": g.SHA}},
				{"docker://" + base, map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}},
			},
		},
		runDetails{
			builder{g.Server + "/" + g.Workflow},
			metadata{g.RunURL() + "/attempts/" + g.RunAttempt},
		},
	}, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "%s\n", encoded)
	return nil
}

func internal(g *github.Environment) map[string]string {
	return map[string]string{
		"event_name": g.Event, "repository_id": g.RepositoryID, "repository_owner_id": g.OwnerID,
		"runner_environment": g.Runner,
	}
}
