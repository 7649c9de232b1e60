package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v11/controller"
)

// folders makes and removes volumes, each a folder of its own in one folder.
type folders struct {
	// root resolves names: no link that a pod has left in its volume leads out of it.
	root *os.Root
}

var _ controller.Provisioner = (*folders)(nil)

func open(dir string) (*folders, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folders{root}, nil
}

// mode is that of a file system made afresh, as a volume of a cloud is: who
// writes there is root, or names an fsGroup, to which the kubelet gives it.
const mode = 0o755

// Provision makes the folder of a claim. It refuses what the class of the
// clusters on AWS refuses too, for it would work here alone.
func (f *folders) Provision(
	_ context.Context, o controller.ProvisionOptions,
) (*core.PersistentVolume, controller.ProvisioningState, error) {
	refuse := func(format string, args ...any) (*core.PersistentVolume, controller.ProvisioningState, error) {
		return nil, controller.ProvisioningFinished, fmt.Errorf(format, args...)
	}
	for _, access := range o.PVC.Spec.AccessModes {
		if access != core.ReadWriteOnce && access != core.ReadWriteOncePod {
			return refuse("access mode %s: only ReadWriteOnce and ReadWriteOncePod can be had", access)
		}
	}
	if o.PVC.Spec.Selector != nil {
		return refuse("a selector: no volume made for a claim has labels")
	}
	if o.SelectedNode == nil {
		return refuse("no node: the class must say volumeBindingMode: WaitForFirstConsumer")
	}
	if err := f.root.Mkdir(o.PVName, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return refuse("%w", err)
	}
	if err := f.root.Chmod(o.PVName, mode); err != nil { // whatever the umask is
		return refuse("%w", err)
	}
	size := o.PVC.Spec.Resources.Requests[core.ResourceStorage]
	fileSystem := core.PersistentVolumeFilesystem
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: o.PVName},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *o.StorageClass.ReclaimPolicy,
			AccessModes:                   o.PVC.Spec.AccessModes,
			VolumeMode:                    &fileSystem,
			Capacity:                      core.ResourceList{core.ResourceStorage: size},
			PersistentVolumeSource: core.PersistentVolumeSource{
				Local: &core.LocalVolumeSource{Path: filepath.Join(f.root.Name(), o.PVName)},
			},
			NodeAffinity: &core.VolumeNodeAffinity{Required: only(o.SelectedNode)},
		},
	}, controller.ProvisioningFinished, nil
}

// only is what the labels of one node meet.
func only(node *core.Node) *core.NodeSelector {
	return &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
		MatchExpressions: []core.NodeSelectorRequirement{{
			Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{node.Labels[core.LabelHostname]},
		}},
	}}}
}

// Delete removes the folder of a volume and all that is in it. One that is gone
// is removed.
func (f *folders) Delete(_ context.Context, v *core.PersistentVolume) error {
	local := v.Spec.Local
	if local == nil || local.Path != filepath.Join(f.root.Name(), v.Name) {
		return fmt.Errorf("volume %s is not a folder of %s that has its name", v.Name, f.root.Name())
	}
	return f.root.RemoveAll(v.Name)
}
