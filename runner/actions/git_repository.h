/*
 * A repository for a build: what CodeBuild's clone leaves in the source folder. Made out of the mirror, so that it is
 * as deep as asked whatever the mirror has, and that no password or path of this machine is in it.
 */
#ifndef RUNNER_ACTIONS_GIT_REPOSITORY_H
#define RUNNER_ACTIONS_GIT_REPOSITORY_H

#include "runner/job.h"

struct git_repository_request {
    const char *mirror; /* locked */
    const char *url;    /* for its remote "origin" */
    const char *branch; /* for refs/remotes/origin; or NULL */
    const char *commit; /* HEAD is detached at it, as CodeBuild's is */
    int64_t depth;      /* commits; 0: all */
    bool tags;
    const char *name; /* of the files in the job's folder */
};

/* *zip holds what belongs into the folder `.git`: objects, refs, an index of the commit. */
bool git_repository(struct job *job, const struct git_repository_request *request, const char **zip, struct err *err);

#endif
