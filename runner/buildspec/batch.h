/*
 * `batch` of a buildspec: which builds a batch is made of. Pure: text in, list of groups out; a matrix and a fan-out
 * are multiplied out here, so that the server only sees groups.
 *
 * CodeBuild names no identifiers for the builds of a matrix and of a fan-out. Here they are build0, build1, … and
 * shard0, shard1, …, in the order in which the file names the values, the first one changing last.
 *
 * https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html
 */
#ifndef RUNNER_BUILDSPEC_BATCH_H
#define RUNNER_BUILDSPEC_BATCH_H

#include "runner/buildspec/buildspec.h"

#define BATCH_BUILDS_MAX 100     /* CodeBuild's, where a project sets no maximumBuildsAllowed */
#define BATCH_IDENTIFIER_MAX 128 /* characters */

/* What a build's environment has instead of the project's; NULL: nothing. */
struct batch_environment {
    const char *compute_type;
    const char *fleet; /* never together with compute_type */
    const char *image;
    const char *type; /* "LINUX_CONTAINER" */
    bool sets_privileged;
    bool privileged;
    const struct buildspec_variable *variables;
    size_t variable_count;
};

struct batch_group {
    const char *identifier;
    const char *buildspec;            /* path, or NULL: the batch's own */
    struct buildspec_list depends_on; /* identifiers of others */
    bool ignore_failure;
    struct batch_environment environment;
    size_t shard;       /* of a fan-out: which one, from 0 */
    size_t shard_count; /* how many there are; 0: no fan-out */
    int line;           /* where it begins in the file */
    int column;
};

struct batch {
    const char *kind; /* "build-list", … */
    bool fast_fail;
    const struct batch_group *groups;
    size_t group_count;
    struct buildspec_list notices; /* lines for the log */
};

/* `most`: how many builds there may be. Errors: ERR_INVALID, code "YAML_FILE_ERROR", with file, line and column: no
 * `batch`, not exactly one kind of it, a bad or doubled identifier, an unknown dependency, a cycle (named), more builds
 * than `most`. */
bool batch_parse(struct arena *arena, const char *file, const char *text, size_t size, size_t most, struct batch *out,
                 struct err *err);

/* As the wire carries it: {type, fastFail, groups: [{identifier, dependsOn, ignoreFailure, overrides}]}. */
struct json *batch_encode(struct arena *arena, const struct batch *batch);

#endif
