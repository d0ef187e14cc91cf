/*
 * Builds begin and end here, whoever asked: StartBuild, or a pipeline's CodeBuild action. A build is its project's
 * document as it was then, with the overrides of the request laid over it; from there on the project may change.
 */
#ifndef SERVER_JOBS_BUILD_START_H
#define SERVER_JOBS_BUILD_START_H

#include "common/json.h"
#include "common/wire.h"
#include "server/store/builds.h"
#include "server/store/job_rows.h"

struct build_request {
    const char *project;
    const struct json *overrides; /* StartBuild's request (…Override members, sourceVersion), or NULL */
    const char *initiator;
    const char *idempotency_token;  /* or NULL: the same within a project gives the same build */
    int64_t action_run_id;          /* a pipeline's action, else 0 */
    const char *action_run;         /* its uuid: the log's id; else NULL. Source and artifacts are CODEPIPELINE then. */
    const struct json *environment; /* a pipeline's EnvironmentVariables: list of {name, value, type}, or NULL */
    const char *source_version;     /* a pipeline's: the commit of the primary source, or NULL */
    const char *branch;             /* a pipeline's: the branch of that commit, or NULL */
};

/* As the queue has them: an ARM_… environment is for runners on such a machine. */
#define BUILD_PROVIDER "CodeBuild"
#define BUILD_PROVIDER_ARM "CodeBuildArm"

/* How often a build is begun before lost runners make it fail. */
#define BUILD_ATTEMPTS 3

/* Makes the build and queues its job. Errors: ERR_NOT_FOUND ResourceNotFoundException no such project, ERR_INVALID
 * InvalidInputException. */
bool build_start(struct tx *tx, struct arena *arena, const struct build_request *request, struct build_row *out,
                 struct err *err);

/* RetryBuild: a new build with the settings of that one, which has ended. Errors: ERR_NOT_FOUND
 * ResourceNotFoundException its project is gone, ERR_INVALID InvalidInputException it goes on still, or belongs to a
 * pipeline. */
bool build_repeat(struct tx *tx, struct arena *arena, const struct build_row *build, const char *initiator,
                  const char *idempotency_token, struct build_row *out, struct err *err);

/* The settings that a build would be made with; nothing is written. Errors: ERR_INVALID InvalidInputException. */
bool build_plan(struct arena *arena, const struct json *project, const struct build_request *request, struct json **out,
                struct err *err);

/* What BatchGetBuilds shows: document, state, status, times and id in one object, without arn and logs (those carry
 * region and account, which the door knows). `buildspec` is in source. */
bool build_describe(struct arena *arena, const struct build_row *build, struct json **out, struct err *err);

/* For the queue only: what the runner tells with wire progress, behind the phases that it did not see. */
bool build_progress(struct tx *tx, struct arena *arena, const struct job_row *job, const struct json *state,
                    struct err *err);

/* For the engine only. */

struct build_ending {
    enum build_status status;
    const char *code;        /* of the phase that it ended in, where the runner gave none: "BUILD_TIMED_OUT"; or NULL */
    const char *message;     /* or NULL */
    const struct json *told; /* the runner's last word, or NULL */
};

/* What a runner's result says of how the build ended. */
enum build_status build_status_of(const struct wire_result *result);

/* Nothing for a build that ended before. */
bool build_finish(struct tx *tx, struct arena *arena, const struct job_row *job, const struct build_ending *ending,
                  struct err *err);

/* After build_finish, in the same transaction: where the build FAILED and is to be tried again by itself
 * (autoRetryLimit, or `retry` in the runner's last word), queues its successor: *found and *successor. In a pipeline
 * that is a job of the same action run. */
bool build_retry(struct tx *tx, struct arena *arena, const struct job_row *job, const struct json *told, bool *found,
                 struct build_row *successor, struct err *err);

#endif
