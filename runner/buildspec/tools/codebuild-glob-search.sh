#!/bin/sh
# codebuild-glob-search PATTERN...: the files that match, one on a line, sorted. `*` is any run of characters within one
# part of a path, `?` one character, `**` any number of parts. Plain POSIX, so that it runs in every build image.
set -f
if [ $# -eq 0 ]; then
    echo "codebuild-glob-search: no pattern was given; write codebuild-glob-search 'tests/**/*.js'" >&2
    exit 2
fi

# The pattern as a regular expression. The two control characters stand for what must not be escaped again.
parts=$(printf '\001')
rest=$(printf '\002')
expression() {
    printf '%s\n' "$1" | sed -e 's/[].[\^$+(){}|]/\\&/g' -e "s#\*\*/#$parts#g" -e "s#\*\*#$rest#g" \
        -e 's#\*#[^/]*#g' -e 's#?#[^/]#g' -e "s#$parts#(.*/)?#g" -e "s#$rest#.*#g"
}

# Where to begin: what stands in front of the first part with a wildcard.
folder() {
    fixed=$(printf '%s\n' "$1" | sed -e 's/[*?].*//' -e 's#[^/]*$##')
    printf '%s' "${fixed:-./}"
}

for pattern; do
    pattern=${pattern#./}
    from=$(folder "$pattern")
    [ -d "$from" ] || continue
    find "$from" -type f -o -type l 2>/dev/null | sed -e 's#//*#/#g' -e 's#^\./##' | grep -E "^$(expression "$pattern")\$"
done | LC_ALL=C sort -u
