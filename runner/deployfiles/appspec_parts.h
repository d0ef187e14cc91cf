/*
 * What the files of the appspec's reader share.
 */
#ifndef RUNNER_DEPLOYFILES_APPSPEC_PARTS_H
#define RUNNER_DEPLOYFILES_APPSPEC_PARTS_H

#include "runner/deployfiles/appspec.h"
#include "runner/deployfiles/json_shape.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define END                                                                                                            \
    { .name = NULL }

/* The first entry of Resources: {name: {Type, Properties}}. */
struct json *appspec_resource(struct json *root);

/* Hooks as ECS and Lambda have them: a list of {event: function}. */
void appspec_check_functions(struct findings *findings, const struct json *root, const char *const *events);

/* The parts of it, each one file; `root` has been copied and may be changed. */
void appspec_check_ecs(struct findings *findings, struct json *root, struct appspec *out);
void appspec_check_lambda(struct findings *findings, struct json *root);
void appspec_check_server(struct findings *findings, struct json *root);

#endif
