/*
 * GetDeployment: what one deploy is doing, or did, and nothing else: for who watches it closely.
 */
#include "server/api/penstock/penstock.h"

#include "server/api/penstock/view.h"

const struct shape get_deployment_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){{.name = "actionExecutionId", .required = true, .shape = &aws_filled_text}, {0}},
};

bool get_deployment(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct view view = {.tx = tx, .call = call, .arena = arena};
    struct action_run_row run;
    const char *id = aws_text(call, "actionExecutionId");
    bool found = false, told = false;
    if (!action_runs_find(tx, arena, id, &found, &run, err))
        return false;
    if (found) {
        json_set_text(arena, out, "pipelineName", run.pipeline);
        json_set_text(arena, out, "pipelineExecutionId", run.execution);
        json_set_text(arena, out, "stageName", run.stage);
        json_set_text(arena, out, "actionName", run.action);
        json_set_text(arena, out, "actionExecutionId", run.uuid);
        json_set_text(arena, out, "status", action_status_name(run.status));
        if (!view_deployment(&view, &run, &told, out, err))
            return false;
    }
    return told || err_set_code(err, ERR_NOT_FOUND, "ActionExecutionNotFoundException",
                                "there is no action execution '%s' that told of a deployment", id);
}
