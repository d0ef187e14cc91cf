/*
 * What a CloudFormation action sends: the template of an artifact, and its parameters from TemplateConfiguration and
 * ParameterOverrides.
 */
#ifndef RUNNER_ACTIONS_CLOUDFORMATION_TEMPLATE_H
#define RUNNER_ACTIONS_CLOUDFORMATION_TEMPLATE_H

#include "runner/job.h"

struct stack_template {
    const char *body;              /* or, past 51,200 bytes, */
    const char *url;               /* in the pipeline's bucket */
    const struct json *parameters; /* object of texts, or NULL, as are the next */
    const struct json *tags;
    const struct json *policy;
};

/* Reads, and puts what AWS has to fetch into the bucket. Errors: ERR_INVALID, "ConfigurationError"; those of S3. */
bool stack_template_read(struct job *job, struct stack_template *out, struct err *err);

/* "Artifact::path/file"; false where it is not that. */
bool stack_template_split(struct arena *arena, const char *value, const char **artifact, const char **file);

#endif
