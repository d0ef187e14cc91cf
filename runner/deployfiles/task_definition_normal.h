/*
 * Task definitions in the form in which two of them can be compared: without what ECS adds, in one order. Pure.
 */
#ifndef RUNNER_DEPLOYFILES_TASK_DEFINITION_NORMAL_H
#define RUNNER_DEPLOYFILES_TASK_DEFINITION_NORMAL_H

#include "common/json.h"

/* Takes away what RegisterTaskDefinition refuses: what only descriptions have, nulls anywhere, empty texts at the top.
 */
void task_definition_strip(struct json *definition);

/* A copy without what means nothing (tags stay), with every object's members in the order of their names and entries of
 * lists that have names in theirs. */
struct json *task_definition_normal(struct arena *arena, const struct json *definition);

/* What tells the entries of such a list apart ("name", "containerPort"); NULL: their order, or nothing. */
const char *task_definition_key(const char *list);

#endif
