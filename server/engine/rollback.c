/*
 * A rollback is an execution of its own with one stage to do. It has its target's source revisions and pipeline
 * variables as rows; artifacts and output variables it finds at its target where it made none itself
 * (artifact_rows_find, action_runs_find_variable).
 */
#include "server/engine/rollback.h"

#include "common/hash.h"
#include "server/store/events.h"
#include "server/store/revisions.h"

static bool copy_revisions(struct step *step, int64_t from, int64_t to, struct err *err) {
    struct revision_row *rows = NULL;
    size_t count = 0;
    if (!revisions_list(step->tx, step->arena, from, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        rows[i].execution_id = to;
        rows[i].asked = rows[i].revision_id ? rows[i].revision_id : rows[i].asked;
        if (!revisions_add(step->tx, &rows[i], err) || !revisions_settle(step->tx, &rows[i], err))
            return false;
    }
    return true;
}

static bool copy_variables(struct step *step, int64_t from, int64_t to, struct err *err) {
    struct execution_variable *variables = NULL;
    size_t count = 0;
    if (!execution_variables_list(step->tx, step->arena, from, &variables, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!execution_variables_add(step->tx, to, variables[i].name, variables[i].value, err))
            return false;
    }
    return true;
}

static bool tell_start(struct step *step, const char *uuid, const struct execution_row *target, struct err *err) {
    struct json *detail = json_object(step->arena);
    json_set_text(step->arena, detail, "rollbackTarget", target->uuid);
    const struct event_row event = {
        .type = "execution",
        .pipeline = step->pipeline,
        .execution = uuid,
        .status = execution_status_name(EXECUTION_IN_PROGRESS),
        .detail = json_print(step->arena, detail),
    };
    return events_add(step->tx, &event, err);
}

bool rollback_add(struct step *step, const struct rollback *rollback, const char **execution, struct err *err) {
    const struct execution_row *target = rollback->target;
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    struct execution_row row = {
        .uuid = uuid,
        .pipeline_id = step->pipeline_id,
        .version = target->version,
        .mode = target->mode,
        .type = EXECUTION_ROLLBACK,
        .rollback_of = target->id,
        .status = EXECUTION_IN_PROGRESS,
        .place = PLACE_WAITING,
        .stage_index = rollback->stage_index,
        .trigger_type = rollback->trigger_type,
        .trigger_detail = rollback->trigger_detail,
        .started_by = rollback->by,
    };
    int64_t id = 0;
    *execution = arena_strdup(step->arena, uuid);
    return pipelines_next_number(step->tx, step->pipeline_id, &row.number, err) &&
           executions_add(step->tx, &row, &id, err) && copy_revisions(step, target->id, id, err) &&
           copy_variables(step, target->id, id, err) && tell_start(step, uuid, target, err);
}

bool roll_back(struct step *step, const struct view_execution *failed, int64_t target_id, struct err *err) {
    struct execution_row target, row;
    const char *execution = NULL;
    if (!executions_get_by_id(step->tx, step->arena, target_id, &target, err) ||
        !executions_get_by_id(step->tx, step->arena, failed->id, &row, err))
        return false;
    const struct rollback rollback = {
        .target = &target,
        .stage_index = failed->stage_index,
        .trigger_type = "AutomatedRollback",
        .trigger_detail = row.uuid,
    };
    return rollback_add(step, &rollback, &execution, err);
}
