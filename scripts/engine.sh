#!/bin/bash
# A Docker engine for the demo and the tests.
#
#   scripts/engine.sh start STATE   uses the engine that runs (DOCKER_HOST, else /var/run/docker.sock), or starts one
#                                   whose data, sockets and log all lie in the folder STATE; prints its address
#   scripts/engine.sh stop STATE    ends the engine that `start` started there, and removes its data; nothing else
#
# The engine is Debian's dockerd, which brings its own containerd; no systemd is needed.
set -euo pipefail

fail() {
    echo "engine: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian's, where another one lies earlier on PATH.
docker=/usr/bin/docker
[ -x $docker ] || docker=docker

answers() {
    DOCKER_HOST=$1 timeout 20 "$docker" version --format '{{.Server.Version}}' >/dev/null 2>"$state/version.log"
}

# A process is the one we started if it has that id and began at that moment: ids are given out again.
start_of() {
    # The second field is the program's name and may hold blanks. A process that has ended and that nobody asked about
    # (Z) is gone; in a container without an init nobody ever will.
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" && $1 != "X" { print $20 }'
}

# ended SECONDS: true when the engine we started has ended within that time.
ended() {
    local deadline=$((SECONDS + $1))
    while ours >/dev/null; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}

# Prints the process id of the engine we started, where it still runs.
ours() {
    [ -f "$state/ours" ] || return 1
    local pid began
    read -r pid began <"$state/ours"
    [ "$(start_of "$pid")" = "$began" ] || return 1
    echo "$pid"
}

# Two engines in one network break each other's firewall rules, so a second one is not started.
refuse_second_engine() {
    local process pid
    for process in $(grep -l -x dockerd /proc/[0-9]*/comm 2>/dev/null || true); do
        pid=$(cut -d/ -f3 <<<"$process")
        [ "$(readlink "/proc/$pid/ns/net" 2>/dev/null)" = "$(readlink /proc/self/ns/net)" ] || continue
        fail "a Docker engine runs (process $pid) but does not listen at '$address': set DOCKER_HOST to its address"
    done
}

explain_no_answer() {
    if grep -q 'permission denied' "$state/version.log"; then
        fail "the Docker engine at '$address' refuses user '$(id -un)': run 'sudo usermod -aG docker $(id -un)' and log in again, or run this as root"
    fi
    [ -z "${DOCKER_HOST:-}" ] || fail "no Docker engine answers at '$address' (DOCKER_HOST): $(tail -1 "$state/version.log")"
}

# The engine's own sentence about why it gave up, without its decoration.
reason_in_log() {
    sed -n 's/.*level=\(error\|fatal\|warning\) msg="\?\([^"]*\)"\?.*/\2/p; /^failed to/p' "$1" | tail -1
}

start_own() {
    command -v dockerd >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v dockerd >/dev/null ||
        fail "there is no dockerd on this machine: install Debian's docker.io"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "starting a Docker engine needs root: run this as root, or install sudo"
    # Socket paths end at 107 bytes, and containerd makes its own some way below ours.
    local run=$state/run
    [ ${#run} -le 60 ] || run=$(mktemp -d /tmp/penstock-engine.XXXXXX)
    echo "$run" >"$state/run-folder"
    mkdir -p "$run" "$state/data"
    address=unix://$run/docker.sock
    # setsid: Ctrl-C in the terminal is not meant for the engine.
    as_root env PATH="$PATH:/usr/sbin:/sbin" setsid -f dockerd --data-root "$state/data" --exec-root "$run/exec" --pidfile "$run/pid" \
        --host "$address" --group "$(id -g)" >"$state/log" 2>&1 </dev/null
    wait_for_own "$run"
    echo "$address" >"$state/address"
    echo "$address"
}

wait_for_own() {
    local run=$1 deadline=$((SECONDS + 60)) pid=
    # dockerd tells of its readiness only by answering.
    until [ -n "$pid" ] && answers "$address"; do
        if [ -z "$pid" ] && [ -s "$run/pid" ]; then
            pid=$(cat "$run/pid")
            echo "$pid $(start_of "$pid")" >"$state/ours"
        fi
        if [ -n "$pid" ] && ! ours >/dev/null || grep -q -E '^failed to (start|load|create)|level=fatal' "$state/log"; then
            fail "the Docker engine does not start: $(reason_in_log "$state/log") (log: '$state/log')"
        fi
        [ $SECONDS -lt $deadline ] || fail "the Docker engine did not answer within a minute (log: '$state/log')"
        sleep 0.1
    done
}

start() {
    mkdir -p "$state"
    if ours >/dev/null && answers "$(cat "$state/address")"; then
        cat "$state/address"
        return
    fi
    address=${DOCKER_HOST:-unix:///var/run/docker.sock}
    if answers "$address"; then
        echo "$address"
        return
    fi
    explain_no_answer
    refuse_second_engine
    stop
    mkdir -p "$state"
    start_own
}

stop() {
    local pid run
    if pid=$(ours); then
        as_root kill "$pid"
        if ! ended 30; then
            as_root kill -KILL "$pid"
            ended 10 || fail "the Docker engine (process $pid) does not end"
        fi
    fi
    [ -f "$state/run-folder" ] || return 0
    read -r run <"$state/run-folder"
    unmount_below "$run" "$state/data"
    as_root rm -rf --one-file-system "$run" "$state"
}

# What an engine that was killed left mounted.
unmount_below() {
    local folder
    for folder; do
        awk -v below="$(realpath -m "$folder")/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
            while read -r mounted; do as_root umount "$mounted" || true; done
    done
}

[ $# = 2 ] || { echo "usage: scripts/engine.sh start|stop STATE" >&2; exit 2; }
state=$(realpath -m "$2")
case $1 in
start | stop) "$1" ;;
*) echo "usage: scripts/engine.sh start|stop STATE" >&2; exit 2 ;;
esac
