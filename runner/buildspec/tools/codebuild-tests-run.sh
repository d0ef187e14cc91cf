#!/bin/sh
# codebuild-tests-run --test-command COMMAND --files-search COMMAND [--sharding-strategy equal-distribution|stability]
#
# Runs the tests of this build's share of the files that --files-search prints. The builds of a fan-out know their share
# by CODEBUILD_SHARD_INDEX and CODEBUILD_SHARD_COUNT; any other build has all files. The files are added to the command,
# unless it reads CODEBUILD_CURRENT_SHARD_FILES itself. Plain POSIX, so that it runs in every build image.
fail() {
    echo "codebuild-tests-run: $1" >&2
    exit 2
}

command='' search='' strategy=equal-distribution
while [ $# -gt 0 ]; do
    case $1 in
    --*=*)
        name=${1%%=*} value=${1#*=}
        shift
        ;;
    --*)
        [ $# -gt 1 ] || fail "$1 lacks its value"
        name=$1 value=$2
        shift 2
        ;;
    *) fail "'$1' is not known; give --test-command, --files-search and --sharding-strategy" ;;
    esac
    case $name in
    --test-command) command=$value ;;
    --files-search) search=$value ;;
    --sharding-strategy) strategy=$value ;;
    *) fail "'$name' is not known; give --test-command, --files-search and --sharding-strategy" ;;
    esac
done
[ -n "$command" ] || fail "--test-command is missing"
[ -n "$search" ] || fail "--files-search is missing"
case $strategy in
equal-distribution | stability) ;;
*) fail "the sharding strategy '$strategy' is not known; use equal-distribution or stability" ;;
esac

index=${CODEBUILD_SHARD_INDEX:-0} count=${CODEBUILD_SHARD_COUNT:-1}
found=$(sh -c "$search") || fail "the files search failed: $search"
sorted=$(printf '%s\n' "$found" | grep -v '^[[:space:]]*$' | LC_ALL=C sort -u)

# equal-distribution: neighbours in the alphabet stay together, and no share is larger than another by more than one.
# stability: each file goes where its name and the share's number give the highest hash, so that a new file moves none of
# the others, and one share more only takes files away from each.
share=$(printf '%s\n' "$sorted" | LC_ALL=C awk -v index_="$index" -v count="$count" -v strategy="$strategy" '
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    function hash(text, seed,    i, value) {
        value = 17 + seed * 7919
        for (i = 1; i <= length(text); i++)
            value = (value * 131 + code[substr(text, i, 1)]) % 2147483647
        for (i = 0; i < 3; i++)
            value = (value * 48271 + seed) % 2147483647
        return value
    }
    function place(text,    i, best, highest, value) {
        highest = -1
        for (i = 0; i < count; i++)
            if ((value = hash(text, i + 1)) > highest) {
                highest = value
                best = i
            }
        return best
    }
    $0 != "" { files[n++] = $0 }
    END {
        for (i = 0; i < n; i++) {
            if (strategy == "stability")
                at = place(files[i])
            else
                at = i < (n % count) * (int(n / count) + 1) ? int(i / (int(n / count) + 1)) \
                    : (n % count) + int((i - (n % count) * (int(n / count) + 1)) / int(n / count))
            if (at == index_ + 0)
                print files[i]
        }
    }')

if [ -z "$share" ]; then
    echo "codebuild-tests-run: no test files for this build (share $((index + 1)) of $count)"
    exit 0
fi
CODEBUILD_CURRENT_SHARD_FILES=$share
export CODEBUILD_CURRENT_SHARD_FILES
echo "codebuild-tests-run: share $((index + 1)) of $count, $(printf '%s\n' "$share" | wc -l | tr -d ' ') file(s)"

case $command in
*CODEBUILD_CURRENT_SHARD_FILES*) exec sh -c "$command" ;;
esac
set -f
IFS='
'
set -- $share
unset IFS
exec sh -c "$command \"\$@\"" sh "$@"
