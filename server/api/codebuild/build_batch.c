/*
 * Batch builds as this door names and shows them.
 */
#include "server/api/codebuild/build_batch.h"

#include "server/api/names.h"
#include "server/jobs/batch.h"

#include "common/str.h"

#include <string.h>

/* A build's artifacts say where they lie; those of a batch where its builds' go. */
static void show_artifacts(struct arena *arena, struct json *batch) {
    const struct json *artifacts = json_get(batch, "artifacts");
    const char *location = json_get_text_or(artifacts, "location", "");
    struct json *shown = json_object(arena);
    json_set_text(arena, shown, "location",
                  str_equal(json_get_text(artifacts, "type"), "S3") ? arena_printf(arena, "arn:aws:s3:::%s", location)
                                                                    : "");
    json_set(arena, batch, "artifacts", shown);
    json_remove(batch, "secondaryArtifacts");
}

bool build_batch_show(struct tx *tx, const struct aws_call *call, const struct batch_row *row, struct json **out,
                      struct err *err) {
    struct arena *arena = call->arena;
    const char *prefix = arena_printf(arena, "arn:aws:codebuild:%s:%s:build/", call->region, call->account_id);
    if (!batch_describe(tx, arena, row, prefix, out, err))
        return false;
    json_set_text(arena, *out, "arn", name_build_batch_arn(call, row->project, row->uuid));
    if (!json_get(*out, "serviceRole"))
        json_set_text(arena, *out, "serviceRole", name_default_role(call, "codebuild"));
    if (!json_get(*out, "encryptionKey"))
        json_set_text(arena, *out, "encryptionKey", name_default_key(call));
    show_artifacts(arena, *out);
    return true;
}

bool build_batch_answer(struct tx *tx, const struct aws_call *call, const struct batch_row *row, struct json *out,
                        struct err *err) {
    struct json *shown;
    if (!build_batch_show(tx, call, row, &shown, err))
        return false;
    json_set(call->arena, out, "buildBatch", shown);
    return true;
}

bool build_batch_id_parse(const struct aws_call *call, const char *id, const char **project, const char **uuid,
                          struct err *err) {
    const char *resource = name_out_of_arn(call, id, "codebuild");
    const char *text = resource && str_starts_with(resource, "build-batch/") ? resource + strlen("build-batch/") : id;
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !colon[1])
        return err_set_code(err, ERR_INVALID, "InvalidInputException", "Invalid build batch ID: %s", id);
    *project = arena_strndup(call->arena, text, (size_t)(colon - text));
    *uuid = colon + 1;
    return true;
}
