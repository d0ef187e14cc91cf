#!/bin/sh
# Fuzzes one target with clang's libFuzzer: tests/fuzz/run.sh TARGET [SECONDS]
# New inputs and crashes go to build-fuzz/; `tests/fuzz/run.sh TARGET merge` adds what reaches new code to the corpus.
set -e
cd "$(dirname "$0")/../.."
target=$1
seconds=${2:-60}
[ -f "tests/fuzz/$target.c" ] || { echo "no target '$target'; there are: buildspec chunked cron demux deployfiles doc glob json report_json report_lcov report_xml sigv4 wire xml" >&2; exit 2; }

room= # what the target tries besides common
case $target in
buildspec) room=$(echo runner/buildspec/*.c) ;;
chunked) room=server/api/s3/chunked.c ;;
demux) room=runner/docker/demux.c ;;
deployfiles) room=$(echo runner/deployfiles/*.c) ;;
cron | glob) room=$(echo server/triggers/*.c) ;;
report_*) room=$(echo runner/reports/*.c runner/xml/*.c) ;;
xml) room="runner/aws/xml.c runner/xml/xml_read.c" ;;
esac
out=build-fuzz
mkdir -p "$out/$target"
clang -std=gnu17 -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
    -D_GNU_SOURCE '-DPENSTOCK_VERSION="fuzz"' -I. \
    $(pkg-config --cflags expat libcjson libcurl libpcre2-8 libsodium yaml-0.1) common/*.c $room "tests/fuzz/$target.c" \
    -o "$out/$target-fuzzer" $(pkg-config --libs expat libcjson libcurl libpcre2-8 libsodium yaml-0.1) -lm

seeds=tests/fuzz/corpus/$target
if [ "$seconds" = merge ]; then
    exec "$out/$target-fuzzer" -merge=1 -use_counters=0 -max_len=300 "$seeds" "$out/$target"
fi
[ "$target" != buildspec ] || seeds="$seeds tests/data/good-buildspec tests/data/bad-buildspec"
[ "$target" != deployfiles ] || seeds="$seeds tests/data/good-deploy tests/data/bad-deploy"
[ "$target" != doc ] || seeds="$seeds tests/data/doc/good tests/data/doc/bad"
case $target in
report_*) seeds="$seeds $(find tests/data/reports -mindepth 1 -type d | tr '\n' ' ')" ;;
esac
dictionary=
[ ! -f "tests/fuzz/$target.dict" ] || dictionary=-dict=tests/fuzz/$target.dict
# 50 ms is what a bomb may cost (the sanitizers make all of it some five times slower).
exec "$out/$target-fuzzer" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=65536 $dictionary \
    -artifact_prefix="$out/$target-" "$out/$target" $seeds
