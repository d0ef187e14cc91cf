/*
 * CodePipeline's operations: one file each, listed in operations.c. What several of them show is here.
 */
#ifndef SERVER_API_CODEPIPELINE_CODEPIPELINE_H
#define SERVER_API_CODEPIPELINE_CODEPIPELINE_H

#include "server/api/aws.h"
#include "server/store/action_runs.h"
#include "server/store/executions.h"
#include "server/store/pipelines.h"

AWS_OPERATION(acknowledge_job);
AWS_OPERATION(create_custom_action_type);
AWS_OPERATION(create_pipeline);
AWS_OPERATION(delete_custom_action_type);
AWS_OPERATION(delete_pipeline);
AWS_OPERATION(disable_stage_transition);
AWS_OPERATION(enable_stage_transition);
AWS_OPERATION(get_action_type);
AWS_OPERATION(get_job_details);
AWS_OPERATION(get_pipeline);
AWS_OPERATION(get_pipeline_execution);
AWS_OPERATION(get_pipeline_state);
AWS_OPERATION(list_action_executions);
AWS_OPERATION(list_action_types);
AWS_OPERATION(list_deploy_action_execution_targets);
AWS_OPERATION(list_pipeline_executions);
AWS_OPERATION(list_pipelines);
AWS_OPERATION(list_rule_executions);
AWS_OPERATION(list_rule_types);
AWS_OPERATION(list_tags_for_pipeline);
AWS_OPERATION(override_stage_condition);
AWS_OPERATION(poll_for_jobs);
AWS_OPERATION(put_action_revision);
AWS_OPERATION(put_approval_result);
AWS_OPERATION(put_job_failure_result);
AWS_OPERATION(put_job_success_result);
AWS_OPERATION(retry_stage_execution);
AWS_OPERATION(rollback_stage);
AWS_OPERATION(start_pipeline_execution);
AWS_OPERATION(stop_pipeline_execution);
AWS_OPERATION(tag_pipeline);
AWS_OPERATION(untag_pipeline);
AWS_OPERATION(update_pipeline);

/* Shapes of names. */
extern const struct shape pipeline_name_shape;
extern const struct shape action_name_shape; /* of stages too */
extern const struct shape transition_type_shape;

/* The pipeline of that name. Errors: ERR_NOT_FOUND PipelineNotFoundException in AWS's words. */
bool pipeline_find(struct tx *tx, const struct aws_call *call, const char *name, struct pipeline_row *out,
                   struct err *err);

/* A stored declaration read back. */
bool pipeline_read(const struct aws_call *call, const char *declaration, const struct pipeline **out, struct err *err);

/* A stored declaration as GetPipeline shows it: with version, with what a file may leave out, without secrets. */
bool pipeline_show(struct tx *tx, const struct aws_call *call, const char *declaration, int64_t version,
                   struct json **out, struct err *err);

/* What the declaration of a create or update call says, checked. `stored` is what an update changes, else NULL: a
 * secret that comes in as "****" stays what it was. */
bool pipeline_declared(struct tx *tx, const struct aws_call *call, const struct pipeline_row *stored,
                       const struct pipeline **out, struct err *err);

/* {triggerType, triggerDetail} */
struct json *execution_show_trigger(struct arena *arena, const struct execution_row *execution);

/* executionMode, executionType, and rollbackMetadata of a rollback. */
bool execution_show_type(struct tx *tx, struct arena *arena, const struct execution_row *execution, struct json *out,
                         struct err *err);

/* Passes an error on (false). Where AWS's operation has no name for an execution that is not there, it is one that is
 * not the stage's newest. */
bool execution_not_latest(struct err *err);

/* Whether the text can be a revision of that source action. Errors: ERR_INVALID. */
bool source_revision_check(const struct pipeline_action *action, const char *revision_id, struct err *err);

#endif
