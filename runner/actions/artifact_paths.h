/*
 * The patterns of a set of artifacts as absolute paths in the container: variables filled in, base directory in front.
 */
#ifndef RUNNER_ACTIONS_ARTIFACT_PATHS_H
#define RUNNER_ACTIONS_ARTIFACT_PATHS_H

#include "runner/actions/build.h"

struct artifact_pattern {
    const char *written; /* as in the buildspec */
    const char *full;    /* "/codebuild/output/src1/src/dist/main.js" */
    size_t base_parts;   /* how many parts of a match are not stored; counted, because a base may be a pattern */
    bool matched;
};

struct artifact_paths {
    struct artifact_pattern *patterns;
    size_t count;
};

bool artifact_paths_read(struct build *build, const struct buildspec_artifacts *set, struct artifact_paths *out,
                         struct err *err);

/* An absolute path without "." and ".." parts and doubled slashes. False where it climbs above the root. */
bool artifact_clean_path(struct arena *arena, const char *path, const char **out);

/* The text with $NAME and ${NAME} replaced by the values of those names; one that is not set becomes nothing. */
const char *artifact_expand(struct arena *arena, const char *text, const char *const *names, const char *const *values,
                            size_t count);

/* The names of variables in a text, added to the list. */
void artifact_variables(struct arena *arena, const char *text, const char ***names, size_t *count, size_t *capacity);

#endif
