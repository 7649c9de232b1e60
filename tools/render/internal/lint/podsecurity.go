package lint

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/report"
)

var _ = register(Rule{
	ID:     "pod-security",
	What:   "The namespace enforces a Pod Security level that these pods do not meet: the API server would refuse them.",
	Remedy: "set the security context as the message asks; lower the namespace's level only for pods that cannot meet it",
	Check:  checkPodSecurity,
})

// checkPodSecurity asks the API server's own evaluator. Namespaces that are not
// part of the render have no known level.
func checkPodSecurity(in *Input, find func(report.Finding)) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		panic(err) // the checks are those that the library itself ships
	}
	levels := enforced(in.Cluster)
	for _, o := range in.Cluster.Objects() {
		level, ok := levels[o.GetNamespace()]
		if !ok || level.Level == psa.LevelPrivileged {
			continue
		}
		template, path := podTemplate(o)
		if template == nil {
			continue
		}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec))
		for i, reason := range result.ForbiddenReasons {
			find(report.Finding{Object: o, Path: path,
				Message: "violates " + level.String() + ": " + detail(reason, result.ForbiddenDetails[i])})
		}
	}
}

func detail(reason, more string) string {
	if more == "" {
		return reason
	}
	return reason + " (" + more + ")"
}

// enforced reads the level of each rendered namespace; none means privileged.
func enforced(c *cluster.Cluster) map[string]psa.LevelVersion {
	out := map[string]psa.LevelVersion{}
	defaults := psa.Policy{Enforce: psa.LevelVersion{Level: psa.LevelPrivileged, Version: psa.LatestVersion()}}
	for _, o := range c.Objects() {
		if o.GetKind() == "Namespace" && o.GetAPIVersion() == "v1" {
			p, _ := psa.PolicyToEvaluate(o.GetLabels(), defaults) // a bad label is a schema-invalid finding
			out[o.GetName()] = p.Enforce
		}
	}
	return out
}

// podTemplates is where the pods of a workload are described.
var podTemplates = map[string][]string{
	"PodTemplate":           {"template"},
	"ReplicationController": {"spec", "template"},
	"ReplicaSet":            {"spec", "template"},
	"Deployment":            {"spec", "template"},
	"StatefulSet":           {"spec", "template"},
	"DaemonSet":             {"spec", "template"},
	"Job":                   {"spec", "template"},
	"CronJob":               {"spec", "jobTemplate", "spec", "template"},
	"Rollout":               {"spec", "template"},
}

// podTemplate returns the pod of a workload and the path of its spec, or nil.
func podTemplate(o *cluster.Object) (*corev1.PodTemplateSpec, string) {
	steps, ok := podTemplates[o.GetKind()]
	if !ok && o.GetKind() != "Pod" {
		return nil, ""
	}
	object := o.Object
	for _, s := range steps {
		next, isMap := object[s].(map[string]any)
		if !isMap {
			return nil, ""
		}
		object = next
	}
	t := &corev1.PodTemplateSpec{}
	if runtime.DefaultUnstructuredConverter.FromUnstructured(object, t) != nil {
		return nil, "" // a schema-invalid finding
	}
	return t, strings.Join(append(steps, "spec"), ".")
}
