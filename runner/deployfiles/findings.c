/*
 * Errors and notices about a file, in the order of their places.
 */
#include "runner/deployfiles/findings.h"

#include "common/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct findings findings_of(struct arena *arena, const char *file) {
    return (struct findings){.arena = arena,
                             .file = file,
                             .reader = "ECS",
                             .errors = arena_array(arena, struct finding, FINDINGS_MAX),
                             .notices = arena_array(arena, struct finding, FINDINGS_MAX)};
}

static void add_error(struct findings *findings, enum err_kind kind, int line, int column, const char *message) {
    if (findings->error_count == FINDINGS_MAX) {
        findings->more_errors = true;
        return;
    }
    findings->errors[findings->error_count++] =
        (struct finding){.kind = kind, .line = line, .column = column, .message = message};
}

bool findings_refuse(struct findings *findings, const struct json *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(findings->arena, format, arguments);
    va_end(arguments);
    add_error(findings, ERR_INVALID, at ? at->line : 0, at ? at->column : 0, message);
    return false;
}

/* An item of a list has no name: there its own place counts. */
static int name_line(const struct json *at) {
    return !at ? 0 : at->name ? at->name_line : at->line;
}

static int name_column(const struct json *at) {
    return !at ? 0 : at->name ? at->name_column : at->column;
}

bool findings_refuse_name(struct findings *findings, const struct json *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(findings->arena, format, arguments);
    va_end(arguments);
    add_error(findings, ERR_INVALID, name_line(at), name_column(at), message);
    return false;
}

void findings_note(struct findings *findings, const struct json *at, const char *format, ...) {
    if (findings->notice_count == FINDINGS_MAX) {
        findings->more_notices = true;
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    findings->notices[findings->notice_count++] = (struct finding){
        .line = name_line(at), .column = name_column(at), .message = arena_vprintf(findings->arena, format, arguments)};
    va_end(arguments);
}

bool findings_take(struct findings *findings, const struct err *err, const char *before) {
    int line = 1, column = 1, length = 0;
    const size_t file_length = strlen(findings->file);
    const char *message = err->message;
    if (str_starts_with(message, findings->file) &&
        sscanf(message + file_length, ":%9d:%9d: %n", &line, &column, &length) == 2 && length > 0)
        message += file_length + (size_t)length;
    add_error(findings, err->kind, line, column, arena_printf(findings->arena, "%s%s", before, message));
    return false;
}

static int compare_places(const void *left, const void *right) {
    const struct finding *a = left, *b = right;
    int lines = (a->line > b->line) - (a->line < b->line);
    return lines ? lines : (a->column > b->column) - (a->column < b->column);
}

bool findings_verdict(struct findings *findings, struct err *err) {
    qsort(findings->notices, findings->notice_count, sizeof *findings->notices, compare_places);
    qsort(findings->errors, findings->error_count, sizeof *findings->errors, compare_places);
    if (findings->error_count == 0)
        return true;
    const struct finding *first = findings->errors;
    return err_set_code(err, first->kind == ERR_LIMIT ? ERR_INVALID : first->kind, "ConfigurationError", "%s",
                        finding_text(findings, first));
}

const char *finding_text(const struct findings *findings, const struct finding *finding) {
    return finding->line ? arena_printf(findings->arena, "%s:%d:%d: %s", findings->file, finding->line, finding->column,
                                        finding->message)
                         : arena_printf(findings->arena, "%s: %s", findings->file, finding->message);
}
