/*
 * A pipeline's definition, checked: what the engine and the doors work with. Plain records in an arena, made by
 * server/definition/definition.h and never changed after. Everything that codepipeline's structure rules promise holds
 * here: at least two stages, names unique, artifacts made before they are used, action types that exist.
 */
#ifndef SERVER_DEFINITION_PIPELINE_H
#define SERVER_DEFINITION_PIPELINE_H

#include "common/action_types.h"
#include "common/json.h"
#include "server/definition/rule_types.h"
#include "server/triggers/filter.h"

#include <stdbool.h>
#include <stddef.h>

/* What happens to an execution that arrives at a stage where another one works. */
enum execution_mode {
    MODE_SUPERSEDED, /* one waits, a newer one takes its place (AWS's default) */
    MODE_QUEUED,     /* all wait, first in, first out */
    MODE_PARALLEL,   /* nobody waits */
};

struct pipeline_setting {
    const char *key;
    const char *value; /* as written, `#{namespace.name}` unresolved */
};

struct pipeline_artifact {
    const char *name;
    const char *const *files; /* Commands' output filters; NULL for none */
    size_t file_count;
};

struct pipeline_environment {
    const char *name;
    const char *value;
    const char *type; /* "PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER" */
};

struct pipeline_action {
    const char *name;
    const struct action_type *type;
    int run_order; /* 1..999 */
    const struct pipeline_setting *configuration;
    size_t configuration_count;
    const struct pipeline_artifact *inputs;
    size_t input_count;
    const struct pipeline_artifact *outputs;
    size_t output_count;
    const char *const *commands; /* Compute/Commands; else none */
    size_t command_count;
    const char *const *output_variables; /* Compute/Commands; else none */
    size_t output_variable_count;
    const struct pipeline_environment *environment;
    size_t environment_count;
    const char *variable_namespace; /* AWS's `namespace`; NULL for none */
    const char *region;             /* NULL: the pipeline's */
    const char *role_arn;           /* NULL for none */
    int timeout_minutes;            /* Manual approval: 5..86400; 0: not given */
};

enum condition_kind { CONDITION_BEFORE_ENTRY, CONDITION_ON_SUCCESS, CONDITION_ON_FAILURE };

/* What a condition leads to: beforeEntry and onSuccess where it is not met, onFailure where it is. */
enum condition_result { RESULT_FAIL, RESULT_SKIP, RESULT_ROLLBACK, RESULT_RETRY };

/* A rule of a condition. */
struct pipeline_rule {
    const char *name;
    const struct rule_type *type;
    const struct pipeline_setting *configuration;
    size_t configuration_count;
    const struct pipeline_artifact *inputs;
    size_t input_count;
    const char *const *commands; /* Commands; else none */
    size_t command_count;
    const char *region;   /* NULL: the pipeline's */
    const char *role_arn; /* NULL for none */
    int timeout_minutes;  /* 0: not given */
};

struct pipeline_condition {
    enum condition_result result;
    const struct pipeline_rule *rules; /* 1..5 */
    size_t rule_count;
};

enum retry_mode { RETRY_FAILED_ACTIONS, RETRY_ALL_ACTIONS };

struct pipeline_stage {
    const char *name;
    const struct pipeline_action *actions; /* in the order written */
    size_t action_count;
    const struct pipeline_condition *conditions[3]; /* by condition_kind; NULL: none */
    /* onFailure.result, which holds without a condition: RESULT_ROLLBACK or RESULT_RETRY; RESULT_FAIL: nothing more. */
    enum condition_result on_failure;
    enum retry_mode retry_mode; /* of RESULT_RETRY, said by the result or by the condition's */
};

/* Which changes of a source start the pipeline, instead of each push to its branch. */
struct pipeline_trigger {
    const char *source_action;
    const struct trigger_filter *filters; /* of `push` and `pullRequest`; none: nothing starts it */
    size_t filter_count;
};

/* A time at which the pipeline starts (files only: AWS keeps schedules elsewhere). */
struct pipeline_schedule {
    const char *name;
    const char *expression; /* "cron(0 12 * * ? *)" */
    const char *time_zone;  /* "UTC" */
};

struct pipeline_variable {
    const char *name;
    const char *default_value; /* NULL: must be given at start */
    const char *description;   /* NULL for none */
};

struct pipeline {
    const char *name;
    const char *type; /* "V1", "V2" */
    enum execution_mode mode;
    const char *role_arn; /* NULL for none */
    const struct pipeline_stage *stages;
    size_t stage_count;
    const struct pipeline_variable *variables;
    size_t variable_count;
    const struct pipeline_trigger *triggers;
    size_t trigger_count;
    /* The same as AWS's GetPipeline shows it, defaults filled in, without `version` (the store counts it). */
    const struct json *declaration;
};

#endif
