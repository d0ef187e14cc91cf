/*
 * Values of a buildspec and what is found wrong with them, with CodeBuild's words where it has some.
 */
#include "runner/buildspec/read.h"

#include "common/str.h"
#include "common/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add_error(struct reader *reader, enum err_kind kind, int line, int column, const char *message) {
    struct buildspec_findings *findings = &reader->findings;
    if (findings->error_count == BUILDSPEC_ERRORS_MAX) {
        findings->more_errors = true;
        return;
    }
    if (findings->error_count == reader->error_capacity)
        findings->errors =
            arena_grow(reader->arena, findings->errors, sizeof *findings->errors, &reader->error_capacity);
    findings->errors[findings->error_count++] =
        (struct buildspec_finding){.kind = kind, .line = line, .column = column, .message = message};
}

bool spec_refuse(struct reader *reader, const struct json *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_error(reader, ERR_INVALID, at->line, at->column, arena_vprintf(reader->arena, format, arguments));
    va_end(arguments);
    return false;
}

/* A key's place is its name's; an item of a list has none. */
static int key_line(const struct json *at) {
    return at->name ? at->name_line : at->line;
}

static int key_column(const struct json *at) {
    return at->name ? at->name_column : at->column;
}

bool spec_refuse_key(struct reader *reader, const struct json *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_error(reader, ERR_INVALID, key_line(at), key_column(at), arena_vprintf(reader->arena, format, arguments));
    va_end(arguments);
    return false;
}

static void add_notice(struct reader *reader, struct buildspec_finding notice) {
    struct buildspec_findings *findings = &reader->findings;
    if (findings->notice_count == reader->notice_capacity)
        findings->notices =
            arena_grow(reader->arena, findings->notices, sizeof *findings->notices, &reader->notice_capacity);
    findings->notices[findings->notice_count++] = notice;
}

void spec_notice(struct reader *reader, const struct json *at, const char *format, ...) {
    if (reader->findings.notice_count == BUILDSPEC_NOTICES_MAX) {
        reader->more_notices = true;
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(reader->arena, format, arguments);
    va_end(arguments);
    add_notice(reader, (struct buildspec_finding){
                           .line = at ? key_line(at) : 0, .column = at ? key_column(at) : 0, .message = message});
}

struct buildspec_list spec_notice_lines(const struct reader *reader) {
    const struct buildspec_findings *findings = &reader->findings;
    const char **lines = arena_array(reader->arena, const char *, findings->notice_count + 1);
    for (size_t i = 0; i < findings->notice_count; i++) {
        const struct buildspec_finding *notice = &findings->notices[i];
        lines[i] = notice->line ? arena_printf(reader->arena, "%s:%d:%d: %s", reader->file, notice->line,
                                               notice->column, notice->message)
                                : notice->message;
    }
    return (struct buildspec_list){.items = lines, .count = findings->notice_count};
}

/* What common/doc.h says begins with the file and, where it is known, the place. */
static void take_doc_error(struct reader *reader, const struct err *err) {
    int line = 1, column = 1, length = 0;
    const size_t file_length = strlen(reader->file);
    const char *message = err->message;
    if (str_starts_with(message, reader->file) &&
        sscanf(message + file_length, ":%9d:%9d: %n", &line, &column, &length) == 2 && length > 0)
        message += file_length + (size_t)length;
    add_error(reader, err->kind, line, column, arena_strdup(reader->arena, message));
}

/* `version 0.2`, with or without lines below it, is one text. */
static bool refuse_root(struct reader *reader, const struct json *root) {
    if (root->type == JSON_TEXT && str_starts_with(root->text, "version "))
        return spec_refuse(reader, root, "a name without ':'; write 'version: 0.2'");
    if (root->type == JSON_NULL)
        return spec_refuse(reader, root, "the file is empty; begin it with 'version: 0.2'");
    return spec_refuse(reader, root, "a buildspec must hold keys (version, phases, artifacts), not %s",
                       root->type == JSON_ARRAY ? "a list" : "a text");
}

bool spec_open(struct reader *reader, struct arena *arena, const char *file, const char *text, size_t size,
               const struct json **root) {
    struct err err = {0};
    *reader = (struct reader){.arena = arena, .file = file};
    if (!doc_parse(arena, file, text, size, root, &err)) {
        take_doc_error(reader, &err);
        return false;
    }
    return (*root)->type == JSON_OBJECT || refuse_root(reader, *root);
}

static int compare_places(const void *left, const void *right) {
    const struct buildspec_finding *a = left, *b = right;
    int lines = (a->line > b->line) - (a->line < b->line);
    return lines ? lines : (a->column > b->column) - (a->column < b->column);
}

bool spec_verdict(struct reader *reader, struct err *err) {
    struct buildspec_findings *findings = &reader->findings;
    if (findings->notice_count > 1)
        qsort(findings->notices, findings->notice_count, sizeof *findings->notices, compare_places);
    if (reader->more_notices)
        add_notice(reader, (struct buildspec_finding){.message = "there are more notices than these"});
    if (findings->error_count == 0)
        return true;
    qsort(findings->errors, findings->error_count, sizeof *findings->errors, compare_places);
    const struct buildspec_finding *first = findings->errors;
    return err_set_code(err, first->kind, "YAML_FILE_ERROR", "%s:%d:%d: %s", reader->file, first->line, first->column,
                        first->message);
}

bool spec_is_scalar(const struct json *value) {
    return value->type != JSON_ARRAY && value->type != JSON_OBJECT;
}

static const char *found_word(const struct json *value) {
    return value->type == JSON_OBJECT ? "subkeys" : value->type == JSON_ARRAY ? "a list" : "a value";
}

/* The items of a list; those that are no texts are refused, each. */
static bool take_items(struct reader *reader, const struct json *list, const char *word, const char **items,
                       size_t *count) {
    bool good = true;
    size_t index = 0;
    json_each(item, list) {
        if (!spec_is_scalar(item))
            good = spec_refuse(reader, item,
                               "Expected %s[%zu] to be of string type: found %s instead at line %d; put quotes "
                               "around the whole text, or use a | block",
                               word, index, found_word(item), item->line);
        else if (item->type != JSON_NULL)
            items[(*count)++] = arena_strdup(reader->arena, item->text);
        index++;
    }
    return good;
}

bool spec_texts(struct reader *reader, const struct json *value, const char *word, bool one_text_is_a_list,
                struct buildspec_list *out) {
    *out = (struct buildspec_list){0};
    if (!value)
        return true;
    const char **items = arena_array(reader->arena, const char *, value->count + 1);
    if (spec_is_scalar(value) && one_text_is_a_list) {
        items[0] = arena_strdup(reader->arena, value->text);
        *out = (struct buildspec_list){.items = items, .count = *items[0] ? 1 : 0};
        return true;
    }
    if (value->type != JSON_ARRAY)
        return spec_refuse(reader, value, "Expected %s to be a list: found %s instead at line %d%s", word,
                           found_word(value), value->line,
                           spec_is_scalar(value) ? "; write '- ' before it, on a line of its own" : "");
    size_t count = 0;
    bool good = take_items(reader, value, word, items, &count);
    *out = (struct buildspec_list){.items = items, .count = count};
    return good;
}

static bool is_word(const char *text, const char *a, const char *b, const char *c) {
    return strcasecmp(text, a) == 0 || strcasecmp(text, b) == 0 || strcasecmp(text, c) == 0;
}

bool spec_flag(struct reader *reader, const struct json *object, const char *name, bool *out) {
    const struct json *value = json_get(object, name);
    if (!value)
        return true;
    const char *text = spec_is_scalar(value) ? value->text : "";
    bool on = is_word(text, "yes", "true", "on");
    if (!on && !is_word(text, "no", "false", "off"))
        return spec_refuse(reader, value, "'%s' must be yes or no", name);
    *out = on;
    return true;
}

bool spec_text(struct reader *reader, const struct json *object, const char *name, const char **out) {
    const struct json *value = json_get(object, name);
    if (!value)
        return true;
    if (!spec_is_scalar(value))
        return spec_refuse(reader, value, "'%s' must be a text, not %s", name, found_word(value));
    if (*value->text)
        *out = arena_strdup(reader->arena, value->text);
    return true;
}

bool spec_object(struct reader *reader, const struct json *parent, const char *name, const struct json **out) {
    const struct json *value = json_get(parent, name);
    *out = NULL;
    if (value && value->type != JSON_OBJECT)
        return spec_refuse(reader, value, "'%s' must hold keys, not %s", name,
                           value->type == JSON_ARRAY ? "a list" : "a text");
    *out = value;
    return true;
}

void spec_note_unknown(struct reader *reader, const struct json *object, const char *const *known, const char *where) {
    json_each(item, object) {
        bool found = false;
        for (const char *const *key = known; *key && !found; key++)
            found = str_equal(*key, item->name);
        if (found)
            continue;
        const char *meant = suggest_nearest(item->name, known);
        if (meant)
            spec_notice(reader, item, "'%.100s' is no key %s and is ignored; did you mean '%s'?", item->name, where,
                        meant);
        else
            spec_notice(reader, item, "'%.100s' is no key %s and is ignored", item->name, where);
    }
}

bool spec_counts(struct reader *reader, const struct json *object, const char *name) {
    const struct json *value = json_get(object, name);
    if (!value || !reader->version_0_1)
        return true;
    spec_notice(reader, value, "'%s' is ignored: version 0.1 does not have it; write version: 0.2", name);
    return false;
}
