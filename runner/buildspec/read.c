/*
 * Values of a buildspec, with CodeBuild's words where it has some.
 */
#include "runner/buildspec/read.h"

#include "common/str.h"

#include <stdarg.h>
#include <strings.h>

bool reader_refuse(struct reader *reader, const struct json *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(reader->arena, format, arguments);
    va_end(arguments);
    return err_set_code(reader->err, ERR_INVALID, "YAML_FILE_ERROR", "%s:%d:%d: %s", reader->file, at->line, at->column,
                        text);
}

void reader_notice(struct reader *reader, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(reader->arena, format, arguments);
    va_end(arguments);
    if (reader->notice_count == reader->notice_capacity)
        reader->notices = arena_grow(reader->arena, reader->notices, sizeof *reader->notices, &reader->notice_capacity);
    reader->notices[reader->notice_count++] = text;
}

static bool is_scalar(const struct json *value) {
    return value->type != JSON_ARRAY && value->type != JSON_OBJECT;
}

static const char *found_word(const struct json *value) {
    return value->type == JSON_OBJECT ? "subkeys" : value->type == JSON_ARRAY ? "a list" : "a value";
}

bool reader_texts(struct reader *reader, const struct json *value, const char *word, bool one_text_is_a_list,
                  struct buildspec_list *out) {
    *out = (struct buildspec_list){0};
    if (!value)
        return true;
    const char **items = arena_array(reader->arena, const char *, value->count + 1);
    if (is_scalar(value) && one_text_is_a_list) {
        items[0] = arena_strdup(reader->arena, value->text);
        *out = (struct buildspec_list){.items = items, .count = 1};
        return true;
    }
    if (value->type != JSON_ARRAY)
        return reader_refuse(reader, value, "Expected %s to be a list: found %s instead at line %d", word,
                             found_word(value), value->line);
    size_t index = 0;
    json_each(item, value) {
        if (!is_scalar(item))
            return reader_refuse(reader, item,
                                 "Expected %s[%zu] to be of string type: found %s instead at line %d; put quotes "
                                 "around the whole text, or use a | block",
                                 word, index, found_word(item), item->line);
        if (item->type != JSON_NULL)
            items[out->count++] = arena_strdup(reader->arena, item->text);
        index++;
    }
    out->items = items;
    return true;
}

bool reader_flag(struct reader *reader, const struct json *object, const char *name, bool *out) {
    const struct json *value = json_get(object, name);
    if (!value)
        return true;
    const char *text = is_scalar(value) ? value->text : NULL;
    if (text && (strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0)) {
        *out = true;
        return true;
    }
    if (text && (strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0)) {
        *out = false;
        return true;
    }
    return reader_refuse(reader, value, "'%s' must be yes or no", name);
}

bool reader_text(struct reader *reader, const struct json *object, const char *name, const char **out) {
    const struct json *value = json_get(object, name);
    if (!value)
        return true;
    if (!is_scalar(value))
        return reader_refuse(reader, value, "'%s' must be a text, not %s", name, found_word(value));
    *out = arena_strdup(reader->arena, value->text);
    return true;
}

bool reader_object(struct reader *reader, const struct json *parent, const char *name, const struct json **out) {
    *out = json_get(parent, name);
    if (!*out || (*out)->type == JSON_OBJECT)
        return true;
    return reader_refuse(reader, *out, "'%s' must hold keys, not %s", name, found_word(*out));
}

static bool read_set(struct reader *reader, const struct json *object, struct buildspec_artifacts *out) {
    const char *ignored = NULL;
    if (!reader_texts(reader, json_get(object, "files"), "Files", true, &out->files) ||
        !reader_texts(reader, json_get(object, "exclude-paths"), "Exclude-paths", true, &out->exclude_paths) ||
        !reader_text(reader, object, "base-directory", &out->base_directory) ||
        !reader_text(reader, object, "name", &ignored) ||
        !reader_flag(reader, object, "discard-paths", &out->discard_paths) ||
        !reader_flag(reader, object, "enable-symlinks", &out->keep_symlinks))
        return false;
    return true;
}

static bool read_secondary(struct reader *reader, const struct json *artifacts, struct buildspec *out) {
    const struct json *object;
    if (!reader_object(reader, artifacts, "secondary-artifacts", &object))
        return false;
    struct buildspec_artifacts *sets =
        arena_array(reader->arena, struct buildspec_artifacts, (object ? object->count : 0) + 1);
    json_each(item, object) {
        struct buildspec_artifacts *set = &sets[out->secondary_count++];
        if (item->type != JSON_OBJECT)
            return reader_refuse(reader, item, "secondary artifact '%s' must hold keys, 'files' at least", item->name);
        set->identifier = arena_strdup(reader->arena, item->name);
        if (!read_set(reader, item, set))
            return false;
        if (set->files.count == 0)
            return reader_refuse(reader, item, "secondary artifact '%s' lacks 'files'", item->name);
    }
    out->secondary = sets;
    return true;
}

bool buildspec_read_artifacts(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *artifacts;
    if (!reader_object(reader, root, "artifacts", &artifacts))
        return false;
    if (!artifacts)
        return true;
    if (!read_set(reader, artifacts, &out->artifacts) || !read_secondary(reader, artifacts, out))
        return false;
    /* AWS asks for 'files' even beside secondary artifacts; nobody misses it where they are all that is used. */
    if (out->artifacts.files.count == 0 && out->secondary_count == 0)
        return reader_refuse(reader, artifacts, "'artifacts' lacks 'files'");
    out->has_artifacts = out->artifacts.files.count > 0;
    return true;
}
