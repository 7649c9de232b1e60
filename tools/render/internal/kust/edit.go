package kust

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/kustomize/v5/commands/edit"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// override applies spec.source.kustomize. Argo CD does not pass it as options:
// it edits the application's own kustomization with `kustomize edit`, in this
// order (util/kustomize/kustomize.go of argo-cd 2.14), and so do we, in memory.
func override(v *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize, env *v1alpha1.Env) error {
	if o == nil {
		return nil
	}
	for _, args := range editCommands(o, env) {
		if err := runEdit(v, dir, args); err != nil {
			return err
		}
	}
	if o.Namespace != "" {
		if err := runEdit(v, dir, []string{"set", "namespace", "--", o.Namespace}); err != nil {
			return err
		}
	}
	if len(o.Patches) > 0 {
		if err := appendPatches(v, dir, o.Patches); err != nil {
			return err
		}
	}
	for _, c := range o.Components {
		if r, ok := ParseRemote(c); ok && !v.Exists("/"+dir+"/"+c) {
			return &NotOffline{File: dir, What: "component " + r.String(), Reason: "components of an Application must be local"}
		}
	}
	if len(o.Components) > 0 {
		return runEdit(v, dir, append([]string{"add", "component"}, o.Components...))
	}
	return nil
}

func editCommands(o *v1alpha1.ApplicationSourceKustomize, env *v1alpha1.Env) [][]string {
	var cmds [][]string
	if o.NamePrefix != "" {
		cmds = append(cmds, []string{"set", "nameprefix", "--", o.NamePrefix})
	}
	if o.NameSuffix != "" {
		cmds = append(cmds, []string{"set", "namesuffix", "--", o.NameSuffix})
	}
	if len(o.Images) > 0 {
		args := []string{"set", "image"}
		for _, i := range o.Images {
			args = append(args, env.Envsubst(string(i)))
		}
		cmds = append(cmds, args)
	}
	if len(o.Replicas) > 0 {
		args := []string{"set", "replicas"}
		for _, r := range o.Replicas {
			args = append(args, fmt.Sprintf("%s=%s", r.Name, r.Count.String()))
		}
		cmds = append(cmds, args)
	}
	if len(o.CommonLabels) > 0 {
		args := []string{"add", "label"}
		if o.ForceCommonLabels {
			args = append(args, "--force")
		}
		if o.LabelWithoutSelector {
			args = append(args, "--without-selector")
		}
		cmds = append(cmds, append(args, pairs(o.CommonLabels, env.Envsubst)...))
	}
	if len(o.CommonAnnotations) > 0 {
		args := []string{"add", "annotation"}
		if o.ForceCommonAnnotations {
			args = append(args, "--force")
		}
		subst := func(s string) string { return s }
		if o.CommonAnnotationsEnvsubst {
			subst = env.Envsubst
		}
		cmds = append(cmds, append(args, pairs(o.CommonAnnotations, subst)...))
	}
	return cmds
}

func pairs(m map[string]string, subst func(string) string) []string {
	out := make([]string, 0, len(m))
	for k, v := range m {
		out = append(out, k+":"+subst(v))
	}
	sort.Strings(out)
	return out
}

func runEdit(v *tree.View, dir string, args []string) error {
	deps := provider.NewDefaultDepProvider()
	cmd := edit.NewCmdEdit(v.In(dir), deps.GetFieldValidator(), deps.GetResourceFactory(), io.Discard)
	cmd.SetArgs(args)
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if err := cmd.Execute(); err != nil {
		return fmt.Errorf("%s: kustomize edit %s %s: %w", dir, args[0], args[1], err)
	}
	return nil
}

// appendPatches adds the Application's patches after those of the kustomization.
func appendPatches(v *tree.View, dir string, patches v1alpha1.KustomizePatches) error {
	return change(v, dir, func(k map[string]any) error {
		have, ok := k["patches"].([]any)
		if k["patches"] != nil && !ok {
			return fmt.Errorf("patches: want a list")
		}
		raw, err := json.Marshal(patches)
		if err != nil {
			return err
		}
		var more []any
		if err := json.Unmarshal(raw, &more); err != nil {
			return err
		}
		k["patches"] = append(have, more...)
		return nil
	})
}

// change rewrites the kustomization of a folder in the view.
func change(v *tree.View, dir string, edit func(map[string]any) error) error {
	file, err := findFile(v, dir)
	if err != nil {
		return err
	}
	data, err := v.ReadFile("/" + file)
	if err != nil {
		return err
	}
	k := map[string]any{}
	if err := yaml.Unmarshal(data, &k); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := edit(k); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	out, err := yaml.Marshal(k)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return v.WriteFile("/"+file, out)
}
