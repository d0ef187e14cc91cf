/*
 * Test cases: which are kept, and how the formats write times and names.
 */
#include "runner/reports/insides.h"

#include "common/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NANOSECONDS 1000000000.0
#define LONGEST_SECONDS 1e9 /* 31 years; a case that claims more says nothing */

size_t report_cut(const char *text, size_t most) {
    size_t length = strnlen(text, most + 1);
    if (length <= most)
        return length;
    length = most;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static const char *copy(struct arena *arena, const char *text, size_t most) {
    return text && *text ? arena_strndup(arena, text, report_cut(text, most)) : NULL;
}

void cases_add(struct report *report, const struct report_case *found) {
    bool failed = found->status == CASE_FAILED || found->status == CASE_ERROR;
    size_t of_its_kind = failed ? report->failed_kept : report->case_count - report->failed_kept;
    report->total++;
    report->counts[found->status]++;
    if (found->duration_ns > 0 && report->duration_ns < INT64_MAX / 2)
        report->duration_ns += found->duration_ns;
    if (of_its_kind >= REPORT_CASES_MAX)
        return;
    if (report->case_count == report->case_capacity)
        report->cases = arena_grow(report->arena, report->cases, sizeof *report->cases, &report->case_capacity);
    report->failed_kept += failed;
    report->cases[report->case_count++] = (struct report_case){
        .name = found->name && *found->name ? copy(report->arena, found->name, REPORT_NAME_MAX) : "(no name)",
        .prefix = copy(report->arena, found->prefix, REPORT_NAME_MAX),
        .suite = copy(report->arena, found->suite, REPORT_NAME_MAX),
        .message = copy(report->arena, found->message, REPORT_MESSAGE_MAX),
        .raw_path = report->file,
        .status = found->status,
        .duration_ns = found->duration_ns,
    };
}

void cases_append_message(struct str *message, const char *text) {
    if (!text)
        return;
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    if (length == 0)
        return;
    if (message->length > 0 && strncmp(text, message->text, message->length) == 0)
        str_clear(message); /* the text of a failure mostly repeats its message */
    if (message->length > length && strncmp(message->text + message->length - length, text, length) == 0 &&
        message->text[message->length - length - 1] == '\n')
        return;
    if (message->length > 0)
        str_append_char(message, '\n');
    str_append_bytes(message, text, length);
}

static int64_t nanoseconds(double seconds) {
    return seconds > 0 && seconds < LONGEST_SECONDS ? (int64_t)llround(seconds * NANOSECONDS) : 0;
}

/* Which comma or point of the text is the decimal one; NULL where none is. "1,234" is a thousand (Surefire groups so),
 * "0,234" and "12,5" are not. */
static const char *decimal_mark(const char *text) {
    const char *comma = strrchr(text, ',');
    const char *point = strrchr(text, '.');
    if (!comma)
        return point;
    if (point)
        return point > comma ? point : comma;
    bool groups = strlen(comma + 1) == 3 && text[0] != '0' && comma - text <= 3;
    return groups || strchr(text, ',') != comma ? NULL : comma;
}

int64_t cases_seconds(const char *text) {
    char plain[64];
    size_t length = 0;
    if (!text)
        return 0;
    while (isspace((unsigned char)*text))
        text++;
    const char *decimal = decimal_mark(text);
    for (const char *at = text; *at && length + 1 < sizeof plain; at++) {
        if (at == decimal)
            plain[length++] = '.';
        else if (*at != ',' && *at != '.')
            plain[length++] = *at;
    }
    plain[length] = '\0';
    char *end;
    double seconds = strtod(plain, &end);
    return end != plain && isfinite(seconds) ? nanoseconds(seconds) : 0;
}

int64_t cases_time_span(const char *text) {
    double parts[3];
    int64_t days = 0;
    if (!text)
        return 0;
    const char *point = strchr(text, '.');
    const char *colon = strchr(text, ':');
    char *end;
    if (point && colon && point < colon) {
        days = strtol(text, &end, 10);
        text = point + 1;
    }
    for (int i = 0; i < 3; i++) {
        parts[i] = strtod(text, &end);
        if (end == text || (i < 2 && *end != ':') || !isfinite(parts[i]))
            return 0;
        text = end + 1;
    }
    return nanoseconds((double)days * 86400 + parts[0] * 3600 + parts[1] * 60 + parts[2]);
}

const char *cases_split_name(struct arena *arena, const char *name, const char **last) {
    const char *point = NULL;
    for (const char *at = name; *at && *at != '(' && *at != '<' && *at != ' '; at++)
        if (*at == '.' && at[1])
            point = at;
    *last = point ? point + 1 : name;
    return point ? arena_strndup(arena, name, (size_t)(point - name)) : NULL;
}
