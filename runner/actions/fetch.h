/*
 * A commit of a repository as a zip: fetched with the git program into a mirror kept in the state folder, read with
 * libgit2. Nothing is ever checked out.
 */
#ifndef RUNNER_ACTIONS_FETCH_H
#define RUNNER_ACTIONS_FETCH_H

#include "runner/job.h"

struct fetched {
    const char *zip; /* in the job's folder */
    const char *commit;
    const char *branch;      /* or NULL */
    const char *message;     /* without line breaks at its end */
    const char *author_date; /* "2026-11-23T05:37:00Z" */
    const char *committer_date;
    int64_t committed_ms;
    const char *mirror; /* for git_tidy(), when the job is over */
};

/* Does what job->message->source asks for: {url, branch?, ref?, commit?, username?, password?}; user "runner" without a
 * password stands for this runner's own token. Errors: ERR_INVALID (URL or
 * name), ERR_NOT_FOUND (branch, commit), ERR_DENIED, ERR_UNAVAILABLE. */
bool fetch_source(struct job *job, struct fetched *out, struct err *err);

#endif
