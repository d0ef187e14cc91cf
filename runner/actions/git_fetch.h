/*
 * The git program, to bring objects into a mirror.
 */
#ifndef RUNNER_ACTIONS_GIT_FETCH_H
#define RUNNER_ACTIONS_GIT_FETCH_H

#include "runner/job.h"

struct git_remote {
    const char *url;      /* checked with actions/git_names.h, as are the next three */
    const char *branch;   /* or a tag's name; NULL: what the repository's HEAD names */
    const char *ref;      /* where the commit is, if the branch does not lead to it: "refs/pull/7/head"; or NULL */
    const char *commit;   /* or NULL: the head of that */
    const char *username; /* or NULL */
    const char *password;
    bool tags;     /* all tags too: a whole repository is asked for */
    bool insecure; /* whatever certificate the server shows */
};

#define GIT_PASSING "SystemUnavailable" /* an error's code where the same fetch may succeed in a moment */
#define GIT_MIRROR_LOCK "penstock.lock" /* in the mirror: who fetches into it holds this file */

/* The mirror's folder, made where it is missing; empty then. */
bool git_mirror(struct job *job, const char *url, const char **out, struct err *err);

/* Makes the folder a repository, where it is none. With the mirror locked. */
bool git_mirror_init(struct job *job, const char *mirror, struct err *err);

/* Packs what many fetches left, where there is much of it; takes seconds at most, and nobody waits for it. */
void git_tidy(const char *mirror);

/* Runs git with nothing of this machine's configuration; `remote` (or NULL) signs in. Its output, of a bounded size, is
 * in *result whatever its exit code. Errors: it could not be run, or the job was stopped. */
struct spawn_result;
bool git_run(struct job *job, const char *const *arguments, const struct git_remote *remote,
             struct spawn_result *result, struct err *err);

/* The line of its output in which git says why; "" where there is none. */
const char *git_reason(struct arena *arena, const char *output);

/* Fetches; *ref is where the mirror has what the branch (tag, HEAD) names. Where `commit` is given and the branch does
 * not hold it (any more), the commit itself is fetched. A mirror that can take no fetch any more (a killed git left its
 * lock, a branch stands where a folder of branches is to be) is emptied and filled anew. With the mirror locked. */
bool git_fetch(struct job *job, const char *mirror, const struct git_remote *remote, const char **ref, struct err *err);

#endif
