/*
 * `runtime-versions` against what the build image says that it has (its runtimes.yml): which version each one comes to,
 * and the commands that switch to it. Pure.
 *
 * https://docs.aws.amazon.com/codebuild/latest/userguide/runtime-versions.html
 */
#ifndef RUNNER_BUILDSPEC_RUNTIMES_H
#define RUNNER_BUILDSPEC_RUNTIMES_H

#include "runner/buildspec/buildspec.h"

#define RUNTIMES_FILE "/codebuild/image/config/runtimes.yml"

struct runtime_choice {
    const char *name;
    const char *version; /* of the image: "18" for 18, 18.x and latest */
    struct buildspec_list commands;
};

/* `wanted` with its variables expanded; `out` has room for as many. Exact versions, `3.x` (the highest of that major),
 * `latest`. Errors: ERR_INVALID, code "YAML_FILE_ERROR": no such runtime, no such version, or two that do not go
 * together. */
bool runtimes_choose(struct arena *arena, const struct json *image, const struct buildspec_runtime *wanted,
                     size_t count, struct runtime_choice *out, struct err *err);

#endif
