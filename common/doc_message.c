/*
 * libyaml says what its scanner expected; people need what to change. The frequent causes are looked for in the text
 * around the place (a tab, a conflict marker of git, a missing space), the rest is a table of libyaml's sentences.
 */
#include "common/doc_message.h"

#include "common/str.h"

#include <string.h>
#include <yaml.h>

static const struct {
    const char *libyaml; /* begins like this */
    const char *ours;
} sentences[] = {
    {"mapping values are not allowed in this context",
     "a ':' cannot stand here; put a text that holds ': ' in quotes, or check the indentation and the line above"},
    {"could not find expected ':'", "a name without ':'; write 'name: value'"},
    {"did not find expected key", "this does not line up with the lines above; check the indentation"},
    {"did not find expected '-' indicator", "this does not line up with the list above; check the indentation"},
    {"did not find expected ',' or ']'", "a list that was opened with '[' needs ',' or ']' here"},
    {"did not find expected ',' or '}'", "an object that was opened with '{' needs ',' or '}' here"},
    {"did not find expected node content", "a value is missing here"},
    {"block sequence entries are not allowed in this context",
     "a list cannot begin here; put the '-' on a line of its own"},
    {"block mapping entries", "an object cannot begin here; put the name on a line of its own"},
    {"mapping keys are not allowed in this context", "a '?' cannot stand here; put the text in quotes"},
    {"found unexpected end of stream", "a quote that was opened here is never closed"},
    {"found unexpected document indicator", "a quote that was opened here is not closed before the next '---'"},
    {"found unknown escape character", "an escape that YAML does not have; use single quotes, or write \\\\"},
    {"did not find expected hexdecimal number", "an escape with too few hex digits"},
    {"found invalid Unicode character escape code", "an escape that is no character"},
    {"found a tab character", "tabs cannot indent YAML; use spaces"},
    {"control characters are not allowed", "a control character; take it away or write it as an escape in quotes"},
    {"did not find expected comment or line break", "only the text's indentation may stand behind '|' or '>'"},
    {"found an indentation indicator equal to 0", "the number behind '|' or '>' must be 1 to 9"},
    {"did not find expected <document start>", "something follows the end of the document"},
    {"while scanning an anchor", DOC_NO_ANCHORS},
    {"while scanning an alias", DOC_NO_ANCHORS},
    {"while scanning a tag", DOC_NO_TAGS},
    {"while scanning a directive", "directives ('%') are not supported; put the text in quotes"},
};

bool doc_refuse(const struct doc_source *source, size_t offset, enum err_kind kind, const char *problem,
                struct err *err) {
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < offset && i < source->size; i++) {
        if (source->bytes[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)source->bytes[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    return err_set(err, kind, "%s:%zu:%zu: %s", source->file, line, column, problem);
}

static bool begins_with(const struct doc_source *source, size_t at, const char *text) {
    size_t length = strlen(text);
    return source->size - at >= length && memcmp(source->bytes + at, text, length) == 0;
}

/* The first line that git left when a merge did not go through; `size` where there is none. */
static size_t find_conflict_marker(const struct doc_source *source) {
    for (size_t at = 0; at < source->size;) {
        if (begins_with(source, at, "<<<<<<< ") || begins_with(source, at, ">>>>>>> "))
            return at;
        const char *end = memchr(source->bytes + at, '\n', source->size - at);
        at = end ? (size_t)(end - source->bytes) + 1 : source->size;
    }
    return source->size;
}

static size_t line_offset(const struct doc_source *source, size_t line) {
    size_t at = 0;
    while (line-- > 0) {
        const char *end = memchr(source->bytes + at, '\n', source->size - at);
        if (!end)
            return source->size;
        at = (size_t)(end - source->bytes) + 1;
    }
    return at;
}

/* A tab among the white space that begins the line; `size` where there is none. */
static size_t find_indenting_tab(const struct doc_source *source, size_t line) {
    for (size_t at = line_offset(source, line); at < source->size; at++) {
        if (source->bytes[at] == '\t')
            return at;
        if (source->bytes[at] != ' ')
            break;
    }
    return source->size;
}

static const char *our_words(const yaml_parser_t *parser) {
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (str_starts_with(parser->problem, sentences[i].libyaml) ||
            str_starts_with(parser->context, sentences[i].libyaml))
            return sentences[i].ours;
    }
    return parser->problem ? parser->problem : "not YAML";
}

static bool refuse_token(const struct doc_source *source, const yaml_parser_t *parser, struct err *err) {
    size_t at = line_offset(source, parser->problem_mark.line);
    for (size_t column = parser->problem_mark.column; at < source->size; at++) {
        if (((unsigned char)source->bytes[at] & 0xc0) != 0x80 && column-- == 0)
            break;
    }
    const char *file = source->file;
    size_t line = parser->problem_mark.line + 1;
    size_t column = parser->problem_mark.column + 1;
    if (at < source->size && source->bytes[at] == '\t')
        return err_set(err, ERR_INVALID, "%s:%zu:%zu: tabs cannot indent YAML; use spaces", file, line, column);
    if (at < source->size)
        return err_set(err, ERR_INVALID, "%s:%zu:%zu: no value begins with '%c'; put it in quotes", file, line, column,
                       source->bytes[at]);
    return err_set(err, ERR_INVALID, "%s:%zu:%zu: a value is missing here", file, line, column);
}

bool doc_refuse_syntax(const struct doc_source *source, const struct yaml_parser_s *parser, struct err *err) {
    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(err, ERR_INTERNAL, "%s: out of memory", source->file);
    if (parser->error == YAML_READER_ERROR)
        return doc_refuse(source, parser->problem_offset, ERR_INVALID, our_words(parser), err);
    size_t marker = find_conflict_marker(source);
    if (marker < source->size)
        return doc_refuse(source, marker, ERR_INVALID, "a merge conflict is left here; resolve it", err);
    size_t tab = find_indenting_tab(source, parser->problem_mark.line);
    if (tab < source->size)
        return doc_refuse(source, tab, ERR_INVALID, "tabs cannot indent YAML; use spaces", err);
    if (str_equal(parser->problem, "found character that cannot start any token"))
        return refuse_token(source, parser, err);
    /* Of a quote that is never closed, the opening is what people must find, not the end of the file. */
    bool unclosed = parser->problem && (str_starts_with(parser->problem, "found unexpected end of stream") ||
                                        str_starts_with(parser->problem, "found unexpected document indicator"));
    yaml_mark_t mark = unclosed && parser->context ? parser->context_mark : parser->problem_mark;
    return err_set(err, ERR_INVALID, "%s:%zu:%zu: %s", source->file, mark.line + 1, mark.column + 1, our_words(parser));
}
