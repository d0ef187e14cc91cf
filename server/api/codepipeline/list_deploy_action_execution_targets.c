/*
 * ListDeployActionExecutionTargets: what an execution of a deploy action works on, as it told; before it told anything,
 * the one service that the engine locks for it (server/engine/target.h). An action that has neither has no targets.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/page.h"
#include "server/engine/wait.h"
#include "server/store/deployments.h"

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

/* Where the time went, as the deploy told it. */
static void show_timeline(struct arena *arena, const struct json *deployment, const char *status, struct json *out) {
    const struct json *timeline = json_get(deployment, "timeline");
    json_each(note, timeline && timeline->type == JSON_ARRAY ? timeline : NULL) {
        const struct json *at = json_get(note, "at");
        const char *text = json_get_text(note, "text");
        if (!text || !at || at->type != JSON_NUMBER)
            continue;
        struct json *event = json_append_object(arena, out);
        json_set_text(arena, event, "name", "Note");
        json_set_text(arena, event, "status", note->next ? "Succeeded" : status);
        json_set_number(arena, event, "startTime", at->number);
        json_set_text(arena, json_set_object(arena, event, "context"), "message", text);
    }
}

static bool show_target(struct tx *tx, const struct aws_call *call, const struct action_run_row *run, const char *name,
                        const struct json *deployment, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    const char *status = action_status_name(run->status);
    json_set_text(arena, out, "targetId", target_id(call, name));
    json_set_text(arena, out, "targetType", str_starts_with(name, "ecs/") ? "ECS_SERVICE" : "OTHER");
    json_set_text(arena, out, "status", status);
    json_set_time(arena, out, "startTime", run->started_ms);
    json_set_time(arena, out, "endTime", run->ended_ms);
    struct json *events = json_set_array(arena, out, "events");
    if (!show_event(tx, arena, run, json_append_object(arena, events), err))
        return false;
    show_timeline(arena, deployment, status, events);
    return true;
}

/* The list of what the deploy told that it works on; NULL where it told nothing. */
static bool read_deployment(struct tx *tx, struct arena *arena, const struct action_run_row *run,
                            const struct json **deployment, const struct json **targets, struct err *err) {
    struct deployment_row row;
    bool found = false;
    *deployment = *targets = NULL;
    if (!deployments_get(tx, arena, run->id, &found, &row, err))
        return false;
    if (!found)
        return true;
    if (!json_parse(arena, row.document, strlen(row.document), deployment, err))
        return false;
    const struct json *told = json_get(*deployment, "targets");
    *targets = told && told->type == JSON_ARRAY && told->count > 0 ? told : NULL;
    return true;
}

bool list_deploy_action_execution_targets(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct action_run_row run;
    const struct json *deployment, *told;
    const char *page;
    if (!find(tx, call, &run, err) || !page_begin(call, "targets", &page, err) ||
        !read_deployment(tx, arena, &run, &deployment, &told, err))
        return false;
    struct json *targets = json_set_array(arena, out, "targets");
    if (page || !is_wanted(call, action_status_name(run.status)))
        return true;
    json_each(target, told) {
        const char *name = json_get_text(target, "name");
        if (name && !show_target(tx, call, &run, name, deployment, json_append_object(arena, targets), err))
            return false;
    }
    return told || !run.target ||
           show_target(tx, call, &run, run.target, NULL, json_append_object(arena, targets), err);
}
