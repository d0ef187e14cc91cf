/*
 * The runs of actions: what ListActionExecutions and GetPipelineState show, manual approvals with their tokens, output
 * variables. Everybody may read; only the engine and the job queue write. An action that was not yet reached has no
 * row.
 */
#ifndef SERVER_STORE_ACTION_RUNS_H
#define SERVER_STORE_ACTION_RUNS_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct action_run_row {
    int64_t id;
    const char *uuid; /* actionExecutionId, and its log's id */
    int64_t execution_id;
    const char *execution; /* its uuid */
    int64_t version;       /* the execution's */
    int64_t stage_run_id;
    int64_t pipeline_id;
    const char *pipeline;
    const char *stage;
    const char *action;
    const char *category; /* "Build"; "Rule" for a rule of a condition */
    const char *provider; /* "CodeBuild" */
    const char *owner;    /* "AWS", as it is and the next */
    const char *type_version;
    int64_t condition_id;  /* of a rule; 0: an action */
    const char *condition; /* of a rule: "BEFORE_ENTRY" …; else NULL */
    int run_order;
    const char *variable_namespace; /* or NULL */
    enum action_status status;
    const char *configuration;         /* JSON object of texts, variables resolved */
    const char *commands;              /* Commands: JSON list of texts, else NULL, as are the next three */
    const char *environment;           /* JSON list of {name, value, type} */
    const char *output_variable_names; /* JSON list */
    const char *output_files;          /* JSON object: output artifact -> list of patterns */
    const char *target;                /* what it deploys to, "ecs/REGION/CLUSTER/SERVICE", or NULL */
    bool holds_target;                 /* and all that it claims besides; else it waits for who does */
    int64_t look_ms;                   /* a rule that waits for the clock: when to look again; else 0 */
    const char *inputs;                /* JSON list of artifact names */
    const char *outputs;               /* the same */
    const char *summary;               /* or NULL */
    const char *role_arn;              /* the role that it works in, or NULL */
    const char *region;                /* where it works; NULL: the server's region */
    const char *approval_token;        /* Manual approval, else NULL */
    int64_t expires_ms;                /* Manual approval, or a rule's time-out; else 0 */
    const char *external_id;           /* or NULL, as are the next four */
    const char *external_url;
    const char *error_code;
    const char *error_message;
    const char *updated_by;
    int percent; /* -1 unknown */
    int64_t started_ms;
    int64_t updated_ms;
    int64_t ended_ms; /* 0: not yet */
};

/* Errors: ERR_NOT_FOUND. */
bool action_runs_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct action_run_row *out, struct err *err);

/* Below, lists of actions leave out the rules of conditions. */

/* Those of an execution, oldest first. */
bool action_runs_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct action_run_row **out,
                      size_t *count, struct err *err);

/* Those of a pipeline, newest first, with an id smaller than `before` (0: from the newest). */
bool action_runs_list_pipeline(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t before, size_t limit,
                               struct action_run_row **out, size_t *count, struct err *err);

/* Those of an execution, newest first, with an id smaller than `before` (0: from the newest); `newest`: without those
 * that a retry did again. */
bool action_runs_list_execution(struct tx *tx, struct arena *arena, int64_t execution_id, bool newest, int64_t before,
                                size_t limit, struct action_run_row **out, size_t *count, struct err *err);

/* The action, or the rule, of that actionExecutionId. */
bool action_runs_find(struct tx *tx, struct arena *arena, const char *uuid, bool *found, struct action_run_row *out,
                      struct err *err);

/* The newest of that action, but for PARALLEL executions, of which AWS shows no state; *found false where it never ran.
 */
bool action_runs_latest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage, const char *action,
                        bool *found, struct action_run_row *out, struct err *err);

/* The rules of a condition, in the order in which they were begun. */
bool action_runs_list_condition(struct tx *tx, struct arena *arena, int64_t condition_id, struct action_run_row **out,
                                size_t *count, struct err *err);
/* The rules of a pipeline's conditions, newest first, with an id smaller than `before` (0: from the newest). */
bool action_runs_list_rules(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t before, size_t limit,
                            struct action_run_row **out, size_t *count, struct err *err);
/* The same of an execution's; `newest`: without those that were asked again in the same stage. */
bool action_runs_list_rules_of(struct tx *tx, struct arena *arena, int64_t execution_id, bool newest, int64_t before,
                               size_t limit, struct action_run_row **out, size_t *count, struct err *err);

/* What somebody is to answer, oldest first: manual approvals, and deploys that pause (server/store/pauses.h; those have
 * no approval_token); pipeline_id 0: of all pipelines. */
bool action_runs_pending_approvals(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct action_run_row **out,
                                   size_t *count, struct err *err);

struct output_variable {
    const char *name;
    const char *value;
};
/* By name. */
bool action_runs_variables(struct tx *tx, struct arena *arena, int64_t action_run_id, struct output_variable **out,
                           size_t *count, struct err *err);

/* For the engine and the job queue only. */

/* Adds the row as given but for the id; `execution`, `version` and `pipeline` are not read. */
bool action_runs_add(struct tx *tx, const struct action_run_row *row, int64_t *id, struct err *err);
/* Those of a stage run that no retry has set aside, oldest first. */
bool action_runs_list_stage(struct tx *tx, struct arena *arena, int64_t stage_run_id, struct action_run_row **out,
                            size_t *count, struct err *err);
bool action_runs_find_token(struct tx *tx, struct arena *arena, const char *approval_token, bool *found,
                            struct action_run_row *out, struct err *err);

/* How an action ended; NULL members leave what is there. */
struct action_end {
    enum action_status status;
    const char *summary;
    const char *external_id;
    const char *external_url;
    const char *error_code;
    const char *error_message;
    const char *updated_by;
};
/* From InProgress. Errors: ERR_INTERNAL where it was not. */
bool action_runs_end(struct tx *tx, int64_t id, const struct action_end *end, struct err *err);
/* NULL members leave what is there, percent -1 too. Nothing for an action that ended. */
bool action_runs_progress(struct tx *tx, int64_t id, const char *summary, const char *external_id,
                          const char *external_url, int percent, struct err *err);
bool action_runs_set_variable(struct tx *tx, int64_t action_run_id, const char *name, const char *value,
                              struct err *err);
/* The value of `name` in `variable_namespace` of that execution, from its newest successful run; NULL for none. */
bool action_runs_find_variable(struct tx *tx, struct arena *arena, int64_t execution_id, const char *variable_namespace,
                               const char *name, const char **out, struct err *err);
/* From now on it holds its targets (server/store/target_claims.h). */
bool action_runs_take_target(struct tx *tx, int64_t id, struct err *err);
/* Its time is not over any more: it ends otherwise. */
bool action_runs_clear_expiry(struct tx *tx, int64_t id, struct err *err);
/* What a retry of the stage does again: `all`, else what failed or was abandoned. */
bool action_runs_set_aside(struct tx *tx, int64_t stage_run_id, bool all, struct err *err);
/* When to look at a rule again. */
bool action_runs_set_look(struct tx *tx, int64_t id, int64_t look_ms, struct err *err);
/* Approvals and rules that expired, and rules to look at again, at or before now_ms; and the next moment that there
 * will be one (0: none). */
bool action_runs_expired(struct tx *tx, struct arena *arena, int64_t now_ms, struct action_run_row **out, size_t *count,
                         struct err *err);
bool action_runs_next_expiry(struct tx *tx, int64_t *out, struct err *err);

#endif
