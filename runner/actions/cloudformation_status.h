/*
 * What a stack's status means. Pure.
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
 */
#ifndef RUNNER_ACTIONS_CLOUDFORMATION_STATUS_H
#define RUNNER_ACTIONS_CLOUDFORMATION_STATUS_H

#include "common/json.h"

/* Nothing is under way. */
bool stack_is_at_rest(const char *status);

/* What was last asked of it came about. */
bool stack_is_good(const char *status);

/* Left over from a change set that was never executed: to be created still. */
bool stack_is_unborn(const char *status);

/* Nothing but a deletion helps: REPLACE_ON_FAILURE replaces it, CREATE_UPDATE refuses it. */
bool stack_is_broken(const char *status);

/* "AWS::ECS::Service Web: UPDATE_FAILED: reason" */
const char *stack_event_text(struct arena *arena, const struct json *event);

/* A failure that is the cause of others, not one of them. */
bool stack_event_is_cause(const struct json *event);

/* The stack's own. */
bool stack_event_is_of_stack(const struct json *event);

#endif
