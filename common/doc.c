/*
 * Files by people. JSON (told by its first byte) goes through the reader of common/json.h, everything else through
 * libyaml's event interface: its document interface resolves aliases and knows no caps, and its parser is quadratic in
 * depth, so that the caps must be watched while events come in.
 */
#include "common/doc.h"

#include "common/doc_message.h"
#include "common/json_read.h"
#include "common/str.h"
#include "common/utf8.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

struct reader {
    struct arena *arena;
    struct doc_source source;
    yaml_parser_t parser;
    struct json *open[JSON_DEPTH_MAX]; /* the lists and objects that are not closed yet, outermost first */
    size_t depth;
    struct json *pending_name; /* inside an object, between a name and its value: holds the name and its place */
    struct json *root;
    size_t nodes;
    struct err *err;
};

static bool refuse_at(struct reader *reader, yaml_mark_t mark, enum err_kind kind, const char *problem) {
    return err_set(reader->err, kind, "%s:%zu:%zu: %s", reader->source.file, mark.line + 1, mark.column + 1, problem);
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c) {
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, as YAML 1.2's core schema has it. */
static bool looks_like_number(const char *text) {
    const char *at = text + strspn(text, "+-");
    if (at - text > 1)
        return false;
    size_t whole = strspn(at, "0123456789");
    at += whole;
    size_t fraction = 0;
    if (*at == '.') {
        fraction = strspn(at + 1, "0123456789");
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        size_t digits = strspn(at, "0123456789");
        if (digits == 0)
            return false;
        at += digits;
    }
    return *at == '\0';
}

/* Numbers past int64 or past a double's range are kept as text, exactly as written. */
static void set_plain_type(struct json *value) {
    const char *text = value->text;
    value->type = JSON_TEXT;
    if (*text == '\0' || strcmp(text, "~") == 0 || is_one_of(text, "null", "Null", "NULL")) {
        value->type = JSON_NULL;
    } else if (is_one_of(text, "true", "True", "TRUE") || is_one_of(text, "false", "False", "FALSE")) {
        value->type = JSON_BOOL;
        value->boolean = *text == 't' || *text == 'T';
    } else if (looks_like_number(text)) {
        struct json number = *value;
        if (json_set_number_from_text(&number, text, strlen(text)))
            *value = number;
    }
}

static bool new_value(struct reader *reader, const yaml_event_t *event, struct json **out) {
    if (++reader->nodes > DOC_NODES_MAX)
        return refuse_at(reader, event->start_mark, ERR_LIMIT, "more than 20000 values; split the file");
    struct json *value = arena_new(reader->arena, struct json);
    value->line = (int)event->start_mark.line + 1;
    value->column = (int)event->start_mark.column + 1;
    *out = value;
    return true;
}

static bool take_name(struct reader *reader, const yaml_event_t *event, struct json *name) {
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        if (strcmp(name->text, "<<") == 0)
            return refuse_at(reader, event->start_mark, ERR_INVALID,
                             "merge keys ('<<') are not supported; write the keys out");
        if (*name->text == '\0')
            return refuse_at(reader, event->start_mark, ERR_INVALID, "a name is missing before ':'");
    }
    reader->pending_name = name;
    return true;
}

/* Puts a finished or just opened value where it belongs. */
static bool place_value(struct reader *reader, struct json *value) {
    if (reader->depth == 0) {
        reader->root = value;
        return true;
    }
    struct json *parent = reader->open[reader->depth - 1];
    if (parent->type == JSON_OBJECT) {
        assert(reader->pending_name);
        value->name = reader->pending_name->text;
        value->name_line = reader->pending_name->line;
        value->name_column = reader->pending_name->column;
        reader->pending_name = NULL;
    }
    json_append(parent, value);
    return true;
}

static bool awaits_name(const struct reader *reader) {
    return reader->depth > 0 && reader->open[reader->depth - 1]->type == JSON_OBJECT && !reader->pending_name;
}

static bool take_scalar(struct reader *reader, const yaml_event_t *event) {
    const char *bytes = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (event->data.scalar.anchor)
        return refuse_at(reader, event->start_mark, ERR_INVALID, DOC_NO_ANCHORS);
    if (event->data.scalar.tag)
        return refuse_at(reader, event->start_mark, ERR_INVALID, DOC_NO_TAGS);
    if (memchr(bytes, 0, length))
        return refuse_at(reader, event->start_mark, ERR_INVALID, "a NUL character is not allowed in a text");
    struct json *value;
    if (!new_value(reader, event, &value))
        return false;
    value->text = arena_strndup(reader->arena, bytes, length);
    if (awaits_name(reader))
        return take_name(reader, event, value);
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        set_plain_type(value);
    else
        value->type = JSON_TEXT;
    return place_value(reader, value);
}

static bool open_container(struct reader *reader, const yaml_event_t *event, enum json_type type,
                           const yaml_char_t *anchor, const yaml_char_t *tag) {
    if (anchor)
        return refuse_at(reader, event->start_mark, ERR_INVALID, DOC_NO_ANCHORS);
    if (tag)
        return refuse_at(reader, event->start_mark, ERR_INVALID, DOC_NO_TAGS);
    if (awaits_name(reader))
        return refuse_at(reader, event->start_mark, ERR_INVALID,
                         "a name must be a plain text, not a list or an object");
    if (reader->depth == JSON_DEPTH_MAX)
        return refuse_at(reader, event->start_mark, ERR_LIMIT, "nested too deeply; at most 64 levels");
    struct json *value;
    if (!new_value(reader, event, &value))
        return false;
    value->type = type;
    if (!place_value(reader, value))
        return false;
    reader->open[reader->depth++] = value;
    return true;
}

static bool refuse_duplicate(const struct doc_source *source, const struct json *first, const struct json *second,
                             struct err *err) {
    return err_set(err, ERR_INVALID, "%s:%d:%d: the name '%.200s' stands twice; it was first in line %d, column %d",
                   source->file, second->name_line, second->name_column, second->name, first->name_line,
                   first->name_column);
}

static bool close_container(struct reader *reader) {
    struct json *value = reader->open[--reader->depth];
    const struct json *first;
    const struct json *second;
    if (value->type == JSON_OBJECT && json_find_duplicate(value, &first, &second))
        return refuse_duplicate(&reader->source, first, second, reader->err);
    return true;
}

static bool take_document_start(struct reader *reader, const yaml_event_t *event) {
    if (reader->root)
        return refuse_at(reader, event->start_mark, ERR_INVALID,
                         "a second document begins; only one is read, take the '---' away");
    return true;
}

static bool take_event(struct reader *reader, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_container(reader, event, JSON_ARRAY, event->data.sequence_start.anchor,
                              event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_container(reader, event, JSON_OBJECT, event->data.mapping_start.anchor,
                              event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_container(reader);
    case YAML_ALIAS_EVENT:
        return refuse_at(reader, event->start_mark, ERR_INVALID, DOC_NO_ALIASES);
    case YAML_DOCUMENT_START_EVENT:
        return take_document_start(reader, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    return true;
}

static bool read_events(struct reader *reader) {
    for (;;) {
        yaml_event_t event CLEANUP(yaml_event_delete) = {0};
        if (!yaml_parser_parse(&reader->parser, &event))
            return doc_refuse_syntax(&reader->source, &reader->parser, reader->err);
        if (!take_event(reader, &event))
            return false;
        if (event.type == YAML_STREAM_END_EVENT)
            return true;
    }
}

static bool parse_yaml(struct arena *arena, const struct doc_source *source, const struct json **out, struct err *err) {
    struct reader *reader = arena_new(arena, struct reader);
    *reader = (struct reader){.arena = arena, .source = *source, .err = err};
    if (!yaml_parser_initialize(&reader->parser))
        return err_set(err, ERR_INTERNAL, "%s: out of memory", source->file);
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)source->bytes, source->size);
    bool good = read_events(reader);
    yaml_parser_delete(&reader->parser);
    if (!good)
        return false;
    if (!reader->root)
        return err_set(err, ERR_INVALID, "%s:1:1: " DOC_EMPTY, source->file);
    *out = reader->root;
    return true;
}

static bool parse_json(struct arena *arena, const struct doc_source *source, const struct json **out, struct err *err) {
    struct json_fault fault;
    if (json_read_placed(arena, source->bytes, source->size, DOC_NODES_MAX, out, &fault))
        return true;
    if (fault.first)
        return refuse_duplicate(source, fault.first, fault.second, err);
    (void)doc_refuse(source, fault.offset, fault.kind, fault.problem, err);
    if (str_ends_with(source->file, ".yml") || str_ends_with(source->file, ".yaml"))
        doc_append(err, " (what begins with '{' or '[' is read as JSON)");
    return false;
}

/* "UTF-16" or "UTF-32", by the mark at the beginning, or by where the NULs are: these files begin with ASCII. NULL for
 * anything else. */
static const char *find_wide_encoding(const struct doc_source *source) {
    const char *bytes = source->bytes;
    if (source->size >= 4 && (memcmp(bytes, "\xff\xfe\0\0", 4) == 0 || memcmp(bytes, "\0\0\xfe\xff", 4) == 0))
        return "UTF-32";
    if (source->size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return "UTF-16";
    if (source->size < 4)
        return NULL;
    unsigned nuls = 0; /* a bit for each of the first four bytes */
    for (unsigned i = 0; i < 4; i++)
        nuls |= (unsigned)(bytes[i] == '\0') << i;
    return nuls == 0xe || nuls == 0x7 ? "UTF-32" : nuls == 0xa || nuls == 0x5 ? "UTF-16" : NULL;
}

/* The form of the file as a whole: what no parser should see. */
static bool check_bytes(const struct doc_source *source, struct err *err) {
    const char *wide = find_wide_encoding(source);
    if (wide)
        return err_set(err, ERR_INVALID, "%s:1:1: the file is %s; save it as UTF-8", source->file, wide);
    size_t valid = utf8_valid_length(source->bytes, source->size);
    const char *nul = memchr(source->bytes, 0, source->size);
    if (nul && (size_t)(nul - source->bytes) < valid)
        return doc_refuse(source, (size_t)(nul - source->bytes), ERR_INVALID, "a NUL byte; save the file as UTF-8 text",
                          err);
    if (valid < source->size)
        return doc_refuse(source, valid, ERR_INVALID, "a byte that is not UTF-8; save the file as UTF-8", err);
    return true;
}

bool doc_parse(struct arena *arena, const char *file, const char *bytes, size_t size, const struct json **out,
               struct err *err) {
    if (size > DOC_SIZE_MAX)
        return err_set(err, ERR_LIMIT, "%s:1:1: the file has %zu bytes; at most %d are read", file, size, DOC_SIZE_MAX);
    struct doc_source source = {.file = file, .bytes = bytes, .size = size};
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        source.bytes += 3;
        source.size -= 3;
    }
    if (source.size == 0)
        return err_set(err, ERR_INVALID, "%s:1:1: " DOC_EMPTY, file);
    if (!check_bytes(&source, err))
        return false;
    size_t first = 0;
    while (first < source.size && memchr(" \t\r\n", source.bytes[first], 4))
        first++;
    if (first < source.size && (source.bytes[first] == '{' || source.bytes[first] == '['))
        return parse_json(arena, &source, out, err);
    return parse_yaml(arena, &source, out, err);
}

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

/* Reads to the end, or to one byte past the limit (pipes and growing files have no size to ask for). */
static bool read_all(int descriptor, char *buffer, size_t room, size_t *out_size, const char *path, struct err *err) {
    size_t used = 0;
    while (used < room) {
        ssize_t got = read(descriptor, buffer + used, room - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "reading '%s'", path);
        if (got == 0)
            break;
        used += (size_t)got;
    }
    *out_size = used;
    return true;
}

bool doc_read_text(struct arena *arena, const char *path, const char **out_text, size_t *out_size, struct err *err) {
    /* O_NONBLOCK: opening a named pipe must not hang. */
    int descriptor CLEANUP(close_descriptor) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return err_set_errno(err, errno, "opening '%s'", path);
    struct stat status;
    if (fstat(descriptor, &status) < 0)
        return err_set_errno(err, errno, "opening '%s'", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_INVALID, "'%s' is not a file", path);
    if (status.st_size > DOC_SIZE_MAX)
        return err_set(err, ERR_LIMIT, "%s:1:1: the file has %lld bytes; at most %d are read", path,
                       (long long)status.st_size, DOC_SIZE_MAX);
    char *buffer = arena_alloc(arena, DOC_SIZE_MAX + 1);
    size_t size = 0;
    if (!read_all(descriptor, buffer, DOC_SIZE_MAX + 1, &size, path, err))
        return false;
    *out_text = buffer;
    *out_size = size;
    return true;
}

bool doc_read(struct arena *arena, const char *path, const struct json **out, struct err *err) {
    const char *text;
    size_t size;
    return doc_read_text(arena, path, &text, &size, err) && doc_parse(arena, path, text, size, out, err);
}
