/*
 * Builds as this door names and shows them.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/jobs/build_start.h"

#include "common/str.h"

#include <string.h>

/* Where the log can be read: here always, whatever the project says of CloudWatch; in S3 too where it says so. */
static void show_logs(const struct aws_call *call, const struct build_row *row, struct json *build) {
    struct arena *arena = call->arena;
    const struct json *config = json_get(build, "logsConfig");
    const struct json *watch = json_get(config, "cloudWatchLogs"), *s3 = json_get(config, "s3Logs");
    const char *prefix = json_get_text_or(watch, "streamName", ""), *location = json_get_text_or(s3, "location", "");
    struct json *logs = json_object(arena);
    json_set_text(arena, logs, "groupName",
                  json_get_text_or(watch, "groupName", arena_printf(arena, "/aws/codebuild/%s", row->project)));
    json_set_text(arena, logs, "streamName", arena_printf(arena, "%s%s%s", prefix, *prefix ? "/" : "", row->log_id));
    json_set_text(arena, logs, "deepLink",
                  arena_printf(arena, "%s/logs/%s/raw", call->server->config->base_url, row->log_id));
    if (str_equal(json_get_text(s3, "status"), "ENABLED")) {
        const char *slash = str_ends_with(location, "/") ? "" : "/";
        json_set_text(arena, logs, "s3LogsArn",
                      arena_printf(arena, "arn:aws:s3:::%s%s%s.gz", location, slash, row->uuid));
    }
    struct json *shown = watch ? json_copy(arena, watch) : json_object(arena);
    json_set_text(arena, shown, "status", json_get_text_or(watch, "status", "ENABLED"));
    json_set(arena, logs, "cloudWatchLogs", shown);
    shown = s3 ? json_copy(arena, s3) : json_object(arena);
    json_set_text(arena, shown, "status", json_get_text_or(s3, "status", "DISABLED"));
    json_set_bool(arena, shown, "encryptionDisabled", json_get_bool(s3, "encryptionDisabled", false));
    json_set(arena, logs, "s3Logs", shown);
    json_remove(build, "logsConfig");
    json_set(arena, build, "logs", logs);
}

/* Which builds were, or will be, done in its stead without anybody asking. */
static void show_retries(const struct aws_call *call, const struct build_row *row, struct json *build) {
    struct arena *arena = call->arena;
    if (row->retry_limit == 0 && !row->previous_uuid && !row->next_uuid)
        return;
    struct json *retry = json_set_object(arena, build, "autoRetryConfig");
    json_set_integer(arena, retry, "autoRetryLimit", row->retry_limit);
    json_set_integer(arena, retry, "autoRetryNumber", row->retry_number);
    if (row->next_uuid)
        json_set_text(arena, retry, "nextAutoRetry", name_build_arn(call, row->project, row->next_uuid));
    if (row->previous_uuid)
        json_set_text(arena, retry, "previousAutoRetry", name_build_arn(call, row->project, row->previous_uuid));
}

/* Where they go: as the runner told it, and before that as far as the settings say it. */
static const char *artifacts_location(struct arena *arena, const struct build_row *row, const struct json *artifacts) {
    const char *told = json_get_text(artifacts, "location"), *path = json_get_text_or(artifacts, "path", "");
    if (!str_equal(json_get_text(artifacts, "type"), "S3") || !told || str_starts_with(told, "arn:"))
        return told ? told : "";
    bool by_id = str_equal(json_get_text(artifacts, "namespaceType"), "BUILD_ID");
    return arena_printf(arena, "arn:aws:s3:::%s%s%s%s%s/%s", told, *path ? "/" : "", path, by_id ? "/" : "",
                        by_id ? row->uuid : "", json_get_text_or(artifacts, "name", row->project));
}

static struct json *show_artifacts(struct arena *arena, const struct build_row *row, const struct json *artifacts) {
    static const char *const members[] = {
        "sha256sum", "md5sum", "overrideArtifactName", "encryptionDisabled", "artifactIdentifier", "bucketOwnerAccess"};
    struct json *shown = json_object(arena);
    json_set_text(arena, shown, "location", artifacts_location(arena, row, artifacts));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct json *value = json_get(artifacts, members[i]);
        if (value)
            json_set(arena, shown, members[i], json_copy(arena, value));
    }
    return shown;
}

static void show_all_artifacts(struct arena *arena, const struct build_row *row, struct json *build) {
    json_set(arena, build, "artifacts", show_artifacts(arena, row, json_get(build, "artifacts")));
    const struct json *secondary = json_get(build, "secondaryArtifacts");
    if (!secondary)
        return;
    struct json *list = json_array(arena);
    json_each(item, secondary) {
        json_append(list, show_artifacts(arena, row, item));
    }
    json_set(arena, build, "secondaryArtifacts", list);
}

bool build_show(const struct aws_call *call, const struct build_row *row, struct json **out, struct err *err) {
    if (!build_describe(call->arena, row, out, err))
        return false;
    json_set_text(call->arena, *out, "arn", name_build_arn(call, row->project, row->uuid));
    if (!json_get(*out, "serviceRole"))
        json_set_text(call->arena, *out, "serviceRole", name_default_role(call, "codebuild"));
    if (!json_get(*out, "encryptionKey"))
        json_set_text(call->arena, *out, "encryptionKey", name_default_key(call));
    show_all_artifacts(call->arena, row, *out);
    show_logs(call, row, *out);
    show_retries(call, row, *out);
    if (row->batch_uuid)
        json_set_text(call->arena, *out, "buildBatchArn", name_build_batch_arn(call, row->project, row->batch_uuid));
    return true;
}

bool build_id_parse(const struct aws_call *call, const char *id, const char **project, const char **uuid,
                    struct err *err) {
    const char *resource = name_out_of_arn(call, id, "codebuild");
    const char *text = resource && str_starts_with(resource, "build/") ? resource + strlen("build/") : id;
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !colon[1])
        return err_set_code(err, ERR_INVALID, "InvalidInputException", "Invalid build ID: %s", id);
    *project = arena_strndup(call->arena, text, (size_t)(colon - text));
    *uuid = colon + 1;
    return true;
}
