#!/bin/sh
# Formats all C files of the project, or those given: tests/source/format.sh [FILE...]
set -e
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard '*.c' '*.h')
for file; do
    [ ! -f "$file" ] || clang-format -i "$file"
done
