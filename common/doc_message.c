/*
 * libyaml says what its scanner expected; people need what to change. The frequent causes are looked for in the text
 * around the place (a tab, a conflict marker of git, a missing space), the rest is a table of libyaml's sentences.
 */
#include "common/doc_message.h"

#include "common/str.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define NO_COLON "a name without ':'; write 'name: value'"

static const struct {
    const char *libyaml; /* its sentence, or that of the context, begins like this */
    const char *ours;
} sentences[] = {
    {"mapping values are not allowed in this context",
     "a ':' cannot stand here; put a text that holds ': ' in quotes, or check the indentation and the line above"},
    {"could not find expected ':'", NO_COLON},
    {"did not find expected key", "this does not line up with the lines above; check the indentation"},
    {"did not find expected '-' indicator", "this does not line up with the list above; check the indentation"},
    {"block sequence entries are not allowed in this context",
     "a list cannot begin here; put the '-' on a line of its own"},
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
    {"found incompatible YAML document", "only YAML 1.1 and 1.2 are read; take the line away"},
    {"while scanning an anchor", DOC_NO_ANCHORS},
    {"while scanning an alias", DOC_NO_ALIASES},
    {"while scanning a tag", DOC_NO_TAGS},
    {"while parsing a tag", DOC_NO_TAGS},
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

static size_t offset_of(const struct doc_source *source, yaml_mark_t mark) {
    size_t at = line_offset(source, mark.line);
    for (size_t column = 0; at < source->size; at++) {
        if (((unsigned char)source->bytes[at] & 0xc0) != 0x80 && column++ == mark.column)
            break;
    }
    return at;
}

static size_t skip_spaces(const struct doc_source *source, size_t at) {
    while (at < source->size && source->bytes[at] == ' ')
        at++;
    return at;
}

static size_t line_end(const struct doc_source *source, size_t at) {
    while (at < source->size && source->bytes[at] != '\n' && source->bytes[at] != '\r')
        at++;
    return at;
}

/* A tab among the white space that begins the line; `size` where there is none. */
static size_t find_indenting_tab(const struct doc_source *source, size_t line) {
    size_t at = skip_spaces(source, line_offset(source, line));
    return at < source->size && source->bytes[at] == '\t' ? at : source->size;
}

static const char *our_words(const yaml_parser_t *parser) {
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (str_starts_with(parser->problem, sentences[i].libyaml) ||
            str_starts_with(parser->context, sentences[i].libyaml))
            return sentences[i].ours;
    }
    return parser->problem ? parser->problem : "not YAML";
}

static bool refuse_mark(const struct doc_source *source, yaml_mark_t mark, const char *problem, struct err *err) {
    return err_set(err, ERR_INVALID, "%s:%zu:%zu: %s", source->file, mark.line + 1, mark.column + 1, problem);
}

/* Where a value should begin and none can. */
static bool refuse_value(const struct doc_source *source, yaml_mark_t mark, struct err *err) {
    size_t at = offset_of(source, mark);
    if (at < source->size && source->bytes[at] == '\t')
        return refuse_mark(source, mark, "tabs cannot indent YAML; use spaces", err);
    if (at >= source->size || strchr("\r\n-", source->bytes[at]))
        return refuse_mark(source, mark, "a value is missing here; write one, or '' for an empty text", err);
    return err_set(err, ERR_INVALID, "%s:%zu:%zu: no value begins with '%c'; put it in quotes", source->file,
                   mark.line + 1, mark.column + 1, source->bytes[at]);
}

/* A name was expected at the mark. */
static bool refuse_key(const struct doc_source *source, const yaml_parser_t *parser, struct err *err) {
    size_t at = offset_of(source, parser->problem_mark);
    if (at < source->size && source->bytes[at] == ':')
        return refuse_mark(source, parser->problem_mark, "a name is missing before ':'", err);
    if (at != skip_spaces(source, line_offset(source, parser->problem_mark.line)))
        return refuse_mark(source, parser->problem_mark,
                           "something follows the end of the value; put the whole text in quotes", err);
    return refuse_mark(source, parser->problem_mark, our_words(parser), err);
}

/* An item was expected at the mark: it stands at the wrong column, or behind a text whose quotes have ended. */
static bool refuse_item(const struct doc_source *source, const yaml_parser_t *parser, struct err *err) {
    size_t at = offset_of(source, parser->problem_mark);
    size_t start = skip_spaces(source, line_offset(source, parser->problem_mark.line));
    if (at != start && start < source->size && source->bytes[start] == '-')
        return refuse_mark(source, parser->problem_mark,
                           "something follows the end of the quotes; put the whole text in quotes", err);
    return refuse_mark(source, parser->problem_mark, our_words(parser), err);
}

static bool refuse_unclosed(const struct doc_source *source, const yaml_parser_t *parser, const char *problem,
                            struct err *err) {
    bool list = strchr(problem, ']') != NULL;
    return err_set(err, ERR_INVALID, "%s:%zu:%zu: the %s that was opened with '%c' in line %zu needs ',' or '%c' here",
                   source->file, parser->problem_mark.line + 1, parser->problem_mark.column + 1,
                   list ? "list" : "object", list ? '[' : '{', parser->context_mark.line + 1, list ? ']' : '}');
}

/* True where the line is one text without "name: value", so that a name in the line below it reads as its
 * continuation; *colon is where a ':' lacks its space, or `size`. */
static bool is_bare_line(const struct doc_source *source, size_t start, size_t *colon) {
    size_t end = line_end(source, start);
    *colon = source->size;
    if (start == end || strchr("#\"'|>[]{}", source->bytes[start]))
        return false;
    for (size_t at = start; at < end; at++) {
        if (source->bytes[at] != ':')
            continue;
        if (at + 1 == end || source->bytes[at + 1] == ' ')
            return false;
        if (*colon == source->size)
            *colon = at;
    }
    return true;
}

/* Where the text of the nearest line above begins that says something; `size` where there is none. */
static size_t find_text_above(const struct doc_source *source, size_t line) {
    for (size_t end = line_offset(source, line); end > 0;) {
        size_t start = end - 1;
        while (start > 0 && source->bytes[start - 1] != '\n')
            start--;
        size_t text = skip_spaces(source, start);
        /* The end where libyaml counts more lines than there are '\n': it takes a lone '\r' for one. */
        if (text < source->size && !strchr("\r\n#", source->bytes[text]))
            return text;
        end = start;
    }
    return source->size;
}

/* A ':' where none may be. Mostly a tab is to blame, or the line above: it lacks its own. */
static bool refuse_colon(const struct doc_source *source, const yaml_parser_t *parser, struct err *err) {
    size_t line = parser->problem_mark.line;
    size_t tab = find_indenting_tab(source, line);
    if (tab < source->size)
        return doc_refuse(source, tab, ERR_INVALID, "tabs cannot indent YAML; use spaces", err);
    size_t at = offset_of(source, parser->problem_mark);
    size_t start = skip_spaces(source, line_offset(source, line));
    const char *first = memmem(source->bytes + start, source->size - start, ":", 1);
    size_t above = find_text_above(source, line);
    if (above < source->size && first && (size_t)(first - source->bytes) == at) {
        size_t colon;
        if (is_bare_line(source, above, &colon) && colon < source->size)
            return doc_refuse(source, colon, ERR_INVALID, "a ':' without a space behind it; write 'name: value'", err);
        if (is_bare_line(source, above, &colon))
            return doc_refuse(source, above, ERR_INVALID, NO_COLON, err);
    }
    return refuse_mark(source, parser->problem_mark, our_words(parser), err);
}

static bool refuse_problem(const struct doc_source *source, const yaml_parser_t *parser, struct err *err) {
    const char *problem = parser->problem ? parser->problem : "";
    if (str_equal(problem, "found character that cannot start any token") ||
        str_equal(problem, "did not find expected node content"))
        return refuse_value(source, parser->problem_mark, err);
    if (str_equal(problem, "did not find expected key"))
        return refuse_key(source, parser, err);
    if (str_equal(problem, "did not find expected '-' indicator"))
        return refuse_item(source, parser, err);
    if (str_starts_with(problem, "did not find expected ',' or"))
        return refuse_unclosed(source, parser, problem, err);
    if (str_starts_with(problem, "mapping values are not allowed"))
        return refuse_colon(source, parser, err);
    /* Of these the beginning is what people must find: the place is where the reader gave up. */
    bool began_before = str_starts_with(problem, "found unexpected end of stream") ||
                        str_starts_with(problem, "found unexpected document indicator") ||
                        str_starts_with(problem, "could not find expected ':'") ||
                        str_equal(parser->context, "while scanning a directive");
    yaml_mark_t mark = began_before && parser->context ? parser->context_mark : parser->problem_mark;
    return refuse_mark(source, mark, our_words(parser), err);
}

bool doc_refuse_syntax(const struct doc_source *source, const struct yaml_parser_s *parser, struct err *err) {
    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(err, ERR_INTERNAL, "%s: out of memory", source->file);
    if (parser->error == YAML_READER_ERROR)
        return doc_refuse(source, parser->problem_offset, ERR_INVALID, our_words(parser), err);
    size_t marker = find_conflict_marker(source);
    if (marker < source->size)
        return doc_refuse(source, marker, ERR_INVALID, "a merge conflict is left here; resolve it", err);
    return refuse_problem(source, parser, err);
}

void doc_append(struct err *err, const char *text) {
    if (!err)
        return;
    size_t used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, "%s", text);
}
