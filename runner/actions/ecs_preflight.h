/*
 * What can be found wrong with a deployment before anything is changed: images, roles, secrets, log groups, ports and
 * target groups, room for tasks. Only describing calls; they are made side by side, and all together end after ten
 * seconds: a check without an answer, or without the right to ask, is left out and said, and fails nothing.
 */
#ifndef RUNNER_ACTIONS_ECS_PREFLIGHT_H
#define RUNNER_ACTIONS_ECS_PREFLIGHT_H

#include "runner/actions/ecs_deploy.h"
#include "runner/deployfiles/image_definitions.h"

struct aws;
struct deployment_report;
struct job;
struct preflight_images;

struct preflight_wish {
    struct job *job;
    struct aws *aws;
    const char *region;
    const char *cluster;              /* its name or ARN */
    const struct json *service;       /* as DescribeServices shows it */
    const struct json *definition;    /* as RegisterTaskDefinition takes it, or DescribeTaskDefinition shows it */
    const struct json *running;       /* the definition that runs now, or NULL: its images run on their platforms */
    const char *target;               /* of the report, whose images get their digests; or NULL */
    struct preflight_images *images;  /* those that were begun early, or NULL */
    struct deployment_report *report; /* gets the results as its `preflight` */
};

/* Errors: ERR_INVALID, "ConfigurationError": the first check that failed, in one sentence. */
bool preflight(const struct preflight_wish *wish, struct err *err);

/* The same for a deployment of the ECS action, whose definition is made; `images`: those that were begun early, or
 * NULL.
 */
bool ecs_preflight(struct deploy *deploy, const struct json *service, const struct json *running,
                   struct preflight_images *images, struct err *err);

/* Begins to look at images while others ask for the service: they are the longest chain of calls. To be ended, also
 * where preflight() never came. NULL where there is nothing to look at. Both in the job's thread. */
struct preflight_images *preflight_images_begin(struct job *job, struct aws *aws, const char *region,
                                                const struct image_definitions *images);
void preflight_images_end(struct preflight_images *images); /* accepts NULL */

#endif
