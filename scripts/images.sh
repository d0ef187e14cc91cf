#!/bin/bash
# Makes the base images of the demo and the tests on the spot, from programs of this machine and one Debian package, so
# that no image registry is needed:
#
#   penstock/busybox   busybox-static: a shell, the usual tools, a small web server
#   penstock/build     the same plus bash and the docker command line: what the demo's builds run in
#   penstock/h2o       the H2O web server with the libraries it stands on
#   penstock/engine    dockerd and what it calls, for builds with an engine of their own; only made where it is named
#
#   scripts/images.sh make CACHE [NAME...]   makes what the engine at DOCKER_HOST lacks (of these: "build"), and prints
#                                            the names of those made
#   scripts/images.sh remove NAME...         removes these again
set -euo pipefail

docker=/usr/bin/docker
[ -x $docker ] || docker=docker
label=penstock.base-image

fail() {
    echo "images: $*" >&2
    exit 1
}

# An image is made again when this script changes.
version=$(sha256sum "$0" | cut -c1-12)

is_made() {
    [ "$("$docker" image inspect --format "{{index .Config.Labels \"$label\"}}" "penstock/$1" 2>/dev/null)" = "$version" ]
}

# root NAME: an empty root folder.
new_root() {
    root=$work/$1
    mkdir -p "$root"/{bin,dev,etc,lib,lib64,proc,root,run,sys,usr/bin,usr/sbin,var}
    mkdir -m 1777 "$root/tmp"
    echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false' >"$root/etc/passwd"
    echo 'root:x:0:
nogroup:x:65534:' >"$root/etc/group"
}

add_busybox() {
    [ -x /bin/busybox ] || fail "'/bin/busybox' is missing: install Debian's busybox-static"
    cp /bin/busybox "$root/bin/busybox"
    local applet
    for applet in $(/bin/busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
    done
    ln -s /bin/env "$root/usr/bin/env"
}

# add_program FILE PATH: a program and every library it needs, each library where the program looks for it.
add_program() {
    install -D -m 755 "$1" "$root$2"
    local libraries library
    libraries=$(ldd "$1" 2>/dev/null) || return 0 # a static program
    ! grep -q 'not found' <<<"$libraries" || fail "'$1' needs libraries that are not installed: $(grep 'not found' <<<"$libraries" | cut -d' ' -f1 | xargs)"
    for library in $(grep -o '/[^ ]*' <<<"$libraries"); do
        install -D "$library" "$root$library"
    done
}

import() {
    local name=$1
    shift
    tar -C "$root" --owner=0 --group=0 --numeric-owner -c . |
        "$docker" import --change "LABEL $label=$version" --change 'ENV PATH /usr/local/bin:/usr/bin:/usr/sbin:/bin' "$@" - "penstock/$name" >/dev/null
}

make_busybox() {
    new_root busybox
    add_busybox
    import busybox --change 'CMD ["/bin/sh"]'
}

make_build() {
    new_root build
    add_busybox
    add_program "$(command -v "$docker")" /usr/bin/docker
    add_program "$(command -v bash)" /bin/bash
    import build --change 'CMD ["/bin/sh"]'
}

make_h2o() {
    fetch_h2o
    new_root h2o
    add_program "$cache/h2o/usr/bin/h2o" /usr/bin/h2o
    import h2o --change 'CMD ["/usr/bin/h2o", "-c", "/etc/h2o.conf"]'
}

make_engine() {
    new_root engine
    add_busybox
    local program file
    for program in dockerd containerd containerd-shim-runc-v2 runc docker-init docker-proxy; do
        file=$(PATH=$PATH:/usr/sbin:/sbin command -v "$program") || fail "'$program' is missing: install Debian's docker.io"
        add_program "$file" "/usr/bin/$program"
    done
    file=$(PATH=$PATH:/usr/sbin:/sbin command -v iptables) || fail "'iptables' is missing: install Debian's iptables"
    file=$(realpath "$file")
    add_program "$file" "$file"
    ln -s "${file##*/}" "$root/usr/sbin/iptables"
    ln -s "${file##*/}" "$root/usr/sbin/ip6tables"
    # What iptables loads by name.
    for file in /usr/lib/*-linux-*/xtables; do
        mkdir -p "$root${file%/*}"
        cp -r "$file" "$root${file%/*}"
    done
    import engine
}

# The package is unpacked, not installed: installing it would start a web server on this machine.
fetch_h2o() {
    [ ! -x "$cache/h2o/usr/bin/h2o" ] || return 0
    mkdir -p "$cache/package"
    rm -f "$cache"/package/h2o_*.deb
    if ! (cd "$cache/package" && apt-get -o APT::Sandbox::User=root download h2o) >"$work/log" 2>&1; then
        # A machine that never asked for the list of packages has none.
        (if [ "$(id -u)" = 0 ]; then apt-get update -q; else sudo apt-get update -q; fi &&
            cd "$cache/package" && apt-get -o APT::Sandbox::User=root download h2o) >>"$work/log" 2>&1 ||
            fail "cannot fetch Debian's package h2o: $(grep '^E:' "$work/log" | tail -1)"
    fi
    rm -rf "$cache/h2o.new"
    dpkg-deb -x "$cache"/package/h2o_*.deb "$cache/h2o.new"
    mv -T "$cache/h2o.new" "$cache/h2o"
}

make() {
    cache=$(realpath -m "$1")
    local names=("${@:2}")
    [ ${#names[@]} -gt 0 ] || names=(busybox build h2o)
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    local name made=''
    for name in "${names[@]}"; do
        is_made $name && continue
        "make_$name"
        echo "penstock/$name"
        made=yes
    done
    # What an older version of this script made has lost its name by now. Not without need: images under way that are
    # built from these carry the label too, and have no name yet.
    [ -z "$made" ] || "$docker" image prune --force --filter "label=$label" >/dev/null
}

remove() {
    local image
    for image; do
        "$docker" image rm --force "$image" >/dev/null 2>&1 || true # one that a container still uses stays
    done
}

case ${1-} in
make) make "${2:?usage: scripts/images.sh make CACHE [NAME...]}" "${@:3}" ;;
remove) remove "${@:2}" ;;
*) echo "usage: scripts/images.sh make CACHE [NAME...] | remove NAME..." >&2; exit 2 ;;
esac
