/*
 * The walk over a tree with its shape beside it.
 */
#include "server/definition/shape.h"

#include "common/str.h"
#include "common/suggest.h"
#include "common/utf8.h"

#include <inttypes.h>
#include <regex.h>
#include <string.h>

#define SHOWN_MAX 100    /* most bytes of a value that a message repeats */
#define MATCHED_MAX 4096 /* longer texts fit no pattern: regexec is not for them */

const char *shape_text(struct arena *arena, const struct json *value) {
    if (!value)
        return NULL;
    switch (value->type) {
    case JSON_TEXT:
        return value->text;
    case JSON_BOOL:
        return value->boolean ? "true" : "false";
    case JSON_NUMBER:
        if (value->text)
            return value->text;
        return value->is_integer ? arena_printf(arena, "%" PRId64, value->integer)
                                 : arena_printf(arena, "%.17g", value->number);
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return NULL;
}

const char *shape_get_text(struct arena *arena, const struct json *object, const char *name) {
    return shape_text(arena, json_get(object, name));
}

bool shape_is_filled(const struct json *value) {
    if (!value || value->type == JSON_NULL)
        return false;
    if (value->type == JSON_ARRAY)
        return value->count > 0;
    if (value->type != JSON_OBJECT)
        return true;
    json_each(member, value) {
        if (shape_is_filled(member))
            return true;
    }
    return false;
}

bool shape_matches(const struct shape_pattern *pattern, const char *text) {
    if (strlen(text) > MATCHED_MAX)
        return false;
    regex_t compiled;
    if (regcomp(&compiled, pattern->expression, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool matches = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return matches;
}

/* Cut at a whole character. */
static const char *shown(struct arena *arena, const char *text) {
    size_t length = strlen(text);
    if (length <= SHOWN_MAX)
        return text;
    length = SHOWN_MAX;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return arena_printf(arena, "%.*s...", (int)length, text);
}

const char *shape_aws_constraint(struct arena *arena, const struct place *place, const char *constraint) {
    const char *path = place_aws_path(arena, place);
    if (!place->value)
        return arena_printf(arena, "Value null at '%s' failed to satisfy constraint: %s", path, constraint);
    const char *text = shape_text(arena, place->value);
    if (!text)
        text = json_print(arena, place->value);
    return arena_printf(arena, "Value '%s' at '%s' failed to satisfy constraint: %s", shown(arena, text), path,
                        constraint);
}

static void broken(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                   const char *constraint, const char *message) {
    struct arena *arena = errors->arena;
    const char *aws = shape->secret ? arena_printf(arena, "Value at '%s' failed to satisfy constraint: %s",
                                                   place_aws_path(arena, place), constraint)
                                    : shape_aws_constraint(arena, place, constraint);
    errors_add(errors, place, DEFINITION_VALIDATION, aws, "%s", message);
}

/* Length, or number of members, within the shape's limits. */
static bool check_size(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                       size_t size, bool is_text) {
    struct arena *arena = errors->arena;
    if ((long long)size < shape->least) {
        const char *message = is_text     ? "is empty; write at least 1 character"
                              : size == 0 ? arena_printf(arena, "is empty; at least %lld needed", shape->least)
                                          : arena_printf(arena, "holds %zu; at least %lld needed", size, shape->least);
        if (is_text && size > 0)
            message = arena_printf(arena, "is %zu character%s long; at least %lld are needed", size,
                                   size == 1 ? "" : "s", shape->least);
        broken(errors, place, shape,
               arena_printf(arena, "Member must have length greater than or equal to %lld", shape->least), message);
        return false;
    }
    if (shape->most > 0 && (long long)size > shape->most) {
        const char *message =
            is_text ? arena_printf(arena, "is %zu characters long; at most %lld are allowed", size, shape->most)
                    : arena_printf(arena, "holds %zu; at most %lld are allowed", size, shape->most);
        broken(errors, place, shape,
               arena_printf(arena, "Member must have length less than or equal to %lld", shape->most), message);
        return false;
    }
    return true;
}

static const char *list_choices(struct arena *arena, const char *const *choices) {
    const char *list = "";
    for (; *choices; choices++)
        list = *list ? arena_printf(arena, "%s, %s", list, *choices) : *choices;
    return list;
}

static void check_choice(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                         const char *text) {
    for (const char *const *choice = shape->choices; *choice; choice++)
        if (str_equal(*choice, text))
            return;
    struct arena *arena = errors->arena;
    const char *list = list_choices(arena, shape->choices);
    const char *nearest = suggest_nearest(text, shape->choices);
    const char *message =
        nearest ? arena_printf(arena, "'%s' is not known; did you mean '%s'?", shown(arena, text), nearest)
                : arena_printf(arena, "'%s' is not known; write %s%s", shown(arena, text),
                               shape->choices[1] ? "one of " : "", list);
    broken(errors, place, shape, arena_printf(arena, "Member must satisfy enum value set: [%s]", list), message);
}

static void check_text(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                       const char *text) {
    if (shape->choices) {
        check_choice(errors, place, shape, text);
        return;
    }
    if (!check_size(errors, place, shape, utf8_count(text), true) || !shape->pattern)
        return;
    if (!shape_matches(shape->pattern, text)) {
        const char *quoted = shape->secret ? "it" : arena_printf(errors->arena, "'%s'", shown(errors->arena, text));
        broken(errors, place, shape,
               arena_printf(errors->arena, "Member must satisfy regular expression pattern: %s", shape->pattern->aws),
               arena_printf(errors->arena, "%s is not allowed here; write %s", quoted, shape->pattern->words));
    }
}

static void check_integer(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                          int64_t value) {
    struct arena *arena = errors->arena;
    bool too_small = value < shape->least;
    if (!too_small && (shape->most == 0 || value <= shape->most))
        return;
    const char *range = shape->most == 0 ? arena_printf(arena, "%lld or more", shape->least)
                                         : arena_printf(arena, "from %lld to %lld", shape->least, shape->most);
    broken(errors, place, shape,
           too_small ? arena_printf(arena, "Member must have value greater than or equal to %lld", shape->least)
                     : arena_printf(arena, "Member must have value less than or equal to %lld", shape->most),
           arena_printf(arena, "%" PRId64 " is out of range; write a whole number %s", value, range));
}

static const char *wanted_name(enum shape_type type) {
    static const char *const names[] = {
        [SHAPE_TEXT] = "a text",
        [SHAPE_INTEGER] = "a whole number",
        [SHAPE_BOOL] = "true or false",
        [SHAPE_TIME] = "a number",
        [SHAPE_LIST] = "a list",
        [SHAPE_MAP] = "an object (key: value)",
        [SHAPE_OBJECT] = "an object (key: value)",
        [SHAPE_ANY] = "a value",
    };
    return names[type];
}

/* What AWS's reader says about a value of the wrong type. */
static const char *serialization(struct arena *arena, const struct json *value, enum shape_type wanted) {
    static const char *const found[] = {
        [JSON_NULL] = "null",
        [JSON_BOOL] = "TRUE_VALUE",
        [JSON_NUMBER] = "NUMBER_VALUE",
        [JSON_TEXT] = "STRING_VALUE",
        [JSON_ARRAY] = "Start of list found",
        [JSON_OBJECT] = "Start of structure or map found",
    };
    static const char *const names[] = {
        [SHAPE_TEXT] = "String", [SHAPE_INTEGER] = "Integer", [SHAPE_BOOL] = "Boolean",  [SHAPE_TIME] = "Timestamp",
        [SHAPE_LIST] = "List",   [SHAPE_MAP] = "Map",         [SHAPE_OBJECT] = "Object", [SHAPE_ANY] = "Object",
    };
    if (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
        return arena_printf(arena, "%s where not expected.", found[value->type]);
    const char *name = value->type == JSON_BOOL && !value->boolean ? "FALSE_VALUE" : found[value->type];
    return arena_printf(arena, "%s can not be converted to %s", name, names[wanted]);
}

static const char *with_article(enum json_type type) {
    static const char *const names[] = {
        [JSON_NULL] = "null",   [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
        [JSON_TEXT] = "a text", [JSON_ARRAY] = "a list",       [JSON_OBJECT] = "an object",
    };
    return names[type];
}

static void wrong_type(struct definition_errors *errors, const struct place *place, enum shape_type wanted) {
    errors_add(errors, place, DEFINITION_SERIALIZATION, serialization(errors->arena, place->value, wanted),
               "must be %s, not %s", wanted_name(wanted), with_article(place->value->type));
}

static void check_list(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                       enum definition_form form) {
    (void)check_size(errors, place, shape, place->value->count, false);
    size_t index = 0;
    json_each(element, place->value) {
        struct place below = PLACE_ELEMENT(place, index++, element);
        shape_check(errors, &below, shape->members, form);
    }
}

/* A key as if it were a value that stands where the key is written. */
static void check_key(struct definition_errors *errors, const struct place *map, const struct shape *keys,
                      const struct json *member) {
    const struct json key = {
        .type = JSON_TEXT, .text = member->name, .line = member->name_line, .column = member->name_column};
    struct place place = PLACE_MEMBER(map, member->name, &key);
    check_text(errors, &place, keys, member->name);
}

static void check_map(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                      enum definition_form form) {
    (void)check_size(errors, place, shape, place->value->count, false);
    json_each(member, place->value) {
        struct place below = PLACE_MEMBER(place, member->name, member);
        if (shape->keys)
            check_key(errors, place, shape->keys, member);
        shape_check(errors, &below, shape->members, form);
    }
}

static const struct shape_field *find_field(const struct shape_field *fields, const char *name,
                                            enum definition_form form) {
    for (const struct shape_field *field = fields; field->name; field++)
        if (str_equal(field->name, name))
            return field->file_only && form != DEFINITION_FILE ? NULL : field;
    return NULL;
}

static void unknown_member(struct definition_errors *errors, const struct place *place,
                           const struct shape_field *fields, enum definition_form form) {
    const char *names[64];
    size_t count = 0;
    for (const struct shape_field *field = fields; field->name && count < 63; field++)
        if (!field->file_only || form == DEFINITION_FILE)
            names[count++] = field->name;
    names[count] = NULL;
    const char *nearest = suggest_nearest(place->name, names);
    if (nearest)
        errors_add_name(errors, place, DEFINITION_STRUCTURE, NULL, "unknown key; did you mean '%s'?", nearest);
    else
        errors_add_name(errors, place, DEFINITION_STRUCTURE, NULL, "unknown key; known here: %s",
                        list_choices(errors->arena, names));
}

/* What a member that is missing should hold. */
static const char *describe(struct arena *arena, const struct shape *shape) {
    if (shape->choices)
        return arena_printf(arena, "%s%s", shape->choices[1] ? "one of " : "", list_choices(arena, shape->choices));
    if (shape->type == SHAPE_TEXT && shape->pattern)
        return shape->pattern->words;
    const char *members = "";
    for (const struct shape_field *field = shape->fields; field && field->name; field++)
        if (field->required)
            members = arena_printf(arena, "%s%s'%s'", members, *members ? ", " : "", field->name);
    return *members ? arena_printf(arena, "an object with %s", members) : wanted_name(shape->type);
}

static void check_object(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                         enum definition_form form) {
    json_each(member, place->value) {
        struct place below = PLACE_MEMBER(place, member->name, member);
        const struct shape_field *field = find_field(shape->fields, member->name, form);
        if (!field)
            unknown_member(errors, &below, shape->fields, form);
        else if (member->type != JSON_NULL)
            shape_check(errors, &below, field->shape, form);
    }
    for (const struct shape_field *field = shape->fields; field->name; field++) {
        bool required = field->required || (field->request_only && form == DEFINITION_REQUEST);
        if (!required || json_get(place->value, field->name))
            continue;
        struct place missing = PLACE_MEMBER(place, field->name, NULL);
        errors_add(errors, place, DEFINITION_VALIDATION,
                   shape_aws_constraint(errors->arena, &missing, "Member must not be null"),
                   "'%s' is missing; add it as %s", field->name, describe(errors->arena, field->shape));
    }
}

static void check_scalar(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                         enum definition_form form) {
    bool loose = shape->loose || form == DEFINITION_FILE;
    const char *text = place->value->type == JSON_TEXT || loose ? shape_text(errors->arena, place->value) : NULL;
    if (text)
        check_text(errors, place, shape, text);
    else
        wrong_type(errors, place, shape->type);
}

/* Is the value of the JSON type that the short form has and the long form has not? */
static bool is_short(const struct json *value, const struct shape *short_form) {
    switch (value->type) {
    case JSON_OBJECT:
        return short_form->type == SHAPE_MAP || short_form->type == SHAPE_OBJECT;
    case JSON_ARRAY:
        return short_form->type == SHAPE_LIST;
    case JSON_TEXT:
    case JSON_NUMBER:
    case JSON_BOOL:
        return short_form->type == SHAPE_TEXT;
    case JSON_NULL:
        break;
    }
    return false;
}

void shape_check(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                 enum definition_form form) {
    const struct json *value = place->value;
    if (form == DEFINITION_FILE && shape->short_form && is_short(value, shape->short_form))
        shape = shape->short_form;
    switch (shape->type) {
    case SHAPE_ANY:
        return;
    case SHAPE_TEXT:
        check_scalar(errors, place, shape, form);
        return;
    case SHAPE_INTEGER:
        if (value->type == JSON_NUMBER && value->is_integer)
            check_integer(errors, place, shape, value->integer);
        else if (value->type == JSON_NUMBER)
            errors_add(errors, place, DEFINITION_SERIALIZATION, serialization(errors->arena, value, shape->type),
                       "%s is no whole number", shape_text(errors->arena, value));
        else
            wrong_type(errors, place, shape->type);
        return;
    case SHAPE_BOOL:
        if (value->type != JSON_BOOL)
            wrong_type(errors, place, shape->type);
        return;
    case SHAPE_TIME:
        if (value->type != JSON_NUMBER)
            wrong_type(errors, place, shape->type);
        return;
    case SHAPE_LIST:
        if (value->type == JSON_ARRAY)
            check_list(errors, place, shape, form);
        else
            wrong_type(errors, place, shape->type);
        return;
    case SHAPE_MAP:
    case SHAPE_OBJECT:
        if (value->type != JSON_OBJECT)
            wrong_type(errors, place, shape->type);
        else if (shape->type == SHAPE_MAP)
            check_map(errors, place, shape, form);
        else
            check_object(errors, place, shape, form);
        return;
    }
}
