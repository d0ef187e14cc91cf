/*
 * The git program, to bring objects into a mirror.
 */
#ifndef RUNNER_ACTIONS_GIT_FETCH_H
#define RUNNER_ACTIONS_GIT_FETCH_H

#include "runner/job.h"

struct git_remote {
    const char *url; /* checked with actions/git_names.h, as are the next two */
    const char *branch;
    const char *commit; /* or NULL: the branch's head */
    const char *username; /* or NULL */
    const char *password;
};

/* The mirror's path, made where it is missing. */
bool git_mirror(struct job *job, const char *url, const char **out, struct err *err);

/* Fetches the branch; where `commit` is given and the branch does not hold it (any more), the commit itself. */
bool git_fetch(struct job *job, const char *mirror, const struct git_remote *remote, struct err *err);

#endif
