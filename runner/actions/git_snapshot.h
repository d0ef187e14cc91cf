/*
 * Reading a mirror with libgit2: the one file of the runner that knows it. The library is set up with the first use,
 * so that a runner which only builds stays small.
 */
#ifndef RUNNER_ACTIONS_GIT_SNAPSHOT_H
#define RUNNER_ACTIONS_GIT_SNAPSHOT_H

#include "runner/actions/fetch.h"

bool git_has_commit(const char *mirror, const char *commit);

/* The commit that the ref ("refs/heads/main") points to, through a tag object where there is one. Errors:
 * ERR_NOT_FOUND. */
bool git_ref_commit(struct arena *arena, const char *mirror, const char *ref, const char **commit, struct err *err);

/* Whether the commit has a file there; and the commit that a submodule at `path` is to be at: false where the commit
 * has no submodule there. */
bool git_has_path(const char *mirror, const char *commit, const char *path);
bool git_submodule_commit(struct arena *arena, const char *mirror, const char *commit, const char *path,
                          const char **out);

/* The commit's tree as a zip at out->zip, and its dates and message into *out. Submodules are left out
 * (actions/git_submodules.h has them), as CodePipeline does. The same commit gives the same bytes. Errors: ERR_LIMIT (1
 * GB, as AWS's), ERR_NOT_FOUND, ERR_INVALID. */
bool git_snapshot(struct arena *arena, const char *mirror, const char *commit, const char *zip_path,
                  bool (*interrupted)(void *context), void *context, struct fetched *out, struct err *err);

#endif
