/*
 * Revisions of a task definition that are there already: what this execution registered before (a crash, RunTask), or
 * what an earlier one ran.
 */
#ifndef RUNNER_ACTIONS_ECS_REVISION_H
#define RUNNER_ACTIONS_ECS_REVISION_H

#include "runner/aws/ecs.h"

/* The newest of the family's latest five revisions that has this fingerprint and is not `not_this` (an ARN, or NULL):
 * *arn, NULL where there is none. Two calls or more. */
bool ecs_find_revision(const struct ecs *ecs, struct arena *arena, const char *family, const char *fingerprint,
                       const char *not_this, const char **arn, struct err *err);

/* "shop" of an ARN or of "shop:12". */
const char *ecs_family(struct arena *arena, const char *revision);

#endif
