/*
 * ListEvents: what happened, oldest first.
 */
#include "server/api/penstock/penstock.h"

#include "server/api/penstock/event.h"

#include <limits.h>
#include <string.h>

const struct shape list_events_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "after", .shape = &(const struct shape){.type = SHAPE_INTEGER, .most = LLONG_MAX}},
            {.name = "limit", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 1000}},
            {0},
        },
};

struct json *event_show(struct arena *arena, const struct event_row *event) {
    const struct json *detail;
    struct json *shown = json_object(arena);
    json_set_integer(arena, shown, "sequence", event->sequence);
    json_set_time(arena, shown, "time", event->time_ms);
    json_set_text(arena, shown, "type", event->type);
    json_set_text(arena, shown, "pipelineName", event->pipeline);
    json_set_text(arena, shown, "pipelineExecutionId", event->execution);
    json_set_text(arena, shown, "stageName", event->stage);
    json_set_text(arena, shown, "actionName", event->action);
    json_set_text(arena, shown, "status", event->status);
    if (event->detail && json_parse(arena, event->detail, strlen(event->detail), &detail, NULL))
        json_set(arena, shown, "detail", json_copy(arena, detail));
    return shown;
}

bool list_events(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct event_row *rows;
    size_t count;
    if (!events_list(tx, call->arena, json_get_integer(call->input, "after", 0),
                     (size_t)json_get_integer(call->input, "limit", 100), &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "events");
    for (size_t i = 0; i < count; i++)
        json_append(list, event_show(call->arena, &rows[i]));
    return true;
}
