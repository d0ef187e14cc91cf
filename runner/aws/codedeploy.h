/*
 * The operations of CodeDeploy that a deployment needs. Answers are AWS's own trees.
 */
#ifndef RUNNER_AWS_CODEDEPLOY_H
#define RUNNER_AWS_CODEDEPLOY_H

#include "runner/aws/call.h"

struct codedeploy {
    struct aws *aws;
    const char *region;
    bool (*interrupted)(void *context);
    void *context;
};

/* All: the errors of aws_call; after ERR_DENIED the message names the least right that would allow the call. */

/* deploymentGroupInfo. Errors: ERR_NOT_FOUND: no such application or group. */
bool codedeploy_group(const struct codedeploy *codedeploy, struct arena *arena, const char *application,
                      const char *group, const struct json **info, struct err *err);

struct codedeploy_order {
    const char *application;
    const char *group;
    const char *description;
    const struct json *revision; /* {revisionType, …} */
};

/* Never sent twice: CodeDeploy takes no token that would make the second of two the first. *unknown: it may have been
 * carried out, and no answer came. *busy: refused, since the group has a deployment under way. */
bool codedeploy_create(const struct codedeploy *codedeploy, struct arena *arena, const struct codedeploy_order *order,
                       const char **id, bool *unknown, bool *busy, struct err *err);

/* deploymentInfo. */
bool codedeploy_get(const struct codedeploy *codedeploy, struct arena *arena, const char *id, const struct json **info,
                    struct err *err);

/* The deployment of the group with that description that was created since; *id NULL where there is none. */
bool codedeploy_find(const struct codedeploy *codedeploy, struct arena *arena, const struct codedeploy_order *order,
                     int64_t since_ms, const char **id, struct err *err);

/* Ids of what a deployment works on, 25 of them at most; and what became of those: deploymentTargets. */
bool codedeploy_target_ids(const struct codedeploy *codedeploy, struct arena *arena, const char *id,
                           const struct json **ids, struct err *err);
bool codedeploy_targets(const struct codedeploy *codedeploy, struct arena *arena, const char *id,
                        const struct json *ids, const struct json **targets, struct err *err);

/* A deployment that waits for a word (READY_WAIT) goes on. Errors: ERR_CONFLICT: it does not wait. */
bool codedeploy_continue(const struct codedeploy *codedeploy, struct arena *arena, const char *id, struct err *err);

/* Stops it and has it rolled back. Errors: ERR_CONFLICT: it has ended. */
bool codedeploy_stop(const struct codedeploy *codedeploy, struct arena *arena, const char *id, struct err *err);

#endif
