/*
 * libexpat behind two callbacks. The names of open elements stand in one buffer, one behind the other.
 */
#include "runner/xml/xml_read.h"

#include "common/str.h"

#include <expat.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#define NAMES_MAX (64 * 1024)

struct reading {
    XML_Parser parser;
    const struct xml_handler *handler;
    void *context;
    struct str names;                  /* of the open elements, each with its NUL */
    size_t starts[XML_READ_DEPTH_MAX]; /* where they begin in `names` */
    size_t depth;
    struct str text;
    struct err err;
    bool failed;
    unsigned long line; /* where it failed */
    unsigned long column;
};

static void free_parser(XML_Parser *parser) {
    if (*parser)
        XML_ParserFree(*parser);
}

const char *xml_element_attribute(const struct xml_element *element, const char *name) {
    for (const char *const *at = element->attributes; at && *at; at += 2)
        if (strcmp(*at, name) == 0)
            return at[1];
    return NULL;
}

const char *xml_element_attribute_or(const struct xml_element *element, const char *name, const char *fallback) {
    const char *value = xml_element_attribute(element, name);
    return value ? value : fallback;
}

static void stop(struct reading *reading) {
    if (reading->failed)
        return;
    reading->failed = true;
    reading->line = XML_GetCurrentLineNumber(reading->parser);
    reading->column = XML_GetCurrentColumnNumber(reading->parser) + 1;
    (void)XML_StopParser(reading->parser, XML_FALSE);
}

static void refuse(struct reading *reading, enum err_kind kind, const char *what) {
    if (!reading->failed)
        (void)err_set(&reading->err, kind, "%s", what);
    stop(reading);
}

static const char *name_at(const struct reading *reading, size_t depth) {
    return depth == 0 ? "" : reading->names.text + reading->starts[depth - 1];
}

static struct xml_element element_now(const struct reading *reading, const char *const *attributes) {
    const unsigned long line = XML_GetCurrentLineNumber(reading->parser);
    return (struct xml_element){.name = name_at(reading, reading->depth),
                                .parent = name_at(reading, reading->depth - 1),
                                .depth = reading->depth,
                                .line = line > INT_MAX ? INT_MAX : (int)line,
                                .attributes = attributes};
}

static void begin(void *context, const XML_Char *name, const XML_Char **attributes) {
    struct reading *reading = context;
    const char *colon = strrchr(name, ':');
    const char *local = colon ? colon + 1 : name;
    if (reading->failed)
        return;
    if (reading->depth == XML_READ_DEPTH_MAX) {
        refuse(reading, ERR_LIMIT, "elements lie too deep");
        return;
    }
    reading->starts[reading->depth++] = reading->names.length;
    str_append_bytes(&reading->names, local, strlen(local) + 1);
    if (reading->names.cut) {
        refuse(reading, ERR_LIMIT, "names of elements are too long");
        return;
    }
    str_clear(&reading->text);
    const struct xml_element element = element_now(reading, (const char *const *)attributes);
    if (reading->handler->begin && !reading->handler->begin(reading->context, &element, &reading->err))
        stop(reading);
}

static void end(void *context, const XML_Char *name) {
    struct reading *reading = context;
    (void)name;
    if (reading->failed)
        return;
    const struct xml_element element = element_now(reading, NULL);
    if (reading->handler->end &&
        !reading->handler->end(reading->context, &element, str_text(&reading->text), &reading->err))
        stop(reading);
    reading->names.length = reading->starts[--reading->depth];
    str_clear(&reading->text);
}

static void take_text(void *context, const XML_Char *text, int length) {
    struct reading *reading = context;
    str_append_bytes(&reading->text, text, (size_t)length);
}

static void begin_doctype(void *context, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                          int has_internal_subset) {
    (void)name;
    (void)system_id;
    (void)public_id;
    if (has_internal_subset)
        refuse(context, ERR_INVALID, "the document type declares something of its own, which is refused");
}

/* What windows-1252 has where ISO-8859-1 has control characters. */
static int take_encoding(void *context, const XML_Char *name, XML_Encoding *info) {
    static const int special[32] = {0x20AC, -1,     0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, -1,     0x017D, -1,
                                    -1,     0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, -1,     0x017E, 0x0178};
    (void)context;
    if (strcasecmp(name, "windows-1252") != 0)
        return XML_STATUS_ERROR;
    for (int i = 0; i < 256; i++)
        info->map[i] = i >= 0x80 && i < 0xA0 ? special[i - 0x80] : i;
    info->data = NULL;
    info->convert = NULL;
    info->release = NULL;
    return XML_STATUS_OK;
}

static bool parse(struct reading *reading, const char *file, const char *bytes, size_t size, struct err *err) {
    if (size > INT_MAX)
        return err_set(err, ERR_LIMIT, "%s: the file is too large", file);
    if (XML_Parse(reading->parser, bytes, (int)size, XML_TRUE) == XML_STATUS_OK && !reading->failed)
        return true;
    if (reading->failed)
        return err_set(err, reading->err.kind, "%s:%lu:%lu: %s", file, reading->line, reading->column,
                       reading->err.message);
    return err_set(err, ERR_INVALID, "%s:%lu:%lu: %s", file, XML_GetCurrentLineNumber(reading->parser),
                   XML_GetCurrentColumnNumber(reading->parser) + 1, XML_ErrorString(XML_GetErrorCode(reading->parser)));
}

bool xml_read(const char *file, const char *bytes, size_t size, const struct xml_handler *handler, void *context,
              struct err *err) {
    XML_Parser parser CLEANUP(free_parser) = XML_ParserCreate(NULL);
    struct reading reading = {.parser = parser,
                              .handler = handler,
                              .context = context,
                              .names = STR_INIT(NAMES_MAX),
                              .text = STR_INIT(XML_READ_TEXT_MAX)};
    if (!parser)
        return err_set(err, ERR_INTERNAL, "no memory for reading '%s'", file);
    XML_SetUserData(parser, &reading);
    XML_SetElementHandler(parser, begin, end);
    XML_SetCharacterDataHandler(parser, take_text);
    XML_SetStartDoctypeDeclHandler(parser, begin_doctype);
    XML_SetUnknownEncodingHandler(parser, take_encoding, NULL);
    const bool good = parse(&reading, file, bytes, size, err);
    str_release(&reading.names);
    str_release(&reading.text);
    return good;
}
