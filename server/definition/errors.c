/*
 * Collecting errors: paths in both spellings, the place in the file, one sentence out of many for AWS's clients.
 */
#include "server/definition/errors.h"

#include "common/str.h"

#include <stdarg.h>
#include <stdio.h>

static const char *extend(struct arena *arena, const char *path, const struct place *place) {
    if (!place->name)
        return arena_printf(arena, "%s[%zu]", path, place->index);
    return *path ? arena_printf(arena, "%s.%s", path, place->name) : arena_strdup(arena, place->name);
}

const char *place_path(struct arena *arena, const struct place *place) {
    if (!place || !place->parent)
        return "";
    return extend(arena, place_path(arena, place->parent), place);
}

const char *place_aws_path(struct arena *arena, const struct place *place) {
    if (!place)
        return "";
    if (!place->parent)
        return place->name ? place->name : "";
    const char *path = place_aws_path(arena, place->parent);
    if (!place->name)
        return arena_printf(arena, "%s.%zu.member", path, place->index + 1);
    return *path ? arena_printf(arena, "%s.%s", path, place->name) : arena_strdup(arena, place->name);
}

static struct definition_error *append(struct definition_errors *errors) {
    if (errors->count == DEFINITION_ERRORS_MAX) {
        errors->more = true;
        return NULL;
    }
    if (errors->count == errors->capacity)
        errors->list = arena_grow(errors->arena, errors->list, sizeof *errors->list, &errors->capacity);
    struct definition_error *error = &errors->list[errors->count++];
    *error = (struct definition_error){0};
    return error;
}

static void locate(struct definition_error *error, const struct place *place) {
    for (; place; place = place->parent)
        if (place->value && place->value->line > 0) {
            error->line = place->value->line;
            error->column = place->value->column;
            return;
        }
}

static struct definition_error *add(struct definition_errors *errors, const struct place *place, const char *code,
                                    const char *aws, const char *format, va_list arguments) PRINTF_LIKE(5, 0);

static struct definition_error *add(struct definition_errors *errors, const struct place *place, const char *code,
                                    const char *aws, const char *format, va_list arguments) {
    struct definition_error *error = append(errors);
    if (!error)
        return NULL;
    locate(error, place);
    error->path = place_path(errors->arena, place);
    error->message = arena_vprintf(errors->arena, format, arguments);
    error->code = code;
    error->aws = aws;
    return error;
}

void errors_add(struct definition_errors *errors, const struct place *place, const char *code, const char *aws,
                const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)add(errors, place, code, aws, format, arguments);
    va_end(arguments);
}

void errors_add_name(struct definition_errors *errors, const struct place *place, const char *code, const char *aws,
                     const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    struct definition_error *error = add(errors, place, code, aws, format, arguments);
    va_end(arguments);
    if (error && place->value && place->value->name_line > 0) {
        error->line = place->value->name_line;
        error->column = place->value->name_column;
    }
}

const char *definition_error_text(struct arena *arena, const char *file, const struct definition_error *error) {
    const char *where = "";
    if (file && error->line > 0)
        where = arena_printf(arena, "%s:%d:%d: ", file, error->line, error->column);
    else if (file)
        where = arena_printf(arena, "%s: ", file);
    if (!*error->path)
        return arena_printf(arena, "%s%s", where, error->message);
    return arena_printf(arena, "%s%s: %s", where, error->path, error->message);
}

static size_t count_code(const struct definition_errors *errors, const char *code) {
    size_t count = 0;
    for (size_t i = 0; i < errors->count; i++)
        count += str_equal(errors->list[i].code, code);
    return count;
}

static void join(const struct definition_errors *errors, const char *code, struct str *out) {
    for (size_t i = 0; i < errors->count; i++) {
        const struct definition_error *error = &errors->list[i];
        if (code && !str_equal(error->code, code))
            continue;
        if (out->length > 0 && !str_ends_with(str_text(out), "detected: "))
            str_append(out, "; ");
        str_append(out, error->aws ? error->aws : definition_error_text(errors->arena, NULL, error));
    }
}

/* AWS reads the request first (types), then its shapes, and only then what they mean together. */
bool definition_errors_fail(const struct definition_errors *errors, const char *validation, struct err *err) {
    struct str text CLEANUP(str_release) = STR_INIT(ERR_MESSAGE_SIZE);
    size_t broken = count_code(errors, DEFINITION_VALIDATION);
    if (count_code(errors, DEFINITION_SERIALIZATION) > 0) {
        join(errors, DEFINITION_SERIALIZATION, &text);
        return err_set_code(err, ERR_INVALID, DEFINITION_SERIALIZATION, "%s", str_text(&text));
    }
    if (broken > 0) {
        str_printf(&text, "%zu validation error%s detected: ", broken, broken == 1 ? "" : "s");
        join(errors, DEFINITION_VALIDATION, &text);
        return err_set_code(err, ERR_INVALID, validation, "%s", str_text(&text));
    }
    join(errors, NULL, &text);
    return err_set_code(err, ERR_INVALID, errors->count > 0 ? errors->list[0].code : validation, "%s", str_text(&text));
}
