/*
 * Builds as this door names and shows them.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/jobs/build_start.h"

#include "common/str.h"

#include <string.h>

/* Where the log can be read; AWS's fields, filled with what there is here. */
static void show_logs(const struct aws_call *call, const struct build_row *row, struct json *build) {
    struct arena *arena = call->arena;
    struct json *logs = json_set_object(arena, build, "logs");
    json_set_text(arena, logs, "groupName", arena_printf(arena, "/aws/codebuild/%s", row->project));
    json_set_text(arena, logs, "streamName", row->log_id);
    json_set_text(arena, logs, "deepLink",
                  arena_printf(arena, "%s/logs/%s/raw", call->server->config->base_url, row->log_id));
    json_set_text(arena, json_set_object(arena, logs, "cloudWatchLogs"), "status", "ENABLED");
    struct json *s3 = json_set_object(arena, logs, "s3Logs");
    json_set_text(arena, s3, "status", "DISABLED");
    json_set_bool(arena, s3, "encryptionDisabled", false);
}

bool build_show(const struct aws_call *call, const struct build_row *row, struct json **out, struct err *err) {
    if (!build_describe(call->arena, row, out, err))
        return false;
    json_set_text(call->arena, *out, "arn", name_build_arn(call, row->project, row->uuid));
    if (!json_get(*out, "serviceRole"))
        json_set_text(call->arena, *out, "serviceRole", name_default_role(call, "codebuild"));
    if (!json_get(*out, "encryptionKey"))
        json_set_text(call->arena, *out, "encryptionKey", name_default_key(call));
    show_logs(call, row, *out);
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
