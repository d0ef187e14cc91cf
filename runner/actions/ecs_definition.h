/*
 * The next revision of a task definition: the one that the service uses, with other images. Pure, and on AWS's raw
 * tree: a field that we do not know passes through.
 */
#ifndef RUNNER_ACTIONS_ECS_DEFINITION_H
#define RUNNER_ACTIONS_ECS_DEFINITION_H

#include "runner/actions/ecs_images.h"

#include "common/hash.h"

/* From DescribeTaskDefinition's {taskDefinition, tags} to RegisterTaskDefinition's request. Errors: ERR_INVALID: a
 * named container is not in it. */
bool ecs_definition_next(struct arena *arena, const struct json *described, const struct ecs_images *images,
                         struct json **out, struct err *err);

/* The same for every order of members; tags do not count. Takes a request or a description. */
void ecs_definition_fingerprint(const struct json *definition, char out[SHA256_HEX_SIZE]);

#endif
