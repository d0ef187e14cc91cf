/*
 * Pipelines as this door finds, reads and shows them.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/names.h"
#include "server/engine/worker_types.h"

#include "common/str.h"

#include <string.h>

static const struct shape_pattern name_pattern = {
    .aws = "[A-Za-z0-9.@\\-_]+", .expression = "^[A-Za-z0-9.@_-]+$", .words = "letters, digits and . @ - _"};

const struct shape pipeline_name_shape = {.type = SHAPE_TEXT, .least = 1, .most = 100, .pattern = &name_pattern};
const struct shape action_name_shape = {.type = SHAPE_TEXT, .least = 1, .most = 100, .pattern = &name_pattern};

bool pipeline_find(struct tx *tx, const struct aws_call *call, const char *name, struct pipeline_row *out,
                   struct err *err) {
    if (pipelines_get(tx, call->arena, name, out, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    return err_set_code(err, ERR_NOT_FOUND, "PipelineNotFoundException",
                        "Account '%s' does not have a pipeline with name '%s'", call->account_id, name);
}

static bool parse(const struct aws_call *call, const char *declaration, const struct json **out, struct err *err) {
    if (json_parse(call->arena, declaration, strlen(declaration), out, err))
        return true;
    err->kind = ERR_INTERNAL; /* it is ours, not the client's */
    return err_wrap(err, "reading a stored declaration");
}

bool pipeline_read(const struct aws_call *call, const char *declaration, const struct pipeline **out, struct err *err) {
    const struct json *tree;
    struct pipeline *pipeline;
    if (!parse(call, declaration, &tree, err) || !definition_read(call->arena, tree, &pipeline, err))
        return false;
    *out = pipeline;
    return true;
}

/* The type of an action in a declaration, or NULL. */
static const struct action_type *type_of(struct arena *arena, const struct json *action) {
    const struct json *id = json_get(action, "actionTypeId");
    const char *category_name = json_get_text(id, "category"), *provider = json_get_text(id, "provider");
    const char *version = json_get_text(id, "version");
    enum action_category category;
    if (!category_name || !provider || !version || !action_category_parse(category_name, &category))
        return NULL;
    return str_equal(json_get_text(id, "owner"), "Custom") ? custom_type_named(arena, category, provider, version)
                                                           : action_types_find(provider, category);
}

/* json_get for a tree that may be changed. */
static struct json *member(struct json *object, const char *name) {
    for (struct json *item = object ? object->first : NULL; item; item = item->next)
        if (str_equal(item->name, name))
            return item;
    return NULL;
}

typedef void visit_secret(void *context, const char *stage, const char *action, struct json *settings, const char *key);

/* Calls visit for each secret setting of each action of a declaration that can be changed. */
static bool each_secret(struct tx *tx, const struct aws_call *call, struct json *declaration, visit_secret *visit,
                        void *context, struct err *err) {
    struct custom_types types;
    if (!worker_types_load(tx, call->arena, true, &types, err))
        return false;
    struct json *stages = member(declaration, "stages");
    for (struct json *stage = stages ? stages->first : NULL; stage; stage = stage->next) {
        struct json *actions = member(stage, "actions");
        for (struct json *action = actions ? actions->first : NULL; action; action = action->next) {
            const struct action_type *type = type_of(call->arena, action);
            struct json *settings = member(action, "configuration");
            for (struct json *setting = type && settings ? settings->first : NULL; setting; setting = setting->next)
                if (setting->type == JSON_TEXT && worker_types_secret(&types, type, setting->name))
                    visit(context, json_get_text(stage, "name"), json_get_text(action, "name"), settings,
                          setting->name);
        }
    }
    return true;
}

static void hide(void *context, const char *stage, const char *action, struct json *settings, const char *key) {
    (void)stage;
    (void)action;
    json_set_text(context, settings, key, "****");
}

static void copy(struct arena *arena, struct json *to, const struct json *from, const char *name) {
    if (json_get(from, name))
        json_set(arena, to, name, json_copy(arena, json_get(from, name)));
}

static void show_store(const struct aws_call *call, struct json *out, const struct json *declaration) {
    copy(call->arena, out, declaration, "artifactStore");
    copy(call->arena, out, declaration, "artifactStores");
    if (json_get(out, "artifactStore") || json_get(out, "artifactStores"))
        return;
    struct json *store = json_set_object(call->arena, out, "artifactStore");
    json_set_text(call->arena, store, "type", "S3");
    json_set_text(call->arena, store, "location", name_default_bucket(call));
}

bool pipeline_show(struct tx *tx, const struct aws_call *call, const char *declaration, int64_t version,
                   struct json **out, struct err *err) {
    const struct json *from;
    if (!parse(call, declaration, &from, err))
        return false;
    struct arena *arena = call->arena;
    struct json *to = json_object(arena);
    json_set_text(arena, to, "name", json_get_text(from, "name"));
    json_set_text(arena, to, "roleArn", json_get_text_or(from, "roleArn", name_default_role(call, "codepipeline")));
    show_store(call, to, from);
    copy(arena, to, from, "stages");
    json_set_integer(arena, to, "version", version);
    copy(arena, to, from, "executionMode");
    copy(arena, to, from, "pipelineType");
    copy(arena, to, from, "variables");
    copy(arena, to, from, "triggers");
    if (!each_secret(tx, call, to, hide, arena, err))
        return false;
    *out = to;
    return true;
}

struct secrets {
    struct arena *arena;
    const struct json *stored;
};

static const struct json *find_named(const struct json *list, const char *name) {
    json_each(item, list) {
        if (str_equal(json_get_text(item, "name"), name))
            return item;
    }
    return NULL;
}

/* AWS: "****" keeps the secret that the action of that name in the stage of that name had. */
static void keep(void *context, const char *stage, const char *action, struct json *settings, const char *key) {
    const struct secrets *secrets = context;
    const struct json *old_stage = find_named(json_get(secrets->stored, "stages"), stage);
    const struct json *old_action = find_named(json_get(old_stage, "actions"), action);
    const char *secret = json_get_text(json_get(old_action, "configuration"), key);
    if (secret && str_equal(json_get_text(settings, key), "****"))
        json_set_text(secrets->arena, settings, key, secret);
}

bool pipeline_declared(struct tx *tx, const struct aws_call *call, const struct pipeline_row *stored,
                       const struct pipeline **out, struct err *err) {
    const struct json *declaration = json_get(call->input, "pipeline");
    struct secrets secrets = {.arena = call->arena};
    if (stored) {
        if (!parse(call, stored->declaration, &secrets.stored, err))
            return false;
        struct json *whole = json_copy(call->arena, declaration);
        if (!each_secret(tx, call, whole, keep, &secrets, err))
            return false;
        declaration = whole;
    }
    struct custom_types types;
    struct definition_result result;
    if (!worker_types_load(tx, call->arena, false, &types, err))
        return false;
    if (!definition_check(call->arena, declaration, DEFINITION_REQUEST, &types, &result))
        return definition_errors_fail(&result.errors, call->service->validation, err);
    *out = result.pipeline;
    return true;
}

struct json *execution_show_trigger(struct arena *arena, const struct execution_row *execution) {
    struct json *trigger = json_object(arena);
    json_set_text(arena, trigger, "triggerType", execution->trigger_type);
    json_set_text(arena, trigger, "triggerDetail", execution->trigger_detail);
    return trigger;
}

bool execution_show_type(struct tx *tx, struct arena *arena, const struct execution_row *execution, struct json *out,
                         struct err *err) {
    struct execution_row target;
    json_set_text(arena, out, "executionMode", execution_mode_name(execution->mode));
    json_set_text(arena, out, "executionType", state_name(&execution_types, (int)execution->type));
    if (!execution->rollback_of)
        return true;
    if (!executions_get_by_id(tx, arena, execution->rollback_of, &target, err))
        return false;
    json_set_text(arena, json_set_object(arena, out, "rollbackMetadata"), "rollbackTargetPipelineExecutionId",
                  target.uuid);
    return true;
}

bool execution_not_latest(struct err *err) {
    if (str_equal(err->code, "PipelineExecutionNotFoundException"))
        err->code = "NotLatestPipelineExecutionException";
    return false;
}
