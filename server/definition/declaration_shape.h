/*
 * AWS's PipelineDeclaration as tables, and the parts of them that several tables share. Stages' conditions stand in
 * condition_shape.c, triggers in trigger_shape.c.
 */
#ifndef SERVER_DEFINITION_DECLARATION_SHAPE_H
#define SERVER_DEFINITION_DECLARATION_SHAPE_H

#include "server/definition/shape.h"

extern const struct shape declaration_shape;

extern const struct shape declaration_name_shape;     /* of a pipeline, stage, action, rule */
extern const struct shape declaration_provider_shape; /* of an action or rule type; its version has the same letters */
extern const struct shape declaration_version_shape;
extern const struct shape declaration_role_shape;
extern const struct shape declaration_region_shape;
extern const struct shape declaration_commands_shape;
extern const struct shape declaration_inputs_shape;
extern const struct shape declaration_timeout_shape;

extern const struct shape stage_conditions_shape; /* beforeEntry, onSuccess */
extern const struct shape stage_failure_shape;    /* onFailure */

/* "beforeEntry", "onSuccess", "onFailure", by enum condition_kind. */
extern const char *const stage_condition_names[3];

extern const struct shape triggers_shape;
extern const struct shape schedules_shape; /* files only */

#endif
