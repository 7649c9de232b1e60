package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v11/controller"
)

// claimed is what a claim of 1 GiB asks for, once the scheduler has chosen the node.
func claimed(reclaim core.PersistentVolumeReclaimPolicy) controller.ProvisionOptions {
	return controller.ProvisionOptions{
		PVName:       "pvc-1",
		StorageClass: &storage.StorageClass{ReclaimPolicy: &reclaim},
		SelectedNode: &core.Node{ObjectMeta: meta.ObjectMeta{Name: "n", Labels: map[string]string{core.LabelHostname: "here"}}},
		PVC: &core.PersistentVolumeClaim{Spec: core.PersistentVolumeClaimSpec{
			AccessModes: []core.PersistentVolumeAccessMode{core.ReadWriteOnce},
			Resources: core.VolumeResourceRequirements{
				Requests: core.ResourceList{core.ResourceStorage: resource.MustParse("1Gi")},
			},
		}},
	}
}

func openFolders(t *testing.T) (f *folders, dir string) {
	t.Helper()
	dir = t.TempDir()
	f, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.root.Close() })
	return f, dir
}

func TestAVolumeIsAFolderOfItsNodeAndKeepsTheClassesPolicy(t *testing.T) {
	f, dir := openFolders(t)
	for range 2 { // once more, as after the provisioner was killed in between
		volume, state, err := f.Provision(t.Context(), claimed(core.PersistentVolumeReclaimRetain))
		if err != nil || state != controller.ProvisioningFinished {
			t.Fatal(state, err)
		}
		info, err := os.Stat(filepath.Join(dir, "pvc-1"))
		if err != nil || info.Mode() != fs.ModeDir|0o755 {
			t.Errorf("folder: %v, %v", info, err)
		}
		spec := volume.Spec
		size := spec.Capacity[core.ResourceStorage]
		terms := spec.NodeAffinity.Required.NodeSelectorTerms
		if spec.Local.Path != filepath.Join(dir, "pvc-1") || size.String() != "1Gi" ||
			spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimRetain ||
			len(terms) != 1 || terms[0].MatchExpressions[0].Values[0] != "here" {
			t.Errorf("got %+v", spec)
		}
	}
}

func TestWhatAVolumeCannotBeIsRefusedAndMakesNoFolder(t *testing.T) {
	for want, change := range map[string]func(*controller.ProvisionOptions){
		"ReadWriteMany": func(o *controller.ProvisionOptions) {
			o.PVC.Spec.AccessModes = []core.PersistentVolumeAccessMode{core.ReadWriteMany}
		},
		"selector":             func(o *controller.ProvisionOptions) { o.PVC.Spec.Selector = &meta.LabelSelector{} },
		"WaitForFirstConsumer": func(o *controller.ProvisionOptions) { o.SelectedNode = nil },
		"escapes":              func(o *controller.ProvisionOptions) { o.PVName = "../pvc-1" },
	} {
		f, dir := openFolders(t)
		options := claimed(core.PersistentVolumeReclaimDelete)
		change(&options)
		volume, state, err := f.Provision(t.Context(), options)
		if volume != nil || state != controller.ProvisioningFinished || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, %v", want, volume, state, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v (%v)", want, left, err)
		}
	}
}

func TestAVolumeIsRemovedAndNothingElse(t *testing.T) {
	f, dir := openFolders(t)
	volume, _, err := f.Provision(t.Context(), claimed(core.PersistentVolumeReclaimDelete))
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// What a pod may leave: a link that leads out, a folder that its owner alone may enter.
	if err := os.Symlink(filepath.Dir(kept), filepath.Join(volume.Spec.Local.Path, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(volume.Spec.Local.Path, "data", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 { // once more: one that is gone is removed
		if err := f.Delete(t.Context(), volume); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "pvc-1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what the link led to is gone: %v", err)
	}
}

func TestAVolumeOfSomebodyElseIsNotRemoved(t *testing.T) {
	f, dir := openFolders(t)
	volume, _, err := f.Provision(t.Context(), claimed(core.PersistentVolumeReclaimDelete))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, "/", filepath.Join(dir, "pvc-2"), ""} {
		other := volume.DeepCopy()
		other.Spec.Local.Path = path
		if err := f.Delete(t.Context(), other); err == nil {
			t.Errorf("%q was removed", path)
		}
	}
	if _, err := os.Stat(volume.Spec.Local.Path); err != nil {
		t.Error(err)
	}
}
