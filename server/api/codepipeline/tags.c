/*
 * ListTagsForResource, TagResource, UntagResource: pipelines' tags.
 */
#include "server/api/tags.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/api/names.h"

#include "common/str.h"

#include <string.h>

static const struct shape arn = {.type = SHAPE_TEXT, .least = 1, .most = 2048};

const struct shape list_tags_for_pipeline_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "resourceArn", .required = true, .shape = &arn},
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 100}},
            {0},
        },
};

const struct shape tag_pipeline_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "resourceArn", .required = true, .shape = &arn},
            {.name = "tags", .required = true, .shape = &aws_tag_list},
            {0},
        },
};

const struct shape untag_pipeline_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "resourceArn", .required = true, .shape = &arn},
            {.name = "tagKeys", .required = true, .shape = &aws_tag_keys},
            {0},
        },
};

static bool find(struct tx *tx, const struct aws_call *call, struct pipeline_row *out, const struct json **tags,
                 struct err *err) {
    const char *name = name_out_of_arn(call, aws_text(call, "resourceArn"), "codepipeline");
    if (!name)
        return err_set_code(err, ERR_INVALID, "InvalidArnException", "'%s' is not the ARN of a pipeline",
                            aws_text(call, "resourceArn"));
    if (strchr(name, ':') || !pipelines_get(tx, call->arena, name, out, err)) {
        if (!strchr(name, ':') && err->kind != ERR_NOT_FOUND)
            return false;
        return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "there is no resource '%s'",
                            aws_text(call, "resourceArn"));
    }
    return json_parse(call->arena, out->tags, strlen(out->tags), tags, err);
}

bool list_tags_for_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct pipeline_row row;
    const struct json *tags;
    if (!find(tx, call, &row, &tags, err))
        return false;
    json_set(call->arena, out, "tags", json_copy(call->arena, tags));
    return true;
}

bool tag_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    struct pipeline_row row;
    const struct json *tags, *added = json_get(call->input, "tags");
    if (!find(tx, call, &row, &tags, err) || !tags_check(added, err))
        return false;
    const struct json *all = tags_add(call->arena, tags, added);
    if (all->count > TAGS_MAX)
        return err_set_code(err, ERR_LIMIT, "TooManyTagsException", "Tag limit exceeded for resource [%s].",
                            aws_text(call, "resourceArn"));
    return pipelines_set_tags(tx, row.id, json_print(call->arena, all), err);
}

bool untag_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    struct pipeline_row row;
    const struct json *tags;
    if (!find(tx, call, &row, &tags, err))
        return false;
    const struct json *left = tags_remove(call->arena, tags, json_get(call->input, "tagKeys"));
    return pipelines_set_tags(tx, row.id, json_print(call->arena, left), err);
}
