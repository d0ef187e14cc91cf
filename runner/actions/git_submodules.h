/* The submodules of a source: each from its own mirror, at the commit that the source names. */
#ifndef RUNNER_ACTIONS_GIT_SUBMODULES_H
#define RUNNER_ACTIONS_GIT_SUBMODULES_H

#include "runner/actions/fetch.h"
#include "runner/actions/git_fetch.h"

/* Adds those of `out` (fetched by `request` from `remote`), and theirs, to out->modules. Passwords of `remote` go to
 * submodules of the same host only. Errors: of fetch_from, wrapped with the submodule's path; ERR_LIMIT. */
bool git_submodules(struct job *job, const struct fetch_request *request, const struct git_remote *remote,
                    struct fetched *out, struct err *err);

#endif
