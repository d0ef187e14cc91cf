/*
 * Starting and stopping executions.
 */
#include "common/hash.h"
#include "common/str.h"
#include "common/utf8.h"
#include "server/engine/carry_out.h"
#include "server/engine/engine.h"
#include "server/engine/load.h"
#include "server/store/events.h"
#include "server/store/revisions.h"

#define REASON_MAX 200 /* characters */

static const struct engine_event look = {.kind = EVENT_LOOK};

/* ---- start: checks, before anything is written ---- */

static const char *given_variable(const struct engine_start_request *request, const char *name) {
    for (size_t i = 0; i < request->variable_count; i++) {
        if (str_equal(request->variables[i].name, name))
            return request->variables[i].value;
    }
    return NULL;
}

static bool invalid(struct err *err, const char *what, const char *name) {
    return err_set_code(err, ERR_INVALID, "ValidationException", "%s '%s'", what, name);
}

static bool check_variables(const struct pipeline *definition, const struct engine_start_request *request,
                            struct err *err) {
    for (size_t i = 0; i < definition->variable_count; i++) {
        const char *name = definition->variables[i].name;
        const char *given = given_variable(request, name);
        if (!given && !definition->variables[i].default_value)
            return invalid(err, "the pipeline's variable has no default, give it a value:", name);
        if (given && !*given)
            return invalid(err, "a variable cannot be empty:", name);
    }
    for (size_t i = 0; i < request->variable_count; i++) {
        bool declared = false;
        for (size_t j = 0; j < definition->variable_count; j++)
            declared = declared || str_equal(definition->variables[j].name, request->variables[i].name);
        if (!declared)
            return invalid(err, "the pipeline has no variable", request->variables[i].name);
    }
    return true;
}

static bool check_revisions(const struct pipeline *definition, const struct engine_start_request *request,
                            struct err *err) {
    const struct pipeline_stage *first = &definition->stages[0];
    for (size_t i = 0; i < request->revision_count; i++) {
        bool there = false;
        for (size_t j = 0; j < first->action_count; j++)
            there = there || str_equal(first->actions[j].name, request->revisions[i].action);
        if (!there)
            return invalid(err, "the pipeline has no source action", request->revisions[i].action);
    }
    return true;
}

/* ---- start: rows ---- */

static const char *branch_of(const struct pipeline_action *action) {
    for (size_t i = 0; i < action->configuration_count; i++) {
        const char *key = action->configuration[i].key;
        if (str_equal(key, "BranchName") || str_equal(key, "Branch"))
            return action->configuration[i].value;
    }
    return NULL;
}

static bool add_revision(struct tx *tx, int64_t execution_id, const struct pipeline_action *action,
                         const struct engine_start_request *request, struct err *err) {
    struct revision_row row = {
        .execution_id = execution_id,
        .action = action->name,
        .artifact = action->output_count ? action->outputs[0].name : action->name,
        .branch = branch_of(action),
    };
    for (size_t i = 0; i < request->revision_count; i++) {
        const struct engine_revision *given = &request->revisions[i];
        if (!str_equal(given->action, action->name))
            continue;
        row.asked = given->revision_id;
        row.summary = given->summary;
        row.url = given->url;
        row.author = given->author;
        row.created_ms = given->created_ms;
        row.ref = given->ref;
        if (given->branch)
            row.branch = given->branch;
    }
    return revisions_add(tx, &row, err);
}

static bool add_details(struct tx *tx, int64_t execution_id, const struct pipeline *definition,
                        const struct engine_start_request *request, struct err *err) {
    const struct pipeline_stage *first = &definition->stages[0];
    for (size_t i = 0; i < first->action_count; i++) {
        if (!add_revision(tx, execution_id, &first->actions[i], request, err))
            return false;
    }
    for (size_t i = 0; i < definition->variable_count; i++) {
        const struct pipeline_variable *variable = &definition->variables[i];
        const char *value = given_variable(request, variable->name);
        if (!execution_variables_add(tx, execution_id, variable->name, value ? value : variable->default_value, err))
            return false;
    }
    return true;
}

static bool add_execution(struct tx *tx, const struct pipeline_row *pipeline, const char *uuid,
                          const struct engine_start_request *request, int64_t *id, struct err *err) {
    struct execution_row row = {
        .uuid = uuid,
        .pipeline_id = pipeline->id,
        .version = pipeline->version,
        .mode = pipeline->mode,
        .status = EXECUTION_IN_PROGRESS,
        .place = PLACE_WAITING,
        .trigger_type = request->trigger_type,
        .trigger_detail = request->trigger_detail,
        .started_by = request->by,
        .client_request_token = request->client_request_token,
    };
    const struct event_row event = {.type = "execution",
                                    .pipeline = pipeline->name,
                                    .execution = uuid,
                                    .status = execution_status_name(EXECUTION_IN_PROGRESS)};
    return pipelines_next_number(tx, pipeline->id, &row.number, err) && executions_add(tx, &row, id, err) &&
           events_add(tx, &event, err);
}

bool engine_start(struct tx *tx, struct arena *arena, const struct engine_start_request *request,
                  const char **execution, struct err *err) {
    struct pipeline_row pipeline;
    struct execution_row earlier;
    const struct pipeline *definition = NULL;
    bool found = false;
    if (!pipelines_get(tx, arena, request->pipeline, &pipeline, err))
        return false;
    if (request->client_request_token &&
        !executions_find_token(tx, arena, pipeline.id, request->client_request_token, &found, &earlier, err))
        return false;
    if (found) {
        *execution = earlier.uuid;
        return true;
    }
    if (!load_definition(tx, arena, pipeline.id, pipeline.version, &definition, err) ||
        !check_variables(definition, request, err) || !check_revisions(definition, request, err) ||
        !check_execution_limit(tx, arena, &pipeline, err))
        return false;
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    int64_t id = 0;
    if (!add_execution(tx, &pipeline, uuid, request, &id, err) || !add_details(tx, id, definition, request, err) ||
        !engine_move(tx, arena, pipeline.id, &look, err))
        return false;
    *execution = arena_strdup(arena, uuid);
    return true;
}

/* ---- stop ---- */

static bool check_stoppable(const struct execution_row *execution, bool abandon, struct err *err) {
    if (execution->place == PLACE_ENDED)
        return err_set_code(err, ERR_CONFLICT, "PipelineExecutionNotStoppableException",
                            "execution '%s' is %s and cannot be stopped", execution->uuid,
                            execution_status_name(execution->status));
    if (execution->status == EXECUTION_STOPPING && (!abandon || execution->stop_mode == STOP_ABANDON))
        return err_set_code(err, ERR_CONFLICT, "DuplicatedStopRequestException",
                            "execution '%s' is being stopped already", execution->uuid);
    return true;
}

bool engine_stop(struct tx *tx, struct arena *arena, const struct engine_stop_request *request, struct err *err) {
    struct pipeline_row pipeline;
    struct execution_row execution;
    if (request->reason && utf8_count(request->reason) > REASON_MAX)
        return err_set_code(err, ERR_INVALID, "ValidationException", "the reason has more than %d characters",
                            REASON_MAX);
    if (!pipelines_get(tx, arena, request->pipeline, &pipeline, err) ||
        !executions_get(tx, arena, pipeline.id, request->execution, &execution, err) ||
        !check_stoppable(&execution, request->abandon, err))
        return false;
    const struct engine_event event = {.kind = request->abandon ? EVENT_ABANDON : EVENT_STOP,
                                       .execution_id = execution.id};
    return executions_note_stop(tx, pipeline.id, execution.id, request->reason, request->by, err) &&
           engine_move(tx, arena, pipeline.id, &event, err);
}
