/*
 * What happens to pipelines themselves.
 */
#include "common/str.h"
#include "server/engine/carry_out.h"
#include "server/engine/engine.h"
#include "server/engine/schedules.h"
#include "server/store/events.h"
#include "server/store/schedules.h"
#include "server/store/stage_gates.h"

#include <string.h>

static bool tell(struct tx *tx, const char *pipeline, const char *status, struct err *err) {
    const struct event_row event = {.type = "pipeline", .pipeline = pipeline, .status = status};
    return events_add(tx, &event, err);
}

static const char *setting(const struct pipeline_action *action, const char *key) {
    for (size_t i = 0; i < action->configuration_count; i++) {
        if (str_equal(action->configuration[i].key, key))
            return action->configuration[i].value;
    }
    return NULL;
}

/* The repository and branch whose pushes start the pipeline, where the action names one. A polling flag of the other
 * providers says how AWS is to notice a push, not whether one counts; DetectChanges says whether. With a
 * trigger only its filters count. */
static bool source_of(struct arena *arena, const struct pipeline_action *action, bool filtered,
                      struct pipeline_source *out) {
    const char *provider = action->type->provider;
    *out =
        (struct pipeline_source){.action = action->name, .branch = setting(action, "BranchName"), .filtered = filtered};
    if (str_equal(provider, "CodeCommit")) {
        out->hosted = true;
        out->repository = setting(action, "RepositoryName");
    } else if (str_equal(provider, "GitHub")) {
        out->repository = arena_printf(arena, "%s/%s", setting(action, "Owner"), setting(action, "Repo"));
        out->branch = setting(action, "Branch");
    } else if (str_equal(provider, "CodeStarSourceConnection")) {
        if (filtered || !str_equal(setting(action, "DetectChanges"), "false"))
            out->repository = setting(action, "FullRepositoryId");
    }
    return out->repository && out->branch;
}

static bool has_trigger(const struct pipeline *pipeline, const char *action) {
    for (size_t i = 0; i < pipeline->trigger_count; i++) {
        if (str_equal(pipeline->triggers[i].source_action, action))
            return true;
    }
    return false;
}

static struct pipeline_change change_of(struct arena *arena, const struct engine_definition *definition) {
    const struct pipeline *pipeline = definition->pipeline;
    const struct pipeline_stage *first = &pipeline->stages[0];
    struct pipeline_source *sources = arena_array(arena, struct pipeline_source, first->action_count);
    size_t count = 0;
    for (size_t i = 0; i < first->action_count; i++)
        count += source_of(arena, &first->actions[i], has_trigger(pipeline, first->actions[i].name), &sources[count]);
    return (struct pipeline_change){
        .name = pipeline->name,
        .mode = pipeline->mode,
        .type = pipeline->type,
        .declaration = json_print(arena, pipeline->declaration),
        .origin = definition->origin,
        .file = definition->file,
        .tags = definition->tags,
        .sources = sources,
        .source_count = count,
    };
}

bool engine_create_pipeline(struct tx *tx, struct arena *arena, const struct engine_definition *definition,
                            struct err *err) {
    const struct pipeline_change change = change_of(arena, definition);
    int64_t id = 0;
    bool changed = false;
    return pipelines_add(tx, &change, &id, err) && tell(tx, change.name, "created", err) &&
           put_file_schedules(tx, arena, id, definition, &changed, err);
}

static bool has_stage(const struct pipeline *pipeline, const char *name) {
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        if (str_equal(pipeline->stages[i].name, name))
            return true;
    }
    return false;
}

/* A stage of that name that comes back one day is another one. */
static bool remove_gates(struct tx *tx, struct arena *arena, int64_t pipeline_id, const struct pipeline *pipeline,
                         struct err *err) {
    struct stage_gate_row *gates = NULL;
    size_t count = 0;
    if (!stage_gates_list(tx, arena, pipeline_id, &gates, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!has_stage(pipeline, gates[i].stage) && !stage_gates_remove(tx, pipeline_id, gates[i].stage, err))
            return false;
    }
    return true;
}

static bool update(struct tx *tx, struct arena *arena, const struct pipeline_row *row,
                   const struct engine_definition *definition, struct err *err) {
    const struct pipeline_change change = change_of(arena, definition);
    const struct engine_event event = {.kind = EVENT_UPDATE, .version = row->version + 1};
    bool changed = false;
    return pipelines_change(tx, row->id, &change, err) && remove_gates(tx, arena, row->id, definition->pipeline, err) &&
           put_file_schedules(tx, arena, row->id, definition, &changed, err) && tell(tx, row->name, "updated", err) &&
           engine_move(tx, arena, row->id, &event, err);
}

bool engine_update_pipeline(struct tx *tx, struct arena *arena, const struct engine_definition *definition,
                            struct err *err) {
    struct pipeline_row row;
    return pipelines_get(tx, arena, definition->pipeline->name, &row, err) && update(tx, arena, &row, definition, err);
}

static bool is_same(struct arena *arena, const struct pipeline_row *row, const struct engine_definition *definition) {
    const struct json *stored = NULL;
    return json_parse(arena, row->declaration, strlen(row->declaration), &stored, NULL) &&
           json_equal(stored, definition->pipeline->declaration);
}

bool engine_put_pipeline(struct tx *tx, struct arena *arena, const struct engine_definition *definition, bool *changed,
                         struct err *err) {
    struct pipeline_row row;
    struct err why = {.kind = ERR_NONE};
    bool there = pipelines_get(tx, arena, definition->pipeline->name, &row, &why);
    bool same = there && is_same(arena, &row, definition);
    bool schedules_changed = false;
    if (same && !put_file_schedules(tx, arena, row.id, definition, &schedules_changed, err))
        return false;
    if (changed)
        *changed = !same || schedules_changed;
    if (same)
        return pipelines_set_origin(tx, row.id, definition->origin, definition->file, err);
    if (there)
        return update(tx, arena, &row, definition, err);
    if (why.kind == ERR_NOT_FOUND)
        return engine_create_pipeline(tx, arena, definition, err);
    return pass_on(err, &why);
}

bool engine_delete_pipeline(struct tx *tx, struct arena *arena, const char *name, const char *by, struct err *err) {
    static const struct engine_event deleted = {.kind = EVENT_DELETE};
    struct pipeline_row row;
    struct err why = {.kind = ERR_NONE};
    if (!pipelines_get(tx, arena, name, &row, &why))
        return why.kind == ERR_NOT_FOUND || pass_on(err, &why);
    return executions_note_stop(tx, row.id, 0, "the pipeline was deleted", by, err) &&
           engine_move(tx, arena, row.id, &deleted, err) && pipelines_delete(tx, row.id, err) &&
           schedules_delete_all(tx, row.id, err) && tell(tx, name, "deleted", err);
}
