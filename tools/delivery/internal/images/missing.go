package images

import (
	"cmp"
	"slices"
)

// use is an image in an environment, with the entry that says so.
type use struct {
	image Image
	pin   Pin
}

// uses pairs each entry of an environment with the image that the sources of now make of it.
func uses(root, environment string, images []Image) ([]use, error) {
	rooms, err := Rooms(root)
	if err != nil {
		return nil, err
	}
	var found []use
	for _, room := range rooms {
		pins, err := Pins(root, OverlayFile(room, environment))
		if err != nil {
			return nil, err
		}
		for _, pin := range pins {
			if image, err := Find(images, pin.Image, pin.Variant()); err == nil {
				found = append(found, use{image, pin})
			}
		}
	}
	slices.SortFunc(found, func(a, b use) int {
		return cmp.Or(cmp.Compare(a.pin.File, b.pin.File), cmp.Compare(a.pin.Name, b.pin.Name))
	})
	return found, nil
}

// Missing lists the images of every service of which an environment runs another build than the sources of now make,
// all variants of it. A build that failed, or that nobody accepted yet, stays missing until it is there.
func Missing(root, environment string, images []Image) ([]Image, error) {
	used, err := uses(root, environment, images)
	if err != nil {
		return nil, err
	}
	stale := map[string]bool{}
	for _, u := range used {
		if u.pin.Tag != u.image.Tag || !IsDigest(u.pin.Digest) {
			stale[u.image.Service] = true
		}
	}
	missing := []Image{}
	for _, image := range images {
		if stale[image.Service] {
			missing = append(missing, image)
		}
	}
	return missing, nil
}
