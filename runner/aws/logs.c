/*
 * GetLogEvents, from either end.
 */
#include "runner/aws/logs.h"

#include "common/str.h"

#include <string.h>

/* CloudWatch knows a stream with its first line only. */
static bool is_stream_missing(const struct err *err) {
    return strstr(err->message, "log stream does not exist") != NULL;
}

static bool get_events(const struct log_stream *stream, struct arena *arena, const struct json *body,
                       const struct json **answer, struct err *err) {
    const struct aws_request request = {.service = "logs",
                                        .host_prefix = "logs",
                                        .region = stream->region,
                                        .target = "Logs_20140328",
                                        .operation = "GetLogEvents",
                                        .body = body,
                                        .interrupted = stream->interrupted,
                                        .context = stream->context};
    struct err own = {0};
    *answer = NULL;
    if (aws_call(stream->aws, arena, &request, answer, &own) || (own.kind == ERR_NOT_FOUND && is_stream_missing(&own)))
        return true;
    if (own.kind == ERR_NOT_FOUND)
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError", "no log group '%.512s' in region '%s'; create it",
                            stream->group, stream->region);
    return err_set_code(err, own.kind, own.code, "%s", own.message);
}

static struct json *question(struct arena *arena, const struct log_stream *stream, bool from_head) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "logGroupName", stream->group);
    json_set_text(arena, body, "logStreamName", stream->stream);
    json_set_bool(arena, body, "startFromHead", from_head);
    return body;
}

static const char *without_line_end(struct arena *arena, const char *text) {
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    return arena_strndup(arena, text, length);
}

static void take_events(struct arena *arena, const struct json *answer, const struct log_event **events,
                        size_t *count) {
    const struct json *list = json_get(answer, "events");
    struct log_event *found = arena_array(arena, struct log_event, list ? list->count : 0);
    size_t number = 0;
    json_each(event, list) {
        const char *text = json_get_text(event, "message");
        if (text)
            found[number++] = (struct log_event){.at_ms = json_get_integer(event, "timestamp", 0),
                                                 .text = without_line_end(arena, text)};
    }
    *events = found;
    *count = number;
}

bool logs_tail(const struct log_stream *stream, struct arena *arena, size_t most, const struct log_event **events,
               size_t *count, struct err *err) {
    struct json *body = question(arena, stream, false);
    const struct json *answer;
    json_set_integer(arena, body, "limit", (int64_t)most);
    if (!get_events(stream, arena, body, &answer, err))
        return false;
    take_events(arena, answer, events, count);
    return true;
}

bool logs_follow(const struct log_stream *stream, struct arena *arena, struct arena *arena_of_position,
                 const char **position, const struct log_event **events, size_t *count, struct err *err) {
    struct json *body = question(arena, stream, true);
    const struct json *answer;
    json_set_text(arena, body, "nextToken", *position);
    if (!get_events(stream, arena, body, &answer, err))
        return false;
    take_events(arena, answer, events, count);
    const char *next = json_get_text(answer, "nextForwardToken");
    if (next && !str_equal(next, *position))
        *position = arena_strdup(arena_of_position, next);
    return true;
}

bool logs_of_container(struct arena *arena, const struct json *container, const char *task_id, struct log_stream *out) {
    const struct json *logging = json_get(container, "logConfiguration");
    const struct json *options = json_get(logging, "options");
    const char *group = json_get_text(options, "awslogs-group");
    const char *prefix = json_get_text(options, "awslogs-stream-prefix");
    const char *name = json_get_text(container, "name");
    if (!str_equal(json_get_text(logging, "logDriver"), "awslogs") || !group || !prefix || !name)
        return false;
    out->group = group;
    out->stream = arena_printf(arena, "%s/%s/%s", prefix, name, task_id);
    out->region = json_get_text_or(options, "awslogs-region", out->region);
    return true;
}
