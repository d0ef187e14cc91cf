/*
 * GetExecutionDetail, AbandonAction: one execution in full, and letting go of an action in it.
 */
#include "server/api/penstock/penstock.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/api/penstock/view.h"
#include "server/engine/engine.h"
#include "server/store/revisions.h"

const struct shape get_execution_detail_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "pipelineExecutionId", .required = true, .shape = &aws_uuid},
            {0},
        },
};

const struct shape abandon_action_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "pipelineExecutionId", .required = true, .shape = &aws_uuid},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "actionName", .required = true, .shape = &action_name_shape},
            {0},
        },
};

/* Asked to wait for its actions, it can still be asked to undo them; more than that cannot be asked. */
static bool can_stop(const struct execution_row *execution) {
    return !execution_has_ended(execution->status) && execution->stop_mode != STOP_ABANDON;
}

/* The pipeline's variables as they are in this execution. */
static bool show_variables(struct tx *tx, struct arena *arena, const struct execution_row *execution, struct json *out,
                           struct err *err) {
    struct execution_variable *variables;
    size_t count;
    if (!execution_variables_list(tx, arena, execution->id, &variables, &count, err))
        return false;
    struct json *shown = count > 0 ? json_set_object(arena, out, "variables") : NULL;
    for (size_t i = 0; i < count; i++)
        json_set_text(arena, shown, variables[i].name, variables[i].value);
    return true;
}

bool get_execution_detail(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct view view = {.tx = tx, .call = call, .arena = arena};
    struct execution_row execution;
    if (!executions_find(tx, arena, aws_text(call, "pipelineName"), aws_text(call, "pipelineExecutionId"), &execution,
                         err) ||
        !view_execution(&view, &execution, json_set_object(arena, out, "execution"), err) ||
        !view_stages(&view, &execution, json_set_array(arena, out, "stages"), err))
        return false;
    if (!show_variables(tx, arena, &execution, out, err))
        return false;
    json_set_bool(arena, out, "canStop", can_stop(&execution));
    json_set_bool(arena, out, "canRunAgain", execution_has_ended(execution.status));
    json_set_integer(arena, out, "declarationVersion", execution.version);
    return true;
}

bool abandon_action(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    const struct engine_abandon_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .execution = aws_text(call, "pipelineExecutionId"),
        .stage = aws_text(call, "stageName"),
        .action = aws_text(call, "actionName"),
        .by = call->by,
    };
    return engine_abandon_action(tx, call->arena, &request, err);
}
