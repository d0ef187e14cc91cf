/*
 * CheckDefinition: a pipeline file as `penstock check` reads it, without storing anything.
 */
#include "server/api/penstock/penstock.h"
#include "server/engine/worker_types.h"

#include "common/doc.h"
#include "common/str.h"

#include <string.h>

const struct shape check_definition_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "text", .required = true, .shape = &aws_plain_text},
            {.name = "fileName", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 255}},
            {0},
        },
};

static void show_error(struct arena *arena, struct json *out, const struct definition_error *error) {
    struct json *item = json_append_object(arena, out);
    json_set_integer(arena, item, "line", error->line);
    json_set_integer(arena, item, "column", error->column);
    json_set_text(arena, item, "path", error->path);
    json_set_text(arena, item, "message", error->message);
}

/* The reader's one error begins with "file:line:column: ". */
static struct definition_error split(struct arena *arena, const char *file, const char *message) {
    struct definition_error error = {.path = "", .message = message};
    size_t prefix = strlen(file);
    if (strncmp(message, file, prefix) != 0 || message[prefix] != ':')
        return error;
    const char *line = message + prefix + 1, *column = strchr(line, ':');
    const char *rest = column ? strstr(column, ": ") : NULL;
    long long line_number, column_number;
    if (rest && str_to_int64(arena_strndup(arena, line, (size_t)(column - line)), 1, 1000000, &line_number) &&
        str_to_int64(arena_strndup(arena, column + 1, (size_t)(rest - column - 1)), 1, 1000000, &column_number)) {
        error.line = (int)line_number;
        error.column = (int)column_number;
        error.message = rest + 2;
    }
    return error;
}

bool check_definition(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *text = aws_text(call, "text"), *file = json_get_text_or(call->input, "fileName", "pipeline.yml");
    json_set_bool(call->arena, out, "valid", true);
    struct json *list = json_set_array(call->arena, out, "errors");
    const struct json *document;
    struct definition_result result;
    struct custom_types types;
    struct err problem = {0};
    if (!worker_types_load(tx, call->arena, false, &types, err))
        return false;
    if (!doc_parse(call->arena, file, text, strlen(text), &document, &problem)) {
        struct definition_error error = split(call->arena, file, problem.message);
        show_error(call->arena, list, &error);
    } else if (!definition_check(call->arena, document, DEFINITION_FILE, &types, &result)) {
        for (size_t i = 0; i < result.errors.count; i++)
            show_error(call->arena, list, &result.errors.list[i]);
    }
    json_set_bool(call->arena, out, "valid", list->count == 0);
    return true;
}
