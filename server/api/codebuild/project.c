/*
 * Projects as this door finds, stores and shows them.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/jobs/queue.h"

#include <string.h>

bool project_find(struct tx *tx, const struct aws_call *call, const char *name_or_arn, struct project_row *out,
                  struct err *err) {
    const char *name = name_of_project(call, name_or_arn);
    if (projects_get(tx, call->arena, name, out, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "Project cannot be found: %s",
                        name_project_arn(call, name));
}

static void set_default_text(struct arena *arena, struct json *object, const char *name, const char *value) {
    if (!json_get(object, name))
        json_set_text(arena, object, name, value);
}

static struct json *show_badge(const struct aws_call *call, const struct project_row *row,
                               const struct json *document) {
    struct json *badge = json_object(call->arena);
    bool enabled = json_get_bool(document, "badgeEnabled", false);
    json_set_bool(call->arena, badge, "badgeEnabled", enabled);
    if (enabled && row->badge_uuid)
        json_set_text(call->arena, badge, "badgeRequestUrl",
                      arena_printf(call->arena, "%s/badges?uuid=%s", call->server->config->base_url, row->badge_uuid));
    return badge;
}

bool project_show(const struct aws_call *call, const struct project_row *row, struct json **out, struct err *err) {
    struct arena *arena = call->arena;
    const struct json *document, *tags;
    if (!json_parse(arena, row->document, strlen(row->document), &document, err) ||
        !json_parse(arena, row->tags, strlen(row->tags), &tags, err)) {
        err->kind = ERR_INTERNAL;
        return err_wrap(err, "reading the stored project '%s'", row->name);
    }
    struct json *project = json_copy(arena, document);
    json_set_text(arena, project, "arn", name_project_arn(call, row->name));
    set_default_text(arena, project, "serviceRole", name_default_role(call, "codebuild"));
    set_default_text(arena, project, "encryptionKey", name_default_key(call));
    json_set(arena, project, "tags", json_copy(arena, tags));
    json_set_time(arena, project, "created", row->created_ms);
    json_set_time(arena, project, "lastModified", row->updated_ms);
    json_remove(project, "badgeEnabled");
    json_set(arena, project, "badge", show_badge(call, row, document));
    *out = project;
    return true;
}

bool project_store(struct tx *tx, const struct aws_call *call, const struct json *settings, bool change,
                   struct err *err) {
    const struct json *tags = json_get(settings, "tags");
    struct json *document = json_copy(call->arena, settings);
    json_remove(document, "tags");
    const struct project_row row = {
        .name = json_get_text(settings, "name"),
        .document = json_print(call->arena, document),
        .origin = ORIGIN_API,
        .tags = tags ? json_print(call->arena, tags) : "[]",
    };
    /* A limit that was raised or taken away lets builds begin at once. */
    return (change ? projects_change(tx, &row, err) : projects_add(tx, &row, err)) && queue_let_go(tx, row.name, err);
}
