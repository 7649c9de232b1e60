package lint

import (
	"strings"

	"example.com/mlops-platform/tools/render/internal/images"
	"example.com/mlops-platform/tools/render/internal/report"
)

var _ = register(Rule{
	ID:     "image-unpinned",
	What:   "The image has no fixed version: what runs depends on when it was pulled.",
	Remedy: "give the image an exact tag or a digest, where the message points or in images of the overlay",
	Check: func(in *Input, find func(report.Finding)) {
		for _, o := range in.Cluster.Objects() {
			if o.GetKind() == "CustomResourceDefinition" || !o.Applied() {
				continue
			}
			for _, use := range images.Of(o.Object) {
				if reason := unpinned(use.Image); reason != "" {
					find(report.Finding{Object: o, Path: use.Path, Value: use.Image,
						Message: "image " + use.Image + " " + reason})
				}
			}
		}
	},
})

func unpinned(image string) string {
	if strings.Contains(image, "{{") {
		return "" // a workflow's parameter: known only when it runs
	}
	switch r := images.Parse(image); {
	case r.Digest != "":
		return ""
	case r.Tag == "":
		return "has no tag, which means latest"
	case r.Tag == "latest":
		return "uses the tag latest"
	}
	return ""
}
