/*
 * Walking an object along its table.
 */
#include "runner/deployfiles/json_shape.h"

#include "common/str.h"
#include "common/suggest.h"
#include "runner/deployfiles/json_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 64 /* of one table */

/* Where the walk is: names in sentences are path + name + of. */
struct walk {
    struct findings *findings;
    const char *path;
    const char *of;
};

static const char *wanted(enum shape_kind kind) {
    switch (kind) {
    case SHAPE_TEXT:
        return "a text";
    case SHAPE_INTEGER:
        return "a whole number";
    case SHAPE_FLAG:
        return "true or false";
    case SHAPE_TEXTS:
        return "a list of texts";
    case SHAPE_INTEGERS:
        return "a list of whole numbers";
    case SHAPE_MAP:
        return "an object of texts";
    case SHAPE_OBJECT:
        return "an object";
    case SHAPE_OBJECTS:
        return "a list of objects";
    case SHAPE_ANY:
        break;
    }
    return "";
}

static const char *advice(enum shape_kind kind, const struct json *value) {
    if ((kind == SHAPE_OBJECT || kind == SHAPE_MAP) && value->type == JSON_ARRAY)
        return "; take the [ ] around it away";
    if (kind == SHAPE_OBJECTS && value->type == JSON_OBJECT)
        return "; put [ ] around it";
    if (kind == SHAPE_TEXTS && value->type == JSON_TEXT)
        return "; put [ ] around it, with each word in quotes of its own";
    return "";
}

static bool refuse_type(const struct walk *walk, const struct json *value, const char *name, enum shape_kind kind) {
    const bool is_fraction = kind == SHAPE_INTEGER && value->type == JSON_NUMBER;
    const char *found = is_fraction ? json_print(walk->findings->arena, value) : json_file_found(value);
    return findings_refuse(walk->findings, value, "'%s%s'%s must be %s, not %s%s", walk->path, name, walk->of,
                           wanted(kind), found, advice(kind, value));
}

static void note_turned(const struct walk *walk, const struct json *value, const char *name, const char *shown) {
    /* CodeDeploy reads YAML and gets the file's own text. */
    if (str_equal(walk->findings->reader, "ECS"))
        findings_note(walk->findings, value, "ECS wants %s for '%s%s'%s, and gets it", shown, walk->path, name,
                      walk->of);
}

/* A number or a flag becomes the text that was written. */
static bool take_text(const struct walk *walk, struct json *value, const char *name) {
    if (value->type == JSON_TEXT)
        return true;
    if (value->type != JSON_NUMBER && value->type != JSON_BOOL)
        return refuse_type(walk, value, name, SHAPE_TEXT);
    char *text = json_print(walk->findings->arena, value);
    value->type = JSON_TEXT;
    value->text = text;
    note_turned(walk, value, name, arena_printf(walk->findings->arena, "the text \"%s\"", text));
    return true;
}

static bool take_integer(const struct walk *walk, struct json *value, const char *name) {
    long long number;
    if (value->type == JSON_NUMBER && value->is_integer)
        return true;
    if (value->type != JSON_TEXT || !str_to_int64(value->text, INT64_MIN, INT64_MAX, &number))
        return refuse_type(walk, value, name, SHAPE_INTEGER);
    value->type = JSON_NUMBER;
    value->is_integer = true;
    value->integer = number;
    value->number = (double)number;
    note_turned(walk, value, name, arena_printf(walk->findings->arena, "the number %lld, without quotes,", number));
    return true;
}

static bool take_flag(const struct walk *walk, struct json *value, const char *name) {
    if (value->type == JSON_BOOL)
        return true;
    if (value->type != JSON_TEXT || (!str_equal(value->text, "true") && !str_equal(value->text, "false")))
        return refuse_type(walk, value, name, SHAPE_FLAG);
    value->type = JSON_BOOL;
    value->boolean = str_equal(value->text, "true");
    note_turned(walk, value, name, value->boolean ? "true, without quotes," : "false, without quotes,");
    return true;
}

static const char *list_words(struct arena *arena, const char *const *words) {
    const char *text = "";
    for (; *words; words++)
        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", *words);
    return text;
}

static bool check_word(const struct walk *walk, const struct json *value, const char *name, const char *const *words) {
    for (const char *const *word = words; word && *word; word++)
        if (str_equal(*word, value->text))
            return true;
    if (!words)
        return true;
    const char *meant = suggest_nearest(value->text, words);
    if (meant)
        return findings_refuse(walk->findings, value, "'%s%s'%s cannot be '%.100s'; did you mean '%s'?", walk->path,
                               name, walk->of, value->text, meant);
    return findings_refuse(walk->findings, value, "'%s%s'%s must be one of %s, not '%.100s'", walk->path, name,
                           walk->of, list_words(walk->findings->arena, words), value->text);
}

static bool check_range(const struct walk *walk, const struct json *value, const char *name,
                        const struct shape *shape) {
    if ((shape->least == 0 && shape->most == 0) || (value->integer >= shape->least && value->integer <= shape->most))
        return true;
    return findings_refuse(walk->findings, value, "'%s%s'%s must be from %" PRId64 " to %" PRId64 ", not %" PRId64,
                           walk->path, name, walk->of, shape->least, shape->most, value->integer);
}

static bool check_list(const struct walk *walk, struct json *value, const struct shape *shape) {
    bool good = true;
    size_t number = 0;
    if (value->type != JSON_ARRAY)
        return refuse_type(walk, value, shape->name, shape->kind);
    for (struct json *item = value->first; item; item = item->next) {
        const char *name = arena_printf(walk->findings->arena, "%s[%zu]", shape->name, number++);
        if (shape->kind == SHAPE_TEXTS)
            good = take_text(walk, item, name) && check_word(walk, item, name, shape->words) && good;
        else if (shape->kind == SHAPE_INTEGERS)
            good = take_integer(walk, item, name) && good;
        else if (item->type != JSON_OBJECT)
            good = refuse_type(walk, item, name, SHAPE_OBJECT);
        else if (shape->fields)
            good = json_shape_check(walk->findings, item, shape->fields,
                                    arena_printf(walk->findings->arena, "%s%s.", walk->path, name), walk->of) &&
                   good;
    }
    return good;
}

static bool check_map(const struct walk *walk, struct json *value, const struct shape *shape) {
    bool good = true;
    if (value->type != JSON_OBJECT)
        return refuse_type(walk, value, shape->name, SHAPE_MAP);
    for (struct json *member = value->first; member; member = member->next)
        good = take_text(walk, member, arena_printf(walk->findings->arena, "%s.%.100s", shape->name, member->name)) &&
               good;
    return good;
}

static bool check_value(const struct walk *walk, struct json *value, const struct shape *shape) {
    switch (shape->kind) {
    case SHAPE_TEXT:
        return take_text(walk, value, shape->name) && check_word(walk, value, shape->name, shape->words);
    case SHAPE_INTEGER:
        return take_integer(walk, value, shape->name) && check_range(walk, value, shape->name, shape);
    case SHAPE_FLAG:
        return take_flag(walk, value, shape->name);
    case SHAPE_TEXTS:
    case SHAPE_INTEGERS:
    case SHAPE_OBJECTS:
        return check_list(walk, value, shape);
    case SHAPE_MAP:
        return check_map(walk, value, shape);
    case SHAPE_ANY:
        return true;
    case SHAPE_OBJECT:
        break;
    }
    if (value->type != JSON_OBJECT)
        return refuse_type(walk, value, shape->name, SHAPE_OBJECT);
    return json_shape_check(walk->findings, value, shape->fields,
                            arena_printf(walk->findings->arena, "%s%s.", walk->path, shape->name), walk->of);
}

static const struct shape *find(const struct shape *shape, const char *name) {
    for (; shape->name; shape++)
        if (str_equal(shape->name, name))
            return shape;
    return NULL;
}

static const char *nearest(const struct shape *shape, const char *written) {
    const char *names[MEMBERS_MAX + 1] = {0};
    for (size_t count = 0; shape->name && count < MEMBERS_MAX; shape++)
        names[count++] = shape->name;
    return suggest_nearest(written, names);
}

static bool is_missing(const struct json *object, const struct shape *shape) {
    const struct json *value = json_get(object, shape->name);
    return !value || (value->type == JSON_TEXT && !*value->text) || (value->type == JSON_ARRAY && value->count == 0);
}

/* A member that is taken for a missing one is refused as that. */
static void note_unknown(const struct walk *walk, const struct json *object, const struct json *member,
                         const struct shape *shape) {
    const char *meant = nearest(shape, member->name);
    const struct shape *row = meant ? find(shape, meant) : NULL;
    if (row && row->required && !json_get(object, meant))
        return;
    findings_note(walk->findings, member, "%s knows no '%s%.100s'%s; it is passed on as it stands%s%s%s",
                  walk->findings->reader, walk->path, member->name, walk->of, meant ? "; did you mean '" : "",
                  meant ? meant : "", meant ? "'?" : "");
}

static bool refuse_missing(const struct walk *walk, const struct json *object, const struct shape *shape,
                           const struct shape *row) {
    const struct json *empty = json_get(object, row->name);
    if (empty)
        return findings_refuse(walk->findings, empty, "'%s%s'%s is empty", walk->path, row->name, walk->of);
    json_each(member, object) {
        if (!find(shape, member->name) && str_equal(nearest(shape, member->name), row->name))
            return findings_refuse_name(walk->findings, member, "'%s%s'%s is missing; did you mean it by '%.100s'?",
                                        walk->path, row->name, walk->of, member->name);
    }
    return findings_refuse(walk->findings, object, "'%s%s'%s is missing", walk->path, row->name, walk->of);
}

bool json_shape_check(struct findings *findings, struct json *object, const struct shape *shape, const char *path,
                      const char *of) {
    const struct walk walk = {.findings = findings, .path = path, .of = of};
    bool good = true;
    for (struct json *member = object->first; member; member = member->next) {
        const struct shape *row = find(shape, member->name);
        if (!row)
            note_unknown(&walk, object, member, shape);
        else if (!row->required || !is_missing(object, row))
            good = check_value(&walk, member, row) && good;
    }
    for (const struct shape *row = shape; row->name; row++)
        if (row->required && is_missing(object, row))
            good = refuse_missing(&walk, object, shape, row);
    return good;
}
