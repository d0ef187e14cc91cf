/*
 * appspec.yaml: what CodeDeploy does with a revision, on ECS, on servers, or with a Lambda function. Pure.
 *
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html
 */
#ifndef RUNNER_DEPLOYFILES_APPSPEC_H
#define RUNNER_DEPLOYFILES_APPSPEC_H

#include "runner/deployfiles/findings.h"

#define APPSPEC_FILE "appspec.yaml"
#define APPSPEC_CEILING (256 * 1024)
#define APPSPEC_TASK_DEFINITION "<TASK_DEFINITION>" /* CodePipeline puts the new revision's ARN here */

enum appspec_platform { APPSPEC_ECS, APPSPEC_SERVER, APPSPEC_LAMBDA };

struct appspec {
    enum appspec_platform platform;
    const struct json *root;
    /* ECS, of the first service; NULL and 0 where the file does not say: */
    const char *task_definition; /* as written: the placeholder or an ARN */
    const char *container;
    int container_port;
};

/* YAML or JSON. Errors: ERR_INVALID, "ConfigurationError", with file, line and column. */
bool appspec_read(struct arena *arena, const char *file, const char *text, size_t size, struct appspec *out,
                  struct err *err);

/* The same with all that is wrong. False where something is. */
bool appspec_check(const char *text, size_t size, struct appspec *out, struct findings *findings);

/* CreateDeployment's appSpecContent: the file's text with the ARN in the place of <TASK_DEFINITION>. */
const char *appspec_fill(struct arena *arena, const char *text, size_t size, const char *task_definition);

/* The container and port that an appspec of ECS sends traffic to must be in the task definition (a request or a
 * description). Errors: ERR_INVALID, "ConfigurationError". */
bool appspec_fits(const struct appspec *appspec, const struct json *definition, struct err *err);

#endif
