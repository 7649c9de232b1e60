package lint

import (
	"strconv"

	"github.com/argoproj/gitops-engine/pkg/sync/common"

	"example.com/mlops-platform/tools/render/internal/report"
)

var _ = register(Rule{
	ID:     "hook-unknown",
	What:   "Argo CD knows no hook of this name: the object is rendered and never applied, without an error.",
	Remedy: "write PreSync, Sync, PostSync, SyncFail, PreDelete, PostDelete or Skip, to the letter",
	Check: func(in *Input, find func(report.Finding)) {
		for _, o := range in.Cluster.Objects() {
			name, ok := o.GetAnnotations()[common.AnnotationKeyHook]
			if ok && len(o.Phases()) == 0 {
				find(report.Finding{Object: o, Path: "metadata.annotations[" + common.AnnotationKeyHook + "]", Value: name,
					Message: "hook " + strconv.Quote(name) + " is unknown"})
			}
		}
	},
})
