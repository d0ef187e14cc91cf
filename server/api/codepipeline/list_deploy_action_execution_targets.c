/*
 * ListDeployActionExecutionTargets: what an execution of a deploy action works on. Here that is the one service that
 * the engine locks for it (server/engine/target.h); an action that locks nothing has no targets.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/page.h"
#include "server/engine/wait.h"

#include "common/str.h"

#include <string.h>

static const char *const filter_names[] = {"TARGET_STATUS", NULL};

static const struct shape filter = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = filter_names}},
            {.name = "values", .shape = &(const struct shape){.type = SHAPE_LIST, .members = &aws_filled_text}},
            {0},
        },
};

const struct shape list_deploy_action_execution_targets_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .shape = &pipeline_name_shape},
            {.name = "actionExecutionId", .required = true, .shape = &aws_filled_text},
            {.name = "filters", .shape = &(const struct shape){.type = SHAPE_LIST, .members = &filter}},
            {.name = "maxResults", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 100}},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

static bool find(struct tx *tx, const struct aws_call *call, struct action_run_row *out, struct err *err) {
    const char *name = aws_text(call, "pipelineName"), *id = aws_text(call, "actionExecutionId");
    struct pipeline_row pipeline = {0};
    bool found = false;
    if ((name && !pipeline_find(tx, call, name, &pipeline, err)) ||
        !action_runs_find(tx, call->arena, id, &found, out, err))
        return false;
    return (found && !out->condition_id && (!name || out->pipeline_id == pipeline.id)) ||
           err_set_code(err, ERR_NOT_FOUND, "ActionExecutionNotFoundException", "there is no action execution '%s'",
                        id);
}

/* "ecs/eu-west-1/prod/shop" as its ARN; another kind of target as it is. */
static const char *target_id(const struct aws_call *call, const char *target) {
    if (!str_starts_with(target, "ecs/"))
        return target;
    const char *region = target + strlen("ecs/"), *service = strchr(region, '/');
    if (!service)
        return target;
    return arena_printf(call->arena, "arn:aws:ecs:%.*s:%s:service%s", (int)(service - region), region, call->account_id,
                        service);
}

static bool is_wanted(const struct aws_call *call, const char *status) {
    json_each(wanted, json_get(call->input, "filters")) {
        bool fits = false;
        json_each(value, json_get(wanted, "values")) {
            fits = fits || str_equal(value->text, status);
        }
        if (json_get(wanted, "values") && !fits)
            return false;
    }
    return true;
}

static bool show_event(struct tx *tx, struct arena *arena, const struct action_run_row *run, struct json *out,
                       struct err *err) {
    bool waits = run->status == ACTION_IN_PROGRESS && !run->holds_target;
    const char *message = run->error_message ? run->error_message : run->summary;
    if (waits && !wait_of_action(tx, arena, run, &message, err))
        return false;
    json_set_text(arena, out, "name", waits ? "Wait" : "Deploy");
    json_set_text(arena, out, "status", action_status_name(run->status));
    json_set_time(arena, out, "startTime", run->started_ms);
    json_set_time(arena, out, "endTime", run->ended_ms);
    if (message)
        json_set_text(arena, json_set_object(arena, out, "context"), "message", message);
    return true;
}

bool list_deploy_action_execution_targets(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct action_run_row run;
    const char *page;
    if (!find(tx, call, &run, err) || !page_begin(call, "targets", &page, err))
        return false;
    struct json *targets = json_set_array(arena, out, "targets");
    const char *status = action_status_name(run.status);
    if (!run.target || page || !is_wanted(call, status))
        return true;
    struct json *target = json_append_object(arena, targets);
    json_set_text(arena, target, "targetId", target_id(call, run.target));
    json_set_text(arena, target, "targetType", str_starts_with(run.target, "ecs/") ? "ECS_SERVICE" : "OTHER");
    json_set_text(arena, target, "status", status);
    json_set_time(arena, target, "startTime", run.started_ms);
    json_set_time(arena, target, "endTime", run.ended_ms);
    return show_event(tx, arena, &run, json_append_object(arena, json_set_array(arena, target, "events")), err);
}
