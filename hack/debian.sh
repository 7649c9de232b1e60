# shellcheck shell=bash
# Base images without a registry, made by debootstrap and kept among buildah's images. Source it after lib.sh.

# need_buildah: the chroot isolation used here needs neither a daemon nor a runtime, but root.
need_buildah() {
	if ((EUID)); then cannot "images are built as root: sudo $0 …"; fi
	need_system buildah debootstrap
}

# alone NAME waits until nobody else builds these images in this checkout: two would build everything twice. The lock is
# that of the open file and goes with the process.
alone() {
	mkdir -p "$TOOLS"
	exec 9>"$TOOLS/$1.lock"
	if flock --nonblock 9; then return; fi
	say "waiting for another build of the same images"
	flock 9
}

# need_debian IMAGE PACKAGE… makes IMAGE of Debian 12 with these packages once, and anew when the way it is made changes.
need_debian() {
	local image=$1 key container root log=$TOOLS/debootstrap.log
	key=$({ declare -f need_debian && echo "$*"; } | cksum)
	if [[ $(buildah inspect --type image --format '{{index .OCIv1.Config.Labels "key"}}' "$image" 2>/dev/null) == "$key" ]]; then
		return
	fi
	say "making $image with debootstrap (once, about a minute)"
	mkdir -p "$TOOLS"
	container=$(buildah from scratch)
	root=$(buildah mount "$container")
	debootstrap --variant=minbase --include="$(tr ' ' , <<<"${*:2}")" bookworm "$root" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		buildah rm "$container" >/dev/null
		cannot "debootstrap failed"
	}
	rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* \
		"$root"/var/log/*.log "$root"/usr/share/{man,info,locale}/*
	# Nobody reads manuals in a container; the licences stay.
	printf 'path-exclude=/usr/share/%s/*\n' doc man info locale >"$root/etc/dpkg/dpkg.cfg.d/slim"
	echo 'path-include=/usr/share/doc/*/copyright' >>"$root/etc/dpkg/dpkg.cfg.d/slim"
	find "$root/usr/share/doc" ! -type d ! -name copyright -delete
	# What python: has, Debian leaves to a package of its own.
	if [[ -e $root/usr/bin/python3 ]]; then ln -s python3 "$root/usr/bin/python"; fi
	buildah config --label "key=$key" --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
	buildah commit --quiet --rm "$container" "$image" >&2
}
