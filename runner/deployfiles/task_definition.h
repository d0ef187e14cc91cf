/*
 * Task definitions as RegisterTaskDefinition takes them: taskdef.json of an artifact, or the next revision of the one
 * that a service uses. Pure, and on the raw tree: a field that we do not know passes through.
 */
#ifndef RUNNER_DEPLOYFILES_TASK_DEFINITION_H
#define RUNNER_DEPLOYFILES_TASK_DEFINITION_H

#include "runner/deployfiles/image_definitions.h"

#include "common/hash.h"

#define TASK_DEFINITION_FILE "taskdef.json"
#define TASK_DEFINITION_CEILING (256 * 1024) /* ECS takes 64 KB without the blanks */

/* ---- reading a file ---- */

/* *out: RegisterTaskDefinition's request, to be changed by what follows. What only DescribeTaskDefinition shows is left
 * out, and so are nulls, and empty texts at the top; an answer of `aws ecs describe-task-definition` is taken as a
 * whole. Checked is all that ECS demands and that can be seen without asking it. An image may be a "<PLACEHOLDER>".
 * Errors: ERR_INVALID, "ConfigurationError", with file, line and column. */
bool task_definition_read(struct arena *arena, const char *file, const char *text, size_t size, struct json **out,
                          struct err *err);

/* The same with all that is wrong, and with notices: keys that ECS does not know. False where something is wrong. */
bool task_definition_check(const char *text, size_t size, struct json **out, struct findings *findings);

/* ---- changing it ---- */

struct placeholder {
    const char *name; /* "IMAGE1_NAME" for <IMAGE1_NAME> */
    const char *value;
};

/* Puts the values in the place of the placeholders, wherever a text has them. */
void task_definition_fill(struct arena *arena, struct json *definition, const struct placeholder *list, size_t count);

/* Errors: ERR_INVALID: a named container is not in it. */
bool task_definition_set_images(struct arena *arena, struct json *definition, const struct image_definitions *images,
                                struct err *err);

/* Errors: ERR_INVALID: an image is still a placeholder. */
bool task_definition_is_filled(const struct json *definition, struct err *err);

/* From DescribeTaskDefinition's {taskDefinition, tags} to RegisterTaskDefinition's request, with other images. Errors:
 * those of task_definition_set_images. */
bool task_definition_next(struct arena *arena, const struct json *described, const struct image_definitions *images,
                          struct json **out, struct err *err);

/* Whether a service on FARGATE can run it, whatever its 'requiresCompatibilities' say. Takes a request or a
 * description. Errors: ERR_INVALID: why not. */
bool task_definition_fits_fargate(const struct json *definition, struct err *err);

/* ---- comparing ---- */

/* The same for every order of members; tags do not count. Takes a request or a description. */
void task_definition_fingerprint(const struct json *definition, char out[SHA256_HEX_SIZE]);

/* What a person is shown: a list of {line, change}, change " " (where it stands), "-" or "+"; empty where nothing
 * changed. Only changed parts, under the names of what they stand in, in the order of names; entries of lists are told
 * by their names. Values that look like credentials are not shown. `before` NULL: everything is new. Both take a
 * request or a description. */
const struct json *task_definition_diff(struct arena *arena, const struct json *before, const struct json *after);

#endif
