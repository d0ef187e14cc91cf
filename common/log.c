/*
 * Log lines on stderr. Each is built whole and written with one call, so that lines of several threads do not mix.
 */
#include "common/log.h"

#include "common/clock.h"
#include "common/str.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_CEILING 8192

static const char *log_component = "penstock";
static enum log_level log_least = LOG_LEVEL_INFO;
static bool log_as_json;

void log_init(const char *component, enum log_level least) {
    log_component = component;
    log_least = least;
    log_as_json = str_equal(getenv("PENSTOCK_LOG_FORMAT"), "json");
}

static void append_quoted(struct str *line, const char *text) {
    str_append_char(line, '"');
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++) {
        if (*byte == '"' || *byte == '\\')
            str_printf(line, "\\%c", *byte);
        else if (*byte == '\n')
            str_append(line, "\\n");
        else if (*byte < 0x20 || *byte == 0x7f)
            str_printf(line, "\\u%04x", *byte);
        else
            str_append_char(line, (char)*byte);
    }
    str_append_char(line, '"');
}

static bool needs_quotes(const char *text) {
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++)
        if (*byte <= ' ' || *byte == '"' || *byte == '=' || *byte == '\\' || *byte == 0x7f)
            return true;
    return *text == '\0';
}

static void append_pair(struct str *line, const char *key, const char *value) {
    if (log_as_json) {
        str_append(line, line->length ? "," : "{");
        append_quoted(line, key);
        str_append_char(line, ':');
        append_quoted(line, value);
        return;
    }
    if (line->length)
        str_append_char(line, ' ');
    str_append(line, key);
    str_append_char(line, '=');
    if (needs_quotes(value))
        append_quoted(line, value);
    else
        str_append(line, value);
}

void log_write(enum log_level level, const char *message, ...) {
    static const char *const names[] = {"debug", "info", "warning", "error"};
    if (level < log_least)
        return;
    char now[CLOCK_TEXT_SIZE];
    clock_format_rfc3339(clock_wall_ms(&clock_system), now);

    struct str line CLEANUP(str_release) = STR_INIT(LINE_CEILING);
    append_pair(&line, "ts", now);
    append_pair(&line, "level", names[level]);
    append_pair(&line, "component", log_component);
    append_pair(&line, "msg", message);
    va_list pairs;
    va_start(pairs, message);
    for (const char *key = va_arg(pairs, const char *); key; key = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        if (value)
            append_pair(&line, key, value);
    }
    va_end(pairs);
    line.ceiling += 2;
    str_append(&line, log_as_json ? "}\n" : "\n");
    /* Nothing sensible is left to do where stderr is gone. */
    (void)!write(STDERR_FILENO, line.text, line.length);
}
