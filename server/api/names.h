/*
 * ARNs and other names that AWS's answers carry, made of the server's region and account.
 */
#ifndef SERVER_API_NAMES_H
#define SERVER_API_NAMES_H

#include "server/api/aws.h"

const char *name_pipeline_arn(const struct aws_call *call, const char *pipeline);
const char *name_project_arn(const struct aws_call *call, const char *project);
const char *name_build_arn(const struct aws_call *call, const char *project, const char *uuid);
const char *name_build_batch_arn(const struct aws_call *call, const char *project, const char *uuid);
const char *name_repository_arn(const struct aws_call *call, const char *repository);

/* What AWS wants to see where the definition says nothing: a service role, a bucket for artifacts, a key. */
const char *name_default_role(const struct aws_call *call, const char *service);
const char *name_default_bucket(const struct aws_call *call);
const char *name_default_key(const struct aws_call *call);

/* "shop" out of a project's ARN, or the text itself where it is no ARN. */
const char *name_of_project(const struct aws_call *call, const char *name_or_arn);

/* The last part of an ARN of that service ("codepipeline"), whatever its region and account; NULL where it is none. */
const char *name_out_of_arn(const struct aws_call *call, const char *arn, const char *service);

#endif
