#!/bin/bash
# Installs the Debian packages that are missing: scripts/install.sh [--yes] GROUP...
# Groups: build (the programs), web (the dashboard), run (demo and tests run them), test (what only tests need).
# Asks once before it installs, unless --yes, CI or no terminal. Names every package before it touches anything.
set -euo pipefail

packages_of() {
    case $1 in
    build)
        # tzdata is what the server knows time zones from.
        echo gcc libc6-dev meson ninja-build pkgconf python3 git \
            libarchive-dev libcjson-dev libcmocka-dev libcurl4-openssl-dev libexpat1-dev libgit2-dev libmicrohttpd-dev \
            libmd-dev libpcre2-dev libsodium-dev libsqlite3-dev libyaml-dev tzdata
        ;;
    web)
        # Any Node.js from 18 on will do, wherever it came from.
        has_node || echo nodejs npm
        echo ca-certificates
        ;;
    run)
        # libssl3 and libstdc++6 are what the demo application's proxy stands on (scripts/images.sh).
        echo git docker.io iptables docker-registry busybox-static python3 python3-boto3 libssl3 libstdc++6 tzdata
        ;;
    test) echo awscli chromium chromium-driver clang-format file python3-pytest python3-selenium python3-yaml ;;
    *)
        echo "install: no group of packages is called '$1': build, web, run, test" >&2
        return 2
        ;;
    esac
}

has_node() {
    command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0] >= 18' 2>/dev/null)" = true ]
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

fail() {
    echo "install: $*" >&2
    exit 1
}

# apt-get as root, without a question, and without starting the services that a package brings: the registry's would
# listen on every address, and the engine is started by scripts/engine.sh where none runs.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    local policy=/usr/sbin/policy-rc.d
    local log
    log=$(mktemp)
    if [ ! -e "$policy" ]; then
        # Left behind, it would keep every later package from starting its service: it goes however this ends.
        trap "as_root rm -f '$policy'" EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    local result=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >>"$log" 2>&1 ||
        result=1
    if [ $result != 0 ]; then
        grep -E '^(E|Err):' "$log" | tail -5 >&2 || true
        fail "apt-get could not install: $*; its output is in '$log'"
    fi
    rm -f "$log"
    case " $* " in
    *" docker-registry "*)
        if [ -d /run/systemd/system ]; then as_root systemctl disable --now docker-registry >/dev/null 2>&1 || true; fi
        ;;
    esac
}

assume_yes=${CI:+1}
groups=()
for argument; do
    case $argument in
    --yes) assume_yes=1 ;;
    *) groups+=("$argument") ;;
    esac
done
[ ${#groups[@]} -gt 0 ] || { echo "usage: scripts/install.sh [--yes] GROUP..." >&2; exit 2; }

command -v dpkg-query >/dev/null || fail "this machine has no dpkg: penstock is built and tested on Debian 12"
missing=()
for group in "${groups[@]}"; do
    for package in $(packages_of "$group"); do
        is_installed "$package" || [[ " ${missing[*]-} " == *" $package "* ]] || missing+=("$package")
    done
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "missing Debian packages: ${missing[*]}"
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    fail "installing them needs root: run as root 'apt-get install --no-install-recommends ${missing[*]}'"
fi
if [ -z "$assume_yes" ] && [ -t 0 ] && [ -t 1 ]; then
    read -r -p "install them with apt-get? [Y/n] " answer
    case $answer in
    "" | y | Y | yes) ;;
    *) fail "nothing was installed, and without these packages there is no going on" ;;
    esac
fi
install_packages "${missing[@]}"
