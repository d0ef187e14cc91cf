/*
 * The patterns of a set of artifacts, of a report or of the cache as absolute paths in the container: expanded by its
 * shell, base directory in front.
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

bool artifact_paths_read(struct build *build, const char *base_directory, const struct buildspec_list *files,
                         struct artifact_paths *out, struct err *err);

/* An absolute path without "." and ".." parts and doubled slashes. False where it climbs above the root. */
bool artifact_clean_path(struct arena *arena, const char *path, const char **out);

#endif
