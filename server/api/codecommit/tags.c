/*
 * ListTagsForResource, TagResource, UntagResource: repositories' tags, which are a map here.
 */
#include "server/api/codecommit/codecommit.h"

#include "server/api/names.h"

#include <string.h>

static const struct shape key = {.type = SHAPE_TEXT, .least = 1, .most = 128};

const struct shape list_tags_for_repository_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "resourceArn", .required = true, .shape = &aws_filled_text},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

const struct shape tag_repository_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "resourceArn", .required = true, .shape = &aws_filled_text},
            {.name = "tags",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_MAP,
                                            .most = 50,
                                            .keys = &key,
                                            .members = &(const struct shape){.type = SHAPE_TEXT, .most = 256}}},
            {0},
        },
};

const struct shape untag_repository_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "resourceArn", .required = true, .shape = &aws_filled_text},
            {.name = "tagKeys", .required = true, .shape = &aws_tag_keys},
            {0},
        },
};

static bool find(struct tx *tx, const struct aws_call *call, struct repository_row *out, const struct json **tags,
                 struct err *err) {
    const char *name = name_out_of_arn(call, aws_text(call, "resourceArn"), "codecommit");
    if (!name)
        return err_set_code(err, ERR_INVALID, "InvalidResourceArnException", "'%s' is not the ARN of a repository",
                            aws_text(call, "resourceArn"));
    if (!repositories_get(tx, call->arena, name, out, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        return err_set_code(err, ERR_NOT_FOUND, "RepositoryDoesNotExistException", "%s does not exist", name);
    }
    return json_parse(call->arena, out->tags, strlen(out->tags), tags, err);
}

bool list_tags_for_repository(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct repository_row row;
    const struct json *tags;
    if (!find(tx, call, &row, &tags, err))
        return false;
    json_set(call->arena, out, "tags", json_copy(call->arena, tags));
    return true;
}

bool tag_repository(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    struct repository_row row;
    const struct json *tags;
    if (!find(tx, call, &row, &tags, err))
        return false;
    struct json *all = json_copy(call->arena, tags);
    json_each(tag, json_get(call->input, "tags")) {
        json_set_text(call->arena, all, tag->name, tag->text);
    }
    if (all->count > 50)
        return err_set_code(err, ERR_LIMIT, "TooManyTagsException", "at most 50 tags are allowed");
    return repositories_set_tags(tx, row.name, json_print(call->arena, all), err);
}

bool untag_repository(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    struct repository_row row;
    const struct json *tags;
    if (!find(tx, call, &row, &tags, err))
        return false;
    struct json *left = json_copy(call->arena, tags);
    json_each(gone, json_get(call->input, "tagKeys")) {
        json_remove(left, gone->text);
    }
    return repositories_set_tags(tx, row.name, json_print(call->arena, left), err);
}
