/*
 * PutSchedule, ListSchedules, DeleteSchedule: what the clock starts, in the words of EventBridge Scheduler.
 */
#include "server/api/penstock/penstock.h"

#include "server/engine/engine.h"
#include "server/store/schedules.h"

#include "common/str.h"

static const char *const states[] = {"ENABLED", "DISABLED", NULL};
static const struct shape_pattern name_pattern = {
    .aws = "[0-9a-zA-Z-_.]+",
    .expression = "^[0-9a-zA-Z_.-]+$",
    .words = "letters, digits and - _ .",
};
static const struct shape name = {.type = SHAPE_TEXT, .least = 1, .most = 64, .pattern = &name_pattern};
/* A file's schedule may be asked for by any name that it has. */
static const struct shape any_name = {.type = SHAPE_TEXT, .least = 1, .most = 100};
static const struct shape expression = {.type = SHAPE_TEXT, .least = 1, .most = 256};
static const struct shape time_zone = {.type = SHAPE_TEXT, .least = 1, .most = 50};

const struct shape put_schedule_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &name},
            {.name = "pipelineName", .required = true, .shape = &aws_filled_text},
            {.name = "scheduleExpression", .required = true, .shape = &expression},
            {.name = "scheduleExpressionTimezone", .shape = &time_zone},
            {.name = "state", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = states}},
            {0},
        },
};
const struct shape list_schedules_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "pipelineName", .shape = &aws_filled_text}, {0}},
};
const struct shape delete_schedule_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &any_name},
            {.name = "pipelineName", .required = true, .shape = &aws_filled_text},
            {0},
        },
};

static void show(const struct aws_call *call, const struct schedule_row *row, struct json *out) {
    json_set_text(call->arena, out, "name", row->name);
    json_set_text(call->arena, out, "pipelineName", row->pipeline);
    json_set_text(call->arena, out, "scheduleExpression", row->expression);
    json_set_text(call->arena, out, "scheduleExpressionTimezone", row->time_zone);
    json_set_text(call->arena, out, "state", row->enabled ? "ENABLED" : "DISABLED");
    json_set_text(call->arena, out, "origin", origin_name(row->origin));
    json_set_time(call->arena, out, "created", row->created_ms);
    json_set_time(call->arena, out, "updated", row->updated_ms);
    json_set_time(call->arena, out, "next", row->enabled ? row->next_ms : 0);
    json_set_time(call->arena, out, "last", row->last_ms);
}

bool put_schedule(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct engine_schedule_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .name = aws_text(call, "name"),
        .expression = aws_text(call, "scheduleExpression"),
        .time_zone = aws_text(call, "scheduleExpressionTimezone"),
        .enabled = !str_equal(aws_text(call, "state"), "DISABLED"),
    };
    struct pipeline_row pipeline;
    struct schedule_row row;
    bool found = false;
    if (!engine_put_schedule(tx, call->arena, &request, err) ||
        !pipelines_get(tx, call->arena, request.pipeline, &pipeline, err) ||
        !schedules_find(tx, call->arena, pipeline.id, request.name, &found, &row, err))
        return false;
    if (found)
        show(call, &row, json_set_object(call->arena, out, "schedule"));
    return true;
}

bool list_schedules(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *of = aws_text(call, "pipelineName");
    struct pipeline_row pipeline = {0};
    struct schedule_row *rows = NULL;
    size_t count = 0;
    if ((of && !pipelines_get(tx, call->arena, of, &pipeline, err)) ||
        !schedules_list(tx, call->arena, pipeline.id, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "schedules");
    for (size_t i = 0; i < count; i++)
        show(call, &rows[i], json_append_object(call->arena, list));
    return true;
}

bool delete_schedule(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    return engine_delete_schedule(tx, call->arena, aws_text(call, "pipelineName"), aws_text(call, "name"), err);
}
