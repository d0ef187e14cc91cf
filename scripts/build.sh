#!/bin/bash
# Builds the dashboard and the programs: scripts/build.sh FOLDER [MESON OPTION...]
# Prints nothing but one line for each part; what the tools say goes to FOLDER.log. The variable PROGRAMS says what is
# built (all, and the tests).
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
shift
log=$folder.log
mkdir -p "$(dirname "$folder")"
: >"$log"

run() {
    local what=$1
    shift
    if ! "$@" >>"$log" 2>&1; then
        tail -25 "$log" >&2
        echo "build: $what failed; all of its output is in '$log'" >&2
        exit 1
    fi
}

build_dashboard() {
    # npm writes this file last; a newer list of packages means that they are fetched again.
    if [ ! web/node_modules/.package-lock.json -nt web/package-lock.json ]; then
        run "fetching the dashboard's packages (npm ci)" npm --prefix web ci --no-audit --no-fund
    fi
    run "building the dashboard (npm run build)" npm --prefix web run build
}

started=$SECONDS
build_dashboard
if [ -f "$folder/build.ninja" ]; then
    run "meson configure" meson configure "$folder" "$@"
else
    run "meson setup" meson setup "$folder" "$@"
fi
read -ra programs <<<"${PROGRAMS-}"
run "ninja" ninja -C "$folder" "${programs[@]}"
echo "built in $((SECONDS - started)) s"
