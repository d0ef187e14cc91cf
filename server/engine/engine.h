/*
 * The engine: what a pipeline does next. Every function here is one event: it loads what the event concerns, asks the
 * pure rules (advance.h) what is to happen, and writes that, all within the given transaction. Call them inside a
 * db_write; what they return is good when that has returned true.
 */
#ifndef SERVER_ENGINE_ENGINE_H
#define SERVER_ENGINE_ENGINE_H

#include "common/wire.h"
#include "server/definition/pipeline.h"
#include "server/jobs/batch.h"
#include "server/jobs/build_start.h"
#include "server/jobs/queue.h"
#include "server/store/executions.h"
#include "server/store/pipelines.h"

/* Definitions. */

struct engine_definition {
    const struct pipeline *pipeline; /* checked */
    enum origin origin;
    const char *file;                          /* ORIGIN_FILE, else NULL */
    const char *tags;                          /* JSON list, or NULL */
    const struct pipeline_schedule *schedules; /* ORIGIN_FILE: all that the file has; others are left alone */
    size_t schedule_count;
};

/* Starts nothing: AWS's CreatePipeline starts an execution, so its door calls engine_start after this, with trigger
 * "CreatePipeline". Errors: ERR_CONFLICT PipelineNameInUseException. */
bool engine_create_pipeline(struct tx *tx, struct arena *arena, const struct engine_definition *definition,
                            struct err *err);

/* The next version. What is under way: actions finish, then the execution is Cancelled; what waits is Cancelled at
 * once; PARALLEL executions go on. Errors: ERR_NOT_FOUND PipelineNotFoundException. */
bool engine_update_pipeline(struct tx *tx, struct arena *arena, const struct engine_definition *definition,
                            struct err *err);

/* For files: creates, or updates where the declaration differs; else only clears the file's error and sees to its
 * schedules. *changed may be NULL. */
bool engine_put_pipeline(struct tx *tx, struct arena *arena, const struct engine_definition *definition, bool *changed,
                         struct err *err);

/* Executions under way are stopped as by StopPipelineExecution with abandon; the name is free at once. One that is not
 * there is no error. */
bool engine_delete_pipeline(struct tx *tx, struct arena *arena, const char *name, const char *by, struct err *err);

/* Executions. */

struct engine_revision {
    const char *action;      /* name of the source action */
    const char *revision_id; /* commit */
    const char *summary;     /* or NULL, as are the rest */
    const char *url;
    const char *author;
    const char *branch;
    const char *ref;    /* where the commit can be fetched where the branch does not lead to it: "refs/tags/v1" */
    int64_t created_ms; /* 0 unknown */
};

struct engine_start_request {
    const char *pipeline;
    const char *trigger_type;                /* "StartPipelineExecution", "CloudWatchEvent", "Webhook", … */
    const char *trigger_detail;              /* or NULL */
    const char *by;                          /* or NULL */
    const char *client_request_token;        /* or NULL: the same gives the same execution */
    const struct engine_revision *revisions; /* what the source actions are to fetch; others: their branch's newest */
    size_t revision_count;
    const struct wire_variable *variables; /* pipeline variables; others: their default */
    size_t variable_count;
};

/* Errors: ERR_NOT_FOUND PipelineNotFoundException, ERR_INVALID ValidationException (variables, unknown source action),
 * ERR_LIMIT ConcurrentPipelineExecutionsLimitExceededException. */
bool engine_start(struct tx *tx, struct arena *arena, const struct engine_start_request *request,
                  const char **execution, struct err *err);

/* A repository changed: a branch or a tag was pushed, a pull request was opened, got commits or was closed. */
struct engine_change_request {
    bool hosted;            /* our own repository; else one behind a webhook */
    const char *repository; /* "shop", or "owner/name" */
    enum trigger_change_kind kind;
    const char *branch;       /* "main": pushed to; of a pull request, where it wants to go; NULL for a tag */
    const char *tag;          /* of CHANGE_TAG */
    enum trigger_event event; /* of a pull request, as are the next two */
    int64_t number;           /* or 0 */
    const char *head_branch;  /* where it comes from */
    const char *commit_id;    /* what is built: the branch's, the tagged one, the head of the pull request */
    const char *ref;          /* where that can be fetched; NULL: the branch leads to it */
    const char *const *files; /* that changed, "src/app.js" */
    size_t file_count;
    bool files_known;          /* `files` is all of them */
    const char *files_unknown; /* why they are not known, for people; or NULL */
    bool new_branch;           /* there is nothing to compare the push with */
    const char *summary;       /* of the commit: its first line; or NULL, as are the rest */
    const char *url;
    const char *author;
    int64_t created_ms;
    const char *trigger_type; /* where no filter was asked: "CloudWatchEvent", "Webhook"; else it is WebhookV2 */
    const char *trigger_detail;
    const char *by; /* who pushed */
};

/* What became of a change in one pipeline that has the repository as source. */
struct engine_change_outcome {
    const char *pipeline;
    const char *execution; /* NULL: nothing was started */
    const char *message;   /* one sentence: which filter matched, or why nothing was started */
};

struct engine_change_result {
    const char *const *executions; /* that were started */
    size_t count;
    const struct engine_change_outcome *pipelines;
    size_t pipeline_count;
};

/* Starts each pipeline that the change is for: where a source action has a trigger, its filters say so and nothing
 * else; where not, a push to the action's branch does. A pipeline that refuses to start does not keep the others; that
 * is an event. */
bool engine_change(struct tx *tx, struct arena *arena, const struct engine_change_request *change,
                   struct engine_change_result *out, struct err *err);

/* Whether a pipeline's filter would have to know the files of this change. Only reads. */
bool engine_change_needs_files(struct tx *tx, struct arena *arena, const struct engine_change_request *change,
                               bool *out, struct err *err);

/* Schedules. */

struct engine_schedule_request {
    const char *pipeline;
    const char *name; /* of the schedule, within its pipeline */
    const char *expression;
    const char *time_zone; /* NULL: UTC */
    bool enabled;
};

/* Adds or changes one. What is told again as it is goes on counting. Errors: ERR_NOT_FOUND PipelineNotFoundException;
 * ERR_INVALID ValidationException (the expression, the zone); ERR_CONFLICT ConflictException where it is a file's;
 * ERR_LIMIT LimitExceededException. */
bool engine_put_schedule(struct tx *tx, struct arena *arena, const struct engine_schedule_request *request,
                         struct err *err);

/* Errors: ERR_NOT_FOUND PipelineNotFoundException, ResourceNotFoundException; ERR_CONFLICT ConflictException where it
 * is a file's. */
bool engine_delete_schedule(struct tx *tx, struct arena *arena, const char *pipeline, const char *name,
                            struct err *err);

/* When each schedule comes next, computed anew: at the server's start and after every step of the wall clock. What came
 * due meanwhile stays due, and starts its pipeline once. */
bool engine_recompute_schedules(struct tx *tx, struct err *err);

struct engine_stop_request {
    const char *pipeline;
    const char *execution;
    bool abandon;       /* undo what is under way; else let it end */
    const char *reason; /* or NULL; at most 200 characters */
    const char *by;     /* or NULL */
};

/* Errors: ERR_NOT_FOUND PipelineNotFoundException, PipelineExecutionNotFoundException; ERR_CONFLICT
 * DuplicatedStopRequestException, PipelineExecutionNotStoppableException; ERR_INVALID ValidationException. */
bool engine_stop(struct tx *tx, struct arena *arena, const struct engine_stop_request *request, struct err *err);

struct engine_answer {
    const char *pipeline;
    const char *stage;
    const char *action;
    const char *token;
    bool approved;
    const char *summary; /* at most 512 characters */
    const char *by;      /* ARN, or NULL */
};

/* Of a manual approval, which ends with it, or of a deploy in a pause, whose runner hears it. Errors: ERR_NOT_FOUND
 * PipelineNotFoundException, StageNotFoundException, ActionNotFoundException; ERR_CONFLICT
 * InvalidApprovalTokenException, ApprovalAlreadyCompletedException; ERR_INVALID ValidationException. */
bool engine_answer_approval(struct tx *tx, struct arena *arena, const struct engine_answer *answer,
                            int64_t *answered_ms, struct err *err);

struct engine_abandon_request {
    const char *pipeline;
    const char *execution;
    const char *stage;
    const char *action;
    const char *by; /* or NULL */
};

/* Stops watching an action that is being undone: it is Abandoned at once. Errors: ERR_NOT_FOUND as above; ERR_CONFLICT
 * ConflictException where it is not being undone. */
bool engine_abandon_action(struct tx *tx, struct arena *arena, const struct engine_abandon_request *request,
                           struct err *err);

/* What people do to stages. */

struct engine_retry_request {
    const char *pipeline;
    const char *stage;
    const char *execution;
    enum retry_mode mode;
    const char *by; /* or NULL */
};

/* Opens the failed (or stopped) stage again, in the same execution. RETRY_FAILED_ACTIONS is good while others of the
 * group still run. Errors: ERR_NOT_FOUND PipelineNotFoundException, PipelineExecutionNotFoundException,
 * StageNotFoundException; ERR_CONFLICT StageNotRetryableException (nothing failed there, the stage was skipped, the
 * pipeline was changed since), NotLatestPipelineExecutionException (another execution has entered the stage since),
 * ConflictException (something still runs that RETRY_ALL_ACTIONS would double). */
bool engine_retry_stage(struct tx *tx, struct arena *arena, const struct engine_retry_request *request,
                        struct err *err);
/* Whether that would be done now; changes nothing. */
bool engine_can_retry_stage(struct tx *tx, struct arena *arena, const struct engine_retry_request *request, bool *out,
                            struct err *err);

struct engine_rollback_request {
    const char *pipeline;
    const char *stage;
    const char *target; /* the execution to go back to */
    const char *by;     /* or NULL */
};

/* A new execution of type ROLLBACK that runs the one stage as the target left it; its conditions are not asked. Errors:
 * ERR_NOT_FOUND PipelineNotFoundException, PipelineExecutionNotFoundException, StageNotFoundException; ERR_CONFLICT
 * PipelineExecutionOutdatedException (the target ran another version), UnableToRollbackStageException (it did not
 * succeed there, is a rollback itself, the stage is the first or was skipped, works, or the pipeline is PARALLEL). */
bool engine_rollback_stage(struct tx *tx, struct arena *arena, const struct engine_rollback_request *request,
                           const char **execution, struct err *err);
/* Whether that would be done now; changes nothing. */
bool engine_can_roll_back_stage(struct tx *tx, struct arena *arena, const struct engine_rollback_request *request,
                                bool *out, struct err *err);
/* The same in a sentence: why it would be refused now; NULL: it would be done. */
bool engine_why_not_roll_back(struct tx *tx, struct arena *arena, const struct engine_rollback_request *request,
                              const char **out, struct err *err);

struct engine_transition_request {
    const char *pipeline;
    const char *stage;
    bool outbound; /* out of the stage: into the one behind it */
    bool enable;
    const char *reason; /* !enable: 1 to 300 characters */
    const char *by;     /* or NULL */
};

/* Opens or closes the way into a stage; saying it again changes the reason. What waits goes in at once, unless the way
 * was closed for more than 30 days: then not before the next start. Errors: ERR_NOT_FOUND PipelineNotFoundException,
 * StageNotFoundException. */
bool engine_set_transition(struct tx *tx, struct arena *arena, const struct engine_transition_request *request,
                           struct err *err);

struct engine_override_request {
    const char *pipeline;
    const char *stage;
    const char *execution;
    enum condition_kind kind; /* not CONDITION_ON_FAILURE */
    const char *by;           /* or NULL */
};

/* Goes on as if the condition were met; its rules under way are Abandoned. Errors: ERR_NOT_FOUND
 * PipelineNotFoundException, PipelineExecutionNotFoundException, StageNotFoundException; ERR_CONFLICT
 * ConditionNotOverridableException, NotLatestPipelineExecutionException. */
bool engine_override_condition(struct tx *tx, struct arena *arena, const struct engine_override_request *request,
                               struct err *err);

/* Builds. */

/* StopBuild: the build as it is after. One that ended is no error. Errors: ERR_NOT_FOUND ResourceNotFoundException. */
bool engine_stop_build(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct build_row *out,
                       struct err *err);

/* StopBuildBatch: the batch as it is after. One that ended is no error. Errors: ERR_NOT_FOUND
 * ResourceNotFoundException. */
bool engine_stop_batch(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct batch_row *out,
                       struct err *err);

/* Runners. Fences as in queue.h. */

bool engine_finish_job(struct tx *tx, struct arena *arena, const struct queue_fence *fence,
                       const struct wire_result *result, struct err *err);
bool engine_runner_hello(struct tx *tx, struct arena *arena, const char *runner_id, const char *instance_id,
                         const char *version, struct err *err);
/* Errors: ERR_NOT_FOUND. */
bool engine_remove_runner(struct tx *tx, struct arena *arena, const char *runner_id, struct err *err);

/* Job workers (server/jobs/worker_queue.h: poll and acknowledge). */

struct engine_worker_result {
    const char *job_id;
    const char *failure_type; /* set: it failed, "JobFailed" …; of the members below only external_id counts */
    const char *failure_message;
    const char *continuation_token; /* or NULL: the action goes on with a new job; no variables then */
    const char *summary;            /* or NULL, as is the next */
    const char *external_id;
    int percent; /* -1 unknown */
    const struct wire_variable *variables;
    size_t variable_count;
    const char *revision_id; /* a source action's currentRevision, or NULL */
    const char *revision_summary;
    int64_t revision_created_ms;
};

/* Errors: ERR_NOT_FOUND JobNotFoundException, ERR_CONFLICT InvalidJobStateException, ERR_LIMIT
 * OutputVariablesSizeExceededException. */
bool engine_finish_worker_job(struct tx *tx, struct arena *arena, const struct engine_worker_result *result,
                              struct err *err);

/* The clock. */

/* Once at the server's start, before any door opens: running leases get a full new term. */
bool engine_open(struct tx *tx, struct err *err);

/* When something is due next, in boot milliseconds; INT64_MAX: never. It may change with every commit that wakes
 * WAKE_CLOCK. */
bool engine_next_deadline(struct tx *tx, int64_t *boot_ms, struct err *err);

/* What time brings: the end of an offer or a lease, of an approval or a rule, a schedule's instant, the end of a job
 * worker's job. One of them is set. */
struct engine_due {
    const char *job_id;
    int64_t action_run_id;
    int64_t schedule_id;
    int64_t batch_id;
    const char *worker_job_id;
};

/* What is due by the transaction's clock. */
bool engine_list_due(struct tx *tx, struct arena *arena, struct engine_due **out, size_t *count, struct err *err);

/* Does one of them; what is not due any more is left alone. Each wants a transaction of its own: one that fails must
 * not keep the others. */
bool engine_do_due(struct tx *tx, struct arena *arena, const struct engine_due *due, struct err *err);

#endif
