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
    const char *username; /* who signed in; or NULL, as is the next */
    const char *password;
    const char *mirror;     /* for git_tidy(), when the job is over */
    const char *repository; /* a zip of the `.git` folder that goes with it, where it was asked for; else NULL */
    const struct fetched_module *modules;
    size_t module_count;
};

/* A submodule: what belongs into a folder of the source. */
struct fetched_module {
    const char *path;
    const char *zip;
};

struct fetch_request {
    const struct json *source; /* as in wire.h: {url, …} */
    const char *name;          /* of the files made in the job's folder: "source" */
    bool repository;           /* a `.git` folder too, as deep as the source's depth says */
};

/* Does what job->message->source asks for; user "runner" without a password stands for this runner's own token. Errors:
 * ERR_INVALID (URL or name), ERR_NOT_FOUND (branch, commit), ERR_DENIED, ERR_UNAVAILABLE. */
bool fetch_source(struct job *job, struct fetched *out, struct err *err);

/* The same of any source, with its submodules where it wants them. */
bool fetch_from(struct job *job, const struct fetch_request *request, struct fetched *out, struct err *err);

#endif
