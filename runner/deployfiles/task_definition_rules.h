/*
 * What ECS demands of a task definition beyond its shape, as far as it can be seen without asking. Each rule is one
 * that RegisterTaskDefinition or the start of a task enforces; where AWS is said to have become milder, it is a notice.
 */
#ifndef RUNNER_DEPLOYFILES_TASK_DEFINITION_RULES_H
#define RUNNER_DEPLOYFILES_TASK_DEFINITION_RULES_H

#include "runner/deployfiles/findings.h"

#define CONTAINERS_MAX 10 /* ECS's limit, which cannot be raised */

struct rules {
    struct findings *findings;
    const struct json *definition; /* of the right shape */
    const struct json *containers;
    const char *network; /* "awsvpc", "bridge" (the default on EC2), "host", "none" */
    bool fargate;        /* among requiresCompatibilities */
};

/* All of them. */
void task_definition_rules(struct findings *findings, const struct json *definition);

/* The parts, each one file. */
void rules_of_sizes(const struct rules *rules);
void rules_of_ports(const struct rules *rules);
void rules_of_logs(const struct rules *rules);
void rules_of_secrets(const struct rules *rules);
void rules_of_references(const struct rules *rules);
void rules_of_fargate(const struct rules *rules);

/* For all of them: */
const char *rules_name_of(const struct json *container); /* "" where it has none */
const struct json *rules_find(const struct rules *rules, const char *name);
bool rules_has_items(const struct json *object, const char *name); /* a list or object with something in it */

#endif
