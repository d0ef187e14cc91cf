/*
 * The messages between server and runner, both directions in one file: a struct each, with the functions that write it
 * as JSON and read it back. docs/doors.md says which door takes which. Readers check everything: a server must not
 * trust a runner's bytes, nor a runner a server's.
 *
 * All strings of a decoded message live in the arena given; members may be NULL where the comment says "or NULL".
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include "common/json.h"

struct wire_artifact {
    const char *name;
    const char *sha256; /* hex of the zip */
    int64_t size_bytes;
};

/* A job as a runner gets it. */
struct wire_job {
    const char *id;
    int64_t token;        /* the fence: goes with everything the runner sends about the job */
    int attempt;          /* 1 for the first time that somebody gets it */
    const char *provider; /* action_types.h */
    const char *category; /* "Build"; "Rule" for a rule of a stage's condition */
    const char *region;
    const char *account_id;
    const char *pipeline; /* NULL for a build that no pipeline started, as are the next four */
    const char *stage;
    const char *action;
    const char *execution_id;
    const char *action_execution_id;
    const struct json *configuration; /* object of texts, variables resolved */
    const struct wire_artifact *inputs;
    size_t input_count;
    const char *const *outputs; /* names of the artifacts to upload */
    size_t output_count;
    /* What to fetch, of source actions and of builds outside of pipelines, else NULL: {url, branch?, ref?, commit?,
     * username?, password?, secret? (of Secrets Manager, in the place of password), depth?, submodules?, insecure?}, or
     * {s3: "BUCKET/KEY", version?}. */
    const struct json *source;
    const struct json *secondary_sources; /* a list of the same with `identifier`, or NULL */
    const struct json *build;    /* CodeBuild, else NULL: the build as BatchGetBuilds shows it, plus `buildspec` */
    const char *const *commands; /* Commands, as are the next three: what to run, one line each */
    size_t command_count;
    const struct json *environment;      /* list of {name, value, type}, or NULL */
    const char *const *output_variables; /* names */
    size_t output_variable_count;
    const struct json *output_files; /* object: output artifact -> list of patterns; NULL, or no member: all files */
    const char *condition;           /* rules: "BEFORE_ENTRY", "ON_SUCCESS" or "ON_FAILURE", else NULL */
    const struct json *checkpoint;   /* what an earlier holder left with wire checkpoint, or NULL */
    bool cancelled;                  /* the job is to be undone, not done */
    int timeout_seconds;             /* for the whole job; 0: the action's own rule */
    const char *role_arn;            /* of the action: the role to work in, or NULL */
    const char *execution_type;      /* "STANDARD" or "ROLLBACK"; NULL outside of pipelines */
    const char *stopped_by;          /* cancelled: who asked (ARN), or NULL */
    const char *stop_reason;         /* and why, or NULL */
    /* ROLLBACK: what this action deployed in the execution that is gone back to (wire_result.deployment), or NULL where
     * nothing was recorded. */
    const struct json *earlier;
    const char *artifact_bucket;             /* the artifact store that the pipeline names (in this region), or NULL */
    const char *const *succeeded_executions; /* Deploy/S3: ids of the pipeline's, newest first, 100 at most */
    size_t succeeded_execution_count;
};

struct json *wire_job_encode(struct arena *arena, const struct wire_job *job);
bool wire_job_decode(struct arena *arena, const struct json *message, struct wire_job *out, struct err *err);

/* What a deployment is doing, in progress and results: an object, docs/doors.md says its members. */
#define WIRE_DEPLOYMENT_MAX (256 * 1024) /* bytes, as json_print writes it */

/* A runner asks for work. Asking again with the same claim_id gives the same job. */
struct wire_lease {
    const char *claim_id; /* UUID */
    const char *const *providers;
    size_t provider_count;
    int wait_seconds; /* 0..25: how long the server may hold the question */
};

struct json *wire_lease_encode(struct arena *arena, const struct wire_lease *lease);
bool wire_lease_decode(struct arena *arena, const struct json *message, struct wire_lease *out, struct err *err);

enum wire_outcome {
    WIRE_SUCCEEDED,
    WIRE_FAILED,
    WIRE_STOPPED, /* cancelled, and what it had begun is undone or dead: seen, not assumed */
};

struct wire_variable {
    const char *name;
    const char *value;
};

/* How a job ended. */
struct wire_result {
    int64_t token;
    enum wire_outcome outcome;
    const char *summary;       /* a sentence, or NULL */
    const char *error_code;    /* WIRE_FAILED: "JobFailed", "ConfigurationError", "PermissionError", … */
    const char *error_message; /* WIRE_FAILED: one sentence that names the cause */
    const char *external_id;   /* or NULL: build id, deployment id, commit */
    const char *external_url;  /* or NULL */
    const char *revision_id;   /* source actions: commit, else NULL */
    const char *revision_summary;
    int64_t revision_created_ms;
    const struct wire_variable *variables; /* output variables */
    size_t variable_count;
    const struct json *build;      /* CodeBuild: the build's last state, as in wire_progress, else NULL */
    const struct json *deployment; /* deploys: its last state, or NULL: what was told last stays */
};

struct json *wire_result_encode(struct arena *arena, const struct wire_result *result);
bool wire_result_decode(struct arena *arena, const struct json *message, struct wire_result *out, struct err *err);

/* How a job goes on; each replaces the one before. */
struct wire_progress {
    int64_t token;
    const char *summary;      /* "1 of 2 new tasks are healthy", or NULL */
    const char *external_id;  /* or NULL */
    const char *external_url; /* or NULL */
    int percent;              /* 0..100, -1 unknown */
    /* CodeBuild: {currentPhase, phases: [{phaseType, phaseStatus?, startTime, endTime?, contexts}],
     * resolvedSourceVersion?, exportedEnvironmentVariables?, artifacts? {location, sha256sum, md5sum},
     * secondaryArtifacts?, reportArns?}; times in epoch seconds. In a result also buildStatus? ("FAULT", "TIMED_OUT";
     * else it follows from the outcome) and retry? {limit}: the buildspec's on-failure wants the build done again, so
     * many times at most. Of a batch's DOWNLOAD_SOURCE also batch: {type, fastFail, groups: [{identifier, dependsOn,
     * ignoreFailure, overrides: {…Override}, shard? {index, count}}]}. Else NULL. */
    const struct json *build;
    const struct json *deployment; /* deploys: what it is doing, the whole of it; NULL: what was told last stays */
};

struct json *wire_progress_encode(struct arena *arena, const struct wire_progress *progress);
bool wire_progress_decode(struct arena *arena, const struct json *message, struct wire_progress *out, struct err *err);

#endif
