/*
 * ListTagsForResource, TagResource, UntagResource: tags of pipelines and custom action types.
 */
#include "server/api/tags.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/api/names.h"
#include "server/store/custom_type_rows.h"

#include "common/str.h"

#include <string.h>

#define ACTION_TYPE "actiontype:"

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

/* What an ARN names, and its tags. */
struct tagged {
    bool custom_type; /* else a pipeline */
    int64_t id;
    const char *text;
    const struct json *tags;
};

static bool missing(const struct aws_call *call, struct err *err) {
    return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "there is no resource '%s'",
                        aws_text(call, "resourceArn"));
}

/* "Custom/Build/x/1" */
static bool find_custom_type(struct tx *tx, const struct aws_call *call, const char *name, struct tagged *out,
                             struct err *err) {
    char *parts[4] = {arena_strdup(call->arena, name)};
    struct custom_type_row row;
    bool found = false;
    for (size_t i = 1; i < 4; i++) {
        parts[i] = strchr(parts[i - 1], '/');
        if (!parts[i])
            return missing(call, err);
        *parts[i]++ = '\0';
    }
    if (str_equal(parts[0], "Custom") &&
        !custom_type_rows_get(tx, call->arena, parts[1], parts[2], parts[3], &found, &row, err))
        return false;
    if (!found || row.deleted_ms)
        return missing(call, err);
    *out = (struct tagged){.custom_type = true, .id = row.id, .text = row.tags};
    return true;
}

static bool find_pipeline(struct tx *tx, const struct aws_call *call, const char *name, struct tagged *out,
                          struct err *err) {
    struct pipeline_row row;
    if (strchr(name, ':'))
        return missing(call, err);
    if (!pipelines_get(tx, call->arena, name, &row, err))
        return err->kind == ERR_NOT_FOUND && missing(call, err);
    *out = (struct tagged){.id = row.id, .text = row.tags};
    return true;
}

static bool find(struct tx *tx, const struct aws_call *call, struct tagged *out, struct err *err) {
    const char *name = name_out_of_arn(call, aws_text(call, "resourceArn"), "codepipeline");
    if (!name)
        return err_set_code(err, ERR_INVALID, "InvalidArnException", "'%s' is not the ARN of a pipeline",
                            aws_text(call, "resourceArn"));
    if (!(str_starts_with(name, ACTION_TYPE) ? find_custom_type(tx, call, name + strlen(ACTION_TYPE), out, err)
                                             : find_pipeline(tx, call, name, out, err)))
        return false;
    return json_parse(call->arena, out->text, strlen(out->text), &out->tags, err);
}

static bool put(struct tx *tx, const struct aws_call *call, const struct tagged *tagged, const struct json *tags,
                struct err *err) {
    const char *text = json_print(call->arena, tags);
    return tagged->custom_type ? custom_type_rows_set_tags(tx, tagged->id, text, err)
                               : pipelines_set_tags(tx, tagged->id, text, err);
}

bool list_tags_for_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct tagged tagged;
    if (!find(tx, call, &tagged, err))
        return false;
    json_set(call->arena, out, "tags", json_copy(call->arena, tagged.tags));
    return true;
}

bool tag_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    struct tagged tagged;
    const struct json *added = json_get(call->input, "tags");
    if (!find(tx, call, &tagged, err) || !tags_check(added, err))
        return false;
    const struct json *all = tags_add(call->arena, tagged.tags, added);
    if (all->count > TAGS_MAX)
        return err_set_code(err, ERR_LIMIT, "TooManyTagsException", "Tag limit exceeded for resource [%s].",
                            aws_text(call, "resourceArn"));
    return put(tx, call, &tagged, all, err);
}

bool untag_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    struct tagged tagged;
    if (!find(tx, call, &tagged, err))
        return false;
    return put(tx, call, &tagged, tags_remove(call->arena, tagged.tags, json_get(call->input, "tagKeys")), err);
}
