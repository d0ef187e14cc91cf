/*
 * Names as AWS builds them.
 */
#include "server/api/names.h"

#include "common/str.h"

#include <string.h>

static const char *arn(const struct aws_call *call, const char *service, const char *resource) {
    return arena_printf(call->arena, "arn:aws:%s:%s:%s:%s", service, call->region, call->account_id, resource);
}

const char *name_pipeline_arn(const struct aws_call *call, const char *pipeline) {
    return arn(call, "codepipeline", pipeline);
}

const char *name_project_arn(const struct aws_call *call, const char *project) {
    return arn(call, "codebuild", arena_printf(call->arena, "project/%s", project));
}

const char *name_build_arn(const struct aws_call *call, const char *project, const char *uuid) {
    return arn(call, "codebuild", arena_printf(call->arena, "build/%s:%s", project, uuid));
}

const char *name_build_batch_arn(const struct aws_call *call, const char *project, const char *uuid) {
    return arn(call, "codebuild", arena_printf(call->arena, "build-batch/%s:%s", project, uuid));
}

const char *name_repository_arn(const struct aws_call *call, const char *repository) {
    return arn(call, "codecommit", repository);
}

const char *name_default_role(const struct aws_call *call, const char *service) {
    return arena_printf(call->arena, "arn:aws:iam::%s:role/penstock-%s", call->account_id, service);
}

const char *name_default_bucket(const struct aws_call *call) {
    return arena_printf(call->arena, "penstock-artifacts-%s", call->account_id);
}

const char *name_default_key(const struct aws_call *call) {
    return arn(call, "kms", "alias/aws/s3");
}

const char *name_out_of_arn(const struct aws_call *call, const char *text, const char *service) {
    const char *start = arena_printf(call->arena, "arn:aws:%s:", service);
    if (!str_starts_with(text, start))
        return NULL;
    const char *rest = text + strlen(start);
    for (int i = 0; i < 2; i++) { /* region, account */
        rest = strchr(rest, ':');
        if (!rest)
            return NULL;
        rest++;
    }
    return *rest ? rest : NULL;
}

const char *name_of_project(const struct aws_call *call, const char *name_or_arn) {
    const char *resource = name_out_of_arn(call, name_or_arn, "codebuild");
    return resource && str_starts_with(resource, "project/") ? resource + strlen("project/") : name_or_arn;
}
