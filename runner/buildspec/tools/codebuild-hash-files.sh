#!/bin/sh
# codebuild-hash-files PATTERN...: one SHA-256 over the names and contents of the files that match below the source
# folder, for keys of caches: `key: npm-$(codebuild-hash-files package-lock.json)`. The same files give the same text in
# every build. Where nothing matches it prints nothing and says so.
set -f
if [ $# -eq 0 ]; then
    echo "codebuild-hash-files: no pattern was given; write codebuild-hash-files package-lock.json 'lib/**/*.lock'" >&2
    exit 2
fi
if command -v sha256sum >/dev/null; then
    hash() { sha256sum; }
elif command -v shasum >/dev/null; then
    hash() { shasum -a 256; }
elif command -v openssl >/dev/null; then
    hash() { openssl dgst -sha256 -r; }
else
    echo "codebuild-hash-files: the build image has none of sha256sum, shasum and openssl" >&2
    exit 1
fi
cd "${CODEBUILD_SRC_DIR:-.}" || exit
tools=${0%/*}
files=$("$tools/codebuild-glob-search" "$@") || exit
if [ -z "$files" ]; then
    echo "codebuild-hash-files: no file matches $*" >&2
    exit 1
fi
printf '%s\n' "$files" | while IFS= read -r file; do
    printf '%s\n' "$file"
    hash <"$file"
done | hash | cut -c 1-64
