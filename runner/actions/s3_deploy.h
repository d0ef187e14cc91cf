/*
 * A deploy of static files under way: what the files actions/s3_deploy*.c share. Its steps are functions of their own,
 * so that a release can hold several. What it puts into the bucket is additive; an object that it must write over is
 * copied below ".penstock/before/" first, by which it is put back.
 */
#ifndef RUNNER_ACTIONS_S3_DEPLOY_H
#define RUNNER_ACTIONS_S3_DEPLOY_H

#include "runner/actions/deployment.h"
#include "runner/actions/static_files.h"
#include "runner/archive/tree.h"
#include "runner/aws/s3.h"

struct s3_deploy_file {
    const char *key;
    struct tree_file file; /* below the root; its path is NULL where it is the artifact as it is */
    enum static_rank rank;
    struct static_headers headers;
};

/* What is wanted: an action's configuration, or a release's member. */
struct s3_deploy_plan {
    const char *bucket;
    bool extract;
    const char *object_key; /* "" where there is none; its placeholders are not filled yet */
    struct s3_object_settings rights;
    struct static_rules rules;
    int64_t keep;         /* KeepReleases; 0: all files stay, and no manifests are kept */
    const char *artifact; /* NULL: the first */
};

/* Reads the job's configuration. Errors: ERR_INVALID. */
bool s3_deploy_plan_read(const struct job *job, struct s3_deploy_plan *out, struct err *err);

struct s3_deploy {
    struct job *job;
    struct deployment_report *report;
    struct arena *arena;
    struct s3 s3;
    const char *id; /* of this deploy, always the same: what is put aside for it lies under that name */
    const char *artifact;
    const char *bucket;
    const char *prefix; /* of the keys: "" or "site/" */
    const char *target; /* "s3/bucket/site/" */
    struct s3_object_settings rights;
    struct static_rules rules;
    int64_t keep;     /* KeepReleases; 0: all files stay, and no manifests are kept */
    int64_t began_ms; /* of the first attempt */
    const char *zip;  /* the artifact */
    const char *root; /* where it is unpacked; NULL: Extract is false */
    const struct s3_deploy_file *files;
    size_t count;
    _Atomic size_t uploaded, unchanged, replaced; /* replaced: those that are kept aside */
    _Atomic size_t left;                          /* of an undo: somebody else has written them since */
    _Atomic bool blind; /* nobody can tell what is written over: there is no right to; said once */
};

/* `id`: the action execution's, or that and the name of a release's member. `mark`: {beganMs} of an earlier holder, or
 * NULL. */
void s3_deploy_init(struct s3_deploy *deploy, struct job *job, struct deployment_report *report,
                    const struct s3_deploy_plan *plan, const char *id, const struct json *mark);

/* Fetches the artifact and looks through it; changes nothing. */
bool s3_deploy_prepare(struct s3_deploy *deploy, struct err *err);

/* Removes what older releases left and nobody needs, uploads in the order of ranks, writes the manifest. May be done
 * again after a crash. */
bool s3_deploy_apply(struct s3_deploy *deploy, struct err *err);

/* It stays: what was kept for an undo is removed. */
bool s3_deploy_settle(struct s3_deploy *deploy, struct err *err);

/* Objects that were written over are as before, *count of them; deploy->left, which somebody else has written since,
 * are not. Needs s3_deploy_init() only. */
bool s3_deploy_undo(struct s3_deploy *deploy, size_t *count, struct err *err);

/* ---- s3_deploy_keep.c ---- */

bool s3_deploy_remove_unused(struct s3_deploy *deploy, struct err *err);
bool s3_deploy_write_manifest(struct s3_deploy *deploy, struct err *err);
const char *s3_deploy_manifest_key(struct s3_deploy *deploy);

/* ---- s3_deploy_work.c ---- */

/* Does `one` for each number below `count`, several at a time, each with an S3 and an arena of its own. Ends at the
 * first failure. */
struct s3_work {
    struct s3_deploy *deploy;
    size_t count;
    bool (*one)(struct s3_deploy *deploy, struct s3 *s3, struct arena *arena, size_t number, const void *context,
                struct err *err);
    const void *context;
};
bool s3_work_run(const struct s3_work *work, struct err *err);

/* The objects that lie below `prefix`. */
bool s3_deploy_list(struct s3_deploy *deploy, const char *prefix, const struct s3_object **out, size_t *count,
                    struct err *err);

/* Deletes those keys. */
bool s3_deploy_delete(struct s3_deploy *deploy, const char *const *keys, size_t count, struct err *err);

#endif
