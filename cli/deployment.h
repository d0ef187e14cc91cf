/*
 * What a deploy is doing, in lines below its action: how far the traffic is, what it asks, why it does not get on and
 * what to change, what became of a cancel.
 */
#ifndef CLI_DEPLOYMENT_H
#define CLI_DEPLOYMENT_H

#include "cli/cli.h"
#include "common/json.h"

#define DEPLOYMENT_LINES_MAX 8

/* Fills `lines` for an action of GetExecutionDetail; returns how many there are: none for one that is no deploy, or
 * that succeeded. Each begins with blanks and has no line end. */
size_t deployment_lines(struct arena *arena, const struct json *action, const char *lines[DEPLOYMENT_LINES_MAX]);

/* Why the action does not get on, as an id ("image-missing"), or NULL. */
const char *deployment_cause(const struct json *action);

/* A person's name out of an ARN: "arn:aws:iam::123456789012:user/ada" is "ada". NULL stays NULL. */
const char *deployment_person(const char *arn);

#endif
