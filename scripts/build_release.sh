#!/bin/bash
# Builds the programs as their users do, and prints TAP: scripts/build_release.sh FOLDER. The dashboard must have been
# built (scripts/build.sh): tests may be looking at it meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
log=$folder.log
mkdir -p "$(dirname "$folder")"

build() {
    [ -f "$folder/build.ninja" ] || meson setup "$folder" --buildtype=release || return 1
    ninja -C "$folder" server/penstock-server runner/penstock-runner cli/penstock
}

echo 1..1
if build >"$log" 2>&1; then
    echo "ok 1 - the programs build as ./demo builds them"
else
    tail -25 "$log" | sed 's/^/# /'
    echo "not ok 1 - the programs build as ./demo builds them"
fi
