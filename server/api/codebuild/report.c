/*
 * Report groups and reports as this door names and shows them.
 */
#include "server/api/codebuild/report.h"

#include "server/api/names.h"

#include "common/str.h"

#include <string.h>

static const char *const export_types[] = {"S3", "NO_EXPORT", NULL};
static const char *const packagings[] = {"ZIP", "NONE", NULL};
static const char *const orders[] = {"ASCENDING", "DESCENDING", NULL};
static const char *const statuses[] = {"GENERATING", "SUCCEEDED", "FAILED", "INCOMPLETE", "DELETING", NULL};

static const struct shape destination = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "bucket", .shape = &aws_filled_text},
            {.name = "bucketOwner", .shape = &aws_plain_text},
            {.name = "path", .shape = &aws_plain_text},
            {.name = "packaging", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = packagings}},
            {.name = "encryptionKey", .shape = &aws_filled_text},
            {.name = "encryptionDisabled", .shape = &aws_boolean},
            {0},
        },
};

const struct shape report_export_config = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "exportConfigType", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = export_types}},
            {.name = "s3Destination", .shape = &destination},
            {0},
        },
};

const struct shape report_sort_order = {.type = SHAPE_TEXT, .choices = orders};
const struct shape report_page_size = {.type = SHAPE_INTEGER, .least = 1, .most = REPORT_PAGE};

const struct shape report_filter = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "status", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = statuses}},
            {0},
        },
};

bool report_export_make(const struct aws_call *call, const struct json *config, const char **out, struct err *err) {
    struct arena *arena = call->arena;
    const char *type = json_get_text(config, "exportConfigType");
    const struct json *given = json_get(config, "s3Destination");
    struct json *made = json_object(arena);
    if (!type)
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "exportConfig must have an exportConfigType: S3 or NO_EXPORT");
    json_set_text(arena, made, "exportConfigType", type);
    if (str_equal(type, "S3")) {
        if (!json_get_text(given, "bucket"))
            return err_set_code(err, ERR_INVALID, "InvalidInputException",
                                "exportConfig of type S3 must have an s3Destination with a bucket");
        struct json *copy = json_copy(arena, given);
        if (!json_get(copy, "packaging"))
            json_set_text(arena, copy, "packaging", "NONE");
        if (!json_get(copy, "encryptionDisabled"))
            json_set_bool(arena, copy, "encryptionDisabled", false);
        json_set(arena, made, "s3Destination", copy);
    }
    *out = json_print(arena, made);
    return true;
}

bool report_group_name_parse(const struct aws_call *call, const char *arn, const char **name, struct err *err) {
    static const char kind[] = "report-group/";
    const char *resource = name_out_of_arn(call, arn, "codebuild");
    if (!resource || !str_starts_with(resource, kind) || !resource[sizeof kind - 1])
        return err_set_code(err, ERR_INVALID, "InvalidInputException", "Invalid report group ARN: %s", arn);
    *name = resource + sizeof kind - 1;
    return true;
}

bool report_arn_parse(const struct aws_call *call, const char *arn, const char **group, const char **uuid,
                      struct err *err) {
    static const char kind[] = "report/";
    const char *resource = name_out_of_arn(call, arn, "codebuild");
    const char *start = resource && str_starts_with(resource, kind) ? resource + sizeof kind - 1 : NULL;
    const char *colon = start ? strrchr(start, ':') : NULL;
    if (!colon || colon == start || !colon[1])
        return err_set_code(err, ERR_INVALID, "InvalidInputException", "Invalid report ARN: %s", arn);
    *group = arena_strndup(call->arena, start, (size_t)(colon - start));
    *uuid = colon + 1;
    return true;
}

static bool not_there(const char *what, const char *arn, struct err *err) {
    if (err->kind != ERR_NOT_FOUND)
        return false;
    return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "%s does not exist: %s", what, arn);
}

bool report_group_find(struct tx *tx, const struct aws_call *call, const char *arn, struct report_group_row *out,
                       struct err *err) {
    const char *name;
    return report_group_name_parse(call, arn, &name, err) &&
           (report_groups_get(tx, call->arena, name, out, err) || not_there("Report group", arn, err));
}

bool report_find(struct tx *tx, const struct aws_call *call, const char *arn, struct report_row *out, struct err *err) {
    const char *group, *uuid;
    return report_arn_parse(call, arn, &group, &uuid, err) &&
           (reports_get(tx, call->arena, group, uuid, out, err) || not_there("Report", arn, err));
}

const char *report_group_arn(const struct aws_call *call, const char *group) {
    return arena_printf(call->arena, "arn:aws:codebuild:%s:%s:report-group/%s", call->region, call->account_id, group);
}

const char *report_arn(const struct aws_call *call, const struct report_row *row) {
    return arena_printf(call->arena, "arn:aws:codebuild:%s:%s:report/%s:%s", call->region, call->account_id, row->group,
                        row->uuid);
}

static bool set_stored(const struct aws_call *call, struct json *object, const char *name, const char *text,
                       struct err *err) {
    const struct json *value;
    if (!json_parse(call->arena, text, strlen(text), &value, err)) {
        err->kind = ERR_INTERNAL;
        return err_wrap(err, "reading a stored report's %s", name);
    }
    json_set(call->arena, object, name, json_copy(call->arena, value));
    return true;
}

bool report_group_show(const struct aws_call *call, const struct report_group_row *row, struct json **out,
                       struct err *err) {
    struct json *group = json_object(call->arena);
    json_set_text(call->arena, group, "arn", report_group_arn(call, row->name));
    json_set_text(call->arena, group, "name", row->name);
    json_set_text(call->arena, group, "type", row->type);
    json_set_time(call->arena, group, "created", row->created_ms);
    json_set_time(call->arena, group, "lastModified", row->updated_ms);
    json_set_text(call->arena, group, "status", "ACTIVE");
    *out = group;
    return set_stored(call, group, "exportConfig", row->export, err) && set_stored(call, group, "tags", row->tags, err);
}

bool report_show(const struct aws_call *call, const struct report_row *row, struct json **out, struct err *err) {
    struct json *report = json_object(call->arena);
    json_set_text(call->arena, report, "arn", report_arn(call, row));
    json_set_text(call->arena, report, "type", row->type);
    json_set_text(call->arena, report, "name", row->group);
    json_set_text(call->arena, report, "reportGroupArn", report_group_arn(call, row->group));
    json_set_text(call->arena, report, "executionId", name_build_arn(call, row->build_project, row->build_uuid));
    json_set_text(call->arena, report, "status", row->status);
    json_set_time(call->arena, report, "created", row->created_ms);
    json_set_time(call->arena, report, "expired", row->expires_ms);
    json_set_bool(call->arena, report, "truncated", row->truncated);
    json_set_text(call->arena, report, "problem", row->problem);
    *out = report;
    return set_stored(call, report, "exportConfig", row->export, err) &&
           set_stored(call, report, str_equal(row->type, "TEST") ? "testSummary" : "codeCoverageSummary", row->summary,
                      err);
}

bool build_show_reports(struct tx *tx, const struct aws_call *call, const struct build_row *row, struct json *build,
                        struct err *err) {
    struct report_row *reports;
    size_t count;
    if (!reports_of_build(tx, call->arena, row->id, &reports, &count, err))
        return false;
    if (count == 0)
        return true;
    struct json *arns = json_set_array(call->arena, build, "reportArns");
    for (size_t i = 0; i < count; i++)
        json_append_text(call->arena, arns, report_arn(call, &reports[i]));
    return true;
}
