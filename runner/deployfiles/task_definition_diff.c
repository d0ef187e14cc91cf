/*
 * Two definitions side by side: what changed, under the names of what it stands in.
 */
#include "runner/deployfiles/task_definition.h"

#include "common/str.h"
#include "common/utf8.h"
#include "runner/deployfiles/credential_words.h"
#include "runner/deployfiles/task_definition_normal.h"

#include <stdio.h>
#include <string.h>

#define LINES_MAX 500
#define VALUE_MAX 300 /* bytes of a value that are shown */
#define LINE_MAX_BYTES 2048
#define MASK "***"

struct diff {
    struct arena *arena;
    struct json *lines;
    size_t left_out;
};

/* What of a definition is shown under which name: the name of the list or object that it is in tells whether a value
 * may be a credential. */
struct part {
    const char *list; /* "environment", "options", … or NULL */
    const char *label;
    const struct json *before;
    const struct json *after;
    int depth;
};

static void add_line(struct diff *diff, char change, int depth, const char *text) {
    if (diff->lines->count >= LINES_MAX) {
        diff->left_out++;
        return;
    }
    struct json *line = json_append_object(diff->arena, diff->lines);
    json_set_text(diff->arena, line, "line", arena_printf(diff->arena, "%*s%s", depth * 2, "", text));
    json_set_text(diff->arena, line, "change", (char[]){change, '\0'});
}

static bool is_plain(const char *text) {
    if (!*text || *text == ' ' || text[strlen(text) - 1] == ' ')
        return false;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return true;
}

static const char *cut(struct arena *arena, const char *text) {
    size_t length = strlen(text);
    if (length <= VALUE_MAX)
        return text;
    length = VALUE_MAX;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return arena_printf(arena, "%.*s…", (int)length, text);
}

/* Variables and options may hold what nobody should read over somebody's shoulder; everything else may have it within.
 */
static const char *show(struct arena *arena, const char *list, const char *name, const struct json *value) {
    static const char *const open_lists[] = {"environment", "options",    "dockerLabels",
                                             "labels",      "driverOpts", "properties"};
    for (size_t i = 0; list && i < sizeof open_lists / sizeof *open_lists; i++)
        if (str_equal(open_lists[i], list) && credential_is_named(name))
            return MASK;
    if (value->type != JSON_TEXT)
        return cut(arena, credential_hide(arena, json_print(arena, value)));
    const char *hidden = credential_hide(arena, value->text);
    return cut(arena, is_plain(hidden) ? hidden : json_print(arena, json_new_text(arena, hidden)));
}

/* A {name, value} or {name, valueFrom} is shown as one line: the member that is not its name; else NULL. */
static const struct json *only_value(const char *list, const struct json *entry) {
    const char *key = task_definition_key(list);
    const struct json *found = NULL;
    if (!key || !entry || entry->name || entry->type != JSON_OBJECT)
        return NULL;
    json_each(member, entry) {
        if (str_equal(member->name, key))
            continue;
        if (found || member->type == JSON_ARRAY || member->type == JSON_OBJECT)
            return NULL;
        found = member;
    }
    return found;
}

static const char *key_text(struct arena *arena, const char *list, const struct json *entry) {
    const struct json *key = json_get(entry, task_definition_key(list));
    return !key ? "" : key->type == JSON_TEXT ? key->text : json_print(arena, key);
}

static bool is_keyed(const struct json *value) {
    return value && value->type == JSON_ARRAY && task_definition_key(value->name) && value->first &&
           value->first->type == JSON_OBJECT;
}

/* All of a value, as added or taken away. */
static void add_whole(struct diff *diff, char change, const struct part *part, const struct json *value) {
    struct arena *arena = diff->arena;
    const struct json *only = only_value(part->list, value);
    if (only || (value->type != JSON_OBJECT && !is_keyed(value))) {
        add_line(diff, change, part->depth,
                 arena_printf(arena, "%s: %s", part->label, show(arena, part->list, part->label, only ? only : value)));
        return;
    }
    const bool only_its_key = !value->name && value->count == 1 && json_get(value, task_definition_key(part->list));
    add_line(diff, change, part->depth, arena_printf(arena, only_its_key ? "%s" : "%s:", part->label));
    json_each(member, value) {
        const struct part inner = {.list = value->name ? value->name : part->list,
                                   .label =
                                       value->type == JSON_ARRAY ? key_text(arena, value->name, member) : member->name,
                                   .depth = part->depth + 1};
        if (value->type == JSON_ARRAY || !str_equal(member->name, task_definition_key(part->list)) || value->name)
            add_whole(diff, change, &inner, member);
    }
}

static void add_part(struct diff *diff, const struct part *part);

/* Members of two objects, or entries of two keyed lists, both in order: pairs of one name are compared, the others are
 * whole. */
static void add_members(struct diff *diff, const struct part *part) {
    const struct json *left = json_first(part->before), *right = json_first(part->after);
    const bool list = part->after->type == JSON_ARRAY;
    const char *name = part->after->name;
    while (left || right) {
        const char *left_key = !left ? NULL : list ? key_text(diff->arena, name, left) : left->name;
        const char *right_key = !right ? NULL : list ? key_text(diff->arena, name, right) : right->name;
        int order = !left ? 1 : !right ? -1 : strcmp(left_key, right_key);
        const struct part inner = {.list = name ? name : part->list,
                                   .label = order <= 0 ? left_key : right_key,
                                   .before = order <= 0 ? left : NULL,
                                   .after = order >= 0 ? right : NULL,
                                   .depth = part->depth + 1};
        add_part(diff, &inner);
        left = order <= 0 ? left->next : left;
        right = order >= 0 ? right->next : right;
    }
}

static bool goes_into(const struct part *part) {
    const struct json *before = part->before, *after = part->after;
    if (!before || !after || before->type != after->type || only_value(part->list, before) ||
        only_value(part->list, after))
        return false;
    return after->type == JSON_OBJECT || (is_keyed(before) && is_keyed(after));
}

static void add_part(struct diff *diff, const struct part *part) {
    if (part->before && part->after && json_equal(part->before, part->after))
        return;
    if (goes_into(part)) {
        add_line(diff, ' ', part->depth, arena_printf(diff->arena, "%s:", part->label));
        add_members(diff, part);
        return;
    }
    if (part->before)
        add_whole(diff, '-', part, part->before);
    if (part->after)
        add_whole(diff, '+', part, part->after);
}

const struct json *task_definition_diff(struct arena *arena, const struct json *before, const struct json *after) {
    struct diff diff = {.arena = arena, .lines = json_array(arena)};
    const struct part whole = {.before = before ? task_definition_normal(arena, before) : json_object(arena),
                               .after = task_definition_normal(arena, after),
                               .depth = -1};
    add_members(&diff, &whole);
    if (diff.left_out > 0) {
        struct json *line = json_append_object(arena, diff.lines);
        json_set_text(arena, line, "line", arena_printf(arena, "… and %zu more lines", diff.left_out));
        json_set_text(arena, line, "change", " ");
    }
    return diff.lines;
}
