package admit

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	podapi "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	"k8s.io/kubernetes/pkg/apis/batch"
	"k8s.io/kubernetes/pkg/apis/core"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
)

// tightened adds rules that ClusterVersion enforces on create and LibraryVersion does not. They come from comparing
// k8s.io/kubernetes/pkg/apis/*/validation v1.33.4 with v1.35.4, and go when the library has them.
type tightened struct {
	rest.RESTCreateStrategy
	more func(ctx context.Context, next rest.RESTCreateStrategy, object runtime.Object) field.ErrorList
}

// Validate implements rest.RESTCreateStrategy.
func (t tightened) Validate(ctx context.Context, object runtime.Object) field.ErrorList {
	return t.more(ctx, t.RESTCreateStrategy, object)
}

var (
	statefulSetStrategy = tightened{statefulset.Strategy, validateStatefulSet}
	autoscalerStrategy  = tightened{horizontalpodautoscaler.Strategy, validateAutoscaler}
	cronJobStrategy     = tightened{cronjob.Strategy, validateCronJob}
)

// validateStatefulSet also validates the pod template and the volume claim templates, which went unseen before 1.34.
func validateStatefulSet(ctx context.Context, next rest.RESTCreateStrategy, object runtime.Object) field.ErrorList {
	errs := next.Validate(ctx, object)
	spec := object.(*apps.StatefulSet).Spec
	for i := range spec.VolumeClaimTemplates {
		claim := &spec.VolumeClaimTemplates[i]
		errs = append(errs, corevalidation.ValidatePersistentVolumeClaimSpec(&claim.Spec,
			field.NewPath("spec", "volumeClaimTemplates").Index(i).Child("spec"),
			corevalidation.ValidationOptionsForPersistentVolumeClaim(claim, nil))...)
	}
	template := spec.Template.DeepCopy()
	template.Spec.Subdomain, template.Spec.Hostname = "", "" // the controller overwrites both
	template.Spec.Volumes = withClaims(template.Spec.Volumes, spec.VolumeClaimTemplates)
	return append(errs, corevalidation.ValidatePodTemplateSpec(template, field.NewPath("spec", "template"),
		podapi.GetValidationOptionsFromPodTemplate(template, nil))...)
}

// withClaims returns the volumes that a pod of a stateful set has: its own behind one for each claim, which wins over
// an own volume of the same name. Faults about own volumes keep their index in the template only without claims,
// exactly as in the API server.
func withClaims(own []core.Volume, claims []core.PersistentVolumeClaim) []core.Volume {
	if len(claims) == 0 {
		return own
	}
	var volumes []core.Volume
	for _, claim := range claims {
		volumes = append(volumes, core.Volume{Name: claim.Name, VolumeSource: core.VolumeSource{
			PersistentVolumeClaim: &core.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
		}})
	}
	for _, volume := range own {
		if !slices.ContainsFunc(claims, func(c core.PersistentVolumeClaim) bool { return c.Name == volume.Name }) {
			volumes = append(volumes, volume)
		}
	}
	return volumes
}

// validateAutoscaler also validates the API version of the scale target, which went unseen before 1.34.
func validateAutoscaler(ctx context.Context, next rest.RESTCreateStrategy, object runtime.Object) field.ErrorList {
	errs := next.Validate(ctx, object)
	spec := object.(*autoscaling.HorizontalPodAutoscaler).Spec
	at := field.NewPath("spec", "scaleTargetRef", "apiVersion")
	gv, err := schema.ParseGroupVersion(spec.ScaleTargetRef.APIVersion)
	switch {
	case err != nil:
		errs = append(errs, field.Invalid(at, spec.ScaleTargetRef.APIVersion, err.Error()))
	case gv.Group == "":
		errs = append(errs, field.Invalid(at, spec.ScaleTargetRef.APIVersion, "apiVersion must specify API group"))
	}
	for i, metric := range spec.Metrics {
		if metric.Object == nil {
			continue
		}
		version := metric.Object.DescribedObject.APIVersion
		if _, err := schema.ParseGroupVersion(version); err != nil {
			errs = append(errs, field.Invalid(
				field.NewPath("spec", "metrics").Index(i).Child("object", "describedObject", "apiVersion"), version, err.Error()))
		}
	}
	return errs
}

// validateCronJob refuses the schedules on which the library's parser panics, such as "TZ=UTC".
func validateCronJob(ctx context.Context, next rest.RESTCreateStrategy, object runtime.Object) (errs field.ErrorList) {
	defer func() {
		if r := recover(); r != nil {
			errs = field.ErrorList{field.Invalid(field.NewPath("spec", "schedule"),
				object.(*batch.CronJob).Spec.Schedule, fmt.Sprintf("is no schedule: %v", r))}
		}
	}()
	return next.Validate(ctx, object)
}
