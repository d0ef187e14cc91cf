/*
 * CreateCustomActionType.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/codepipeline/action_type.h"
#include "server/api/tags.h"

#include "common/str.h"

#include <string.h>

#define TYPES_MAX 50 /* AWS's quota in a region */

static const char *const property_types[] = {"String", "Number", "Boolean", NULL};
static const char *const template_names[] = {"entityUrlTemplate", "executionUrlTemplate", "revisionUrlTemplate"};

static const struct shape url = {.type = SHAPE_TEXT, .least = 1, .most = 2048};

static const struct shape settings_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "thirdPartyConfigurationUrl", .shape = &url},
            {.name = "entityUrlTemplate", .shape = &url},
            {.name = "executionUrlTemplate", .shape = &url},
            {.name = "revisionUrlTemplate", .shape = &url},
            {0},
        },
};

static const struct shape property = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 50}},
            {.name = "required", .required = true, .shape = &aws_boolean},
            {.name = "key", .required = true, .shape = &aws_boolean},
            {.name = "secret", .required = true, .shape = &aws_boolean},
            {.name = "queryable", .shape = &aws_boolean},
            {.name = "description", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 160}},
            {.name = "type", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = property_types}},
            {0},
        },
};

static const struct shape count_shape = {.type = SHAPE_INTEGER, .least = 0, .most = 5};

static const struct shape details = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "minimumCount", .required = true, .shape = &count_shape},
            {.name = "maximumCount", .required = true, .shape = &count_shape},
            {0},
        },
};

const struct shape create_custom_action_type_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "category", .required = true, .shape = &action_category_shape},
            {.name = "provider", .required = true, .shape = &action_provider_shape},
            {.name = "version", .required = true, .shape = &action_version_shape},
            {.name = "settings", .shape = &settings_shape},
            {.name = "configurationProperties",
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 10, .members = &property}},
            {.name = "inputArtifactDetails", .required = true, .shape = &details},
            {.name = "outputArtifactDetails", .required = true, .shape = &details},
            {.name = "tags", .shape = &aws_tag_list},
            {0},
        },
};

static bool check_counts(const struct aws_call *call, const char *name, struct err *err) {
    const struct json *counts = json_get(call->input, name);
    if (json_get_integer(counts, "minimumCount", 0) <= json_get_integer(counts, "maximumCount", 0))
        return true;
    return err_set_code(err, ERR_INVALID, "ValidationException",
                        "the minimumCount in '%s' is greater than its maximumCount", name);
}

static const struct json *find_property(const struct aws_call *call, const char *name) {
    json_each(item, json_get(call->input, "configurationProperties")) {
        if (str_equal(json_get_text(item, "name"), name))
            return item;
    }
    return NULL;
}

/* What is secret never stands in a URL, and a value that workers poll by is always there. */
static bool is_plain(const struct json *item) {
    return json_get_bool(item, "required", false) && !json_get_bool(item, "secret", false);
}

static bool check_properties(const struct aws_call *call, struct err *err) {
    const char *queryable = NULL;
    json_each(item, json_get(call->input, "configurationProperties")) {
        const char *name = json_get_text(item, "name");
        if (find_property(call, name) != item)
            return err_set_code(err, ERR_INVALID, "ValidationException", "the configuration property '%s' stands twice",
                                name);
        if (!json_get_bool(item, "queryable", false))
            continue;
        if (queryable)
            return err_set_code(err, ERR_INVALID, "ValidationException",
                                "an action type has at most one queryable property; '%s' is a second one", name);
        if (!is_plain(item))
            return err_set_code(err, ERR_INVALID, "ValidationException",
                                "the queryable property '%s' must be required and not secret", name);
        queryable = name;
    }
    return true;
}

static bool check_template(const struct aws_call *call, const char *member, struct err *err) {
    const char *text = json_get_text(json_get(call->input, "settings"), member);
    for (const char *at = text ? strstr(text, "{Config:") : NULL; at; at = strstr(at + 1, "{Config:")) {
        const char *start = at + strlen("{Config:"), *close = strchr(start, '}');
        const char *name = arena_strndup(call->arena, start, close ? (size_t)(close - start) : strlen(start));
        if (!close)
            return err_set_code(err, ERR_INVALID, "ValidationException", "'%s' holds a '{Config:' without its '}'",
                                member);
        if (!find_property(call, name) || !is_plain(find_property(call, name)))
            return err_set_code(
                err, ERR_INVALID, "ValidationException",
                "'%s' names '%s', which is not a configuration property that is required and not secret", member, name);
    }
    return true;
}

static bool check(const struct aws_call *call, struct err *err) {
    for (size_t i = 0; i < sizeof template_names / sizeof *template_names; i++)
        if (!check_template(call, template_names[i], err))
            return false;
    return check_counts(call, "inputArtifactDetails", err) && check_counts(call, "outputArtifactDetails", err) &&
           check_properties(call, err) && tags_check(json_get(call->input, "tags"), err);
}

static bool check_free(struct tx *tx, const struct aws_call *call, const struct custom_type_row *wanted,
                       struct err *err) {
    struct custom_type_row *rows, old;
    size_t count;
    bool found;
    if (!custom_type_rows_get(tx, call->arena, wanted->category, wanted->provider, wanted->version, &found, &old,
                              err) ||
        !custom_type_rows_list(tx, call->arena, false, &rows, &count, err))
        return false;
    const char *title = action_type_title(call->arena, wanted->category, "Custom", wanted->provider, wanted->version);
    if (found)
        return err_set_code(err, ERR_INVALID, "ValidationException",
                            old.deleted_ms ? "%s was deleted, and its version cannot be used again; choose another one"
                                           : "%s already exists",
                            title);
    return count < TYPES_MAX || err_set_code(err, ERR_LIMIT, "LimitExceededException",
                                             "there are %d custom action types already; delete one", TYPES_MAX);
}

static const char *document_of(const struct aws_call *call) {
    static const char *const members[] = {"settings", "configurationProperties", "inputArtifactDetails",
                                          "outputArtifactDetails"};
    struct json *document = json_object(call->arena);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_get(call->input, members[i]))
            json_set(call->arena, document, members[i], json_copy(call->arena, json_get(call->input, members[i])));
    return json_print(call->arena, document);
}

bool create_custom_action_type(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct json *tags = json_get(call->input, "tags");
    const struct custom_type_row row = {
        .category = aws_text(call, "category"),
        .provider = aws_text(call, "provider"),
        .version = aws_text(call, "version"),
        .document = document_of(call),
        .tags = tags ? json_print(call->arena, tags) : NULL,
    };
    if (!check(call, err) || !check_free(tx, call, &row, err) || !custom_type_rows_add(tx, &row, err) ||
        !action_type_show_custom(call->arena, &row, json_set_object(call->arena, out, "actionType"), err))
        return false;
    if (tags)
        json_set(call->arena, out, "tags", json_copy(call->arena, tags));
    return true;
}
