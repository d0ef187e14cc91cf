/*
 * A reader that goes forward once. Text between elements counts only in an element that has none.
 */
#include "runner/aws/xml.h"

#include "common/str.h"
#include "common/utf8.h"

#include <string.h>

struct xml {
    struct arena *arena;
    const char *begin;
    const char *at;
    const char *end;
    const char *const *lists; /* names of elements that may come several times, NULL at the end */
    struct err *err;
};

static bool refuse(struct xml *xml, const char *what) {
    return err_set(xml->err, ERR_INVALID, "invalid XML at byte %zu: %s", (size_t)(xml->at - xml->begin), what);
}

static bool is_at(const struct xml *xml, const char *text) {
    size_t length = strlen(text);
    return (size_t)(xml->end - xml->at) >= length && memcmp(xml->at, text, length) == 0;
}

static bool skip_past(struct xml *xml, const char *text) {
    const char *found = memmem(xml->at, (size_t)(xml->end - xml->at), text, strlen(text));
    if (!found)
        return refuse(xml, "something is not closed");
    xml->at = found + strlen(text);
    return true;
}

static void skip_space(struct xml *xml) {
    while (xml->at < xml->end && (*xml->at == ' ' || *xml->at == '\t' || *xml->at == '\r' || *xml->at == '\n'))
        xml->at++;
}

/* Comments and <?…?>. */
static bool skip_remarks(struct xml *xml) {
    for (;;) {
        if (is_at(xml, "<!--")) {
            if (!skip_past(xml, "-->"))
                return false;
        } else if (is_at(xml, "<?")) {
            if (!skip_past(xml, "?>"))
                return false;
        } else {
            return true;
        }
    }
}

/* What may stand outside of the root element. */
static bool skip_between(struct xml *xml) {
    const char *before;
    do {
        before = xml->at;
        skip_space(xml);
        if (!skip_remarks(xml))
            return false;
    } while (xml->at != before);
    return true;
}

static bool is_name_end(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n' || letter == '/' || letter == '>' ||
           letter == '<' || letter == '=' || letter == '"' || letter == '&';
}

static bool read_name(struct xml *xml, const char **out) {
    const char *start = xml->at;
    while (xml->at < xml->end && !is_name_end(*xml->at))
        xml->at++;
    if (xml->at == start)
        return refuse(xml, "a name is missing");
    *out = arena_strndup(xml->arena, start, (size_t)(xml->at - start));
    return true;
}

/* Up to and with '>'. What attributes say (namespaces) does not matter. */
static bool skip_attributes(struct xml *xml, bool *is_empty) {
    *is_empty = false;
    while (xml->at < xml->end && *xml->at != '<') {
        char letter = *xml->at++;
        if (letter == '>')
            return true;
        *is_empty = letter == '/';
        if (letter == '"' || letter == '\'') {
            const char *close = memchr(xml->at, letter, (size_t)(xml->end - xml->at));
            if (!close)
                return refuse(xml, "an attribute is not closed");
            xml->at = close + 1;
        }
    }
    return refuse(xml, "an element's tag is not closed");
}

static void append_character(struct str *out, unsigned long code) {
    char bytes[4];
    str_append_bytes(out, bytes, utf8_encode((uint32_t)code, bytes));
}

/* "#233" or "#xE9" */
static bool read_number(const char *text, unsigned long *out) {
    bool hex = text[1] == 'x';
    const char *digits = text + (hex ? 2 : 1);
    unsigned long code = 0;
    size_t length = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
    if (length == 0 || length > 7 || digits[length])
        return false;
    for (; *digits; digits++) {
        unsigned digit = (unsigned)(*digits <= '9' ? *digits - '0' : (*digits | 0x20) - 'a' + 10);
        code = code * (hex ? 16 : 10) + digit;
    }
    *out = code;
    return code > 0 && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

static bool read_entity(struct xml *xml, struct str *out) {
    static const struct {
        const char *name;
        char letter;
    } entities[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    const char *close = memchr(xml->at, ';', (size_t)(xml->end - xml->at));
    unsigned long code = 0;
    if (!close || close - xml->at > 10)
        return refuse(xml, "a '&' stands alone");
    const char *name = arena_strndup(xml->arena, xml->at + 1, (size_t)(close - xml->at - 1));
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (str_equal(entities[i].name, name))
            code = (unsigned char)entities[i].letter;
    if (code == 0 && (*name != '#' || !read_number(name, &code)))
        return refuse(xml, "there is no such entity");
    append_character(out, code);
    xml->at = close + 1;
    return true;
}

/* Up to the next tag. */
static bool read_text(struct xml *xml, struct str *out) {
    while (xml->at < xml->end && *xml->at != '<') {
        if (*xml->at == '&') {
            if (!read_entity(xml, out))
                return false;
        } else if (*xml->at == '\0') {
            return refuse(xml, "a zero byte");
        } else {
            str_append_char(out, *xml->at++);
        }
    }
    return xml->at < xml->end || refuse(xml, "the text ends within an element");
}

static bool read_element(struct xml *xml, int depth, const char **name, struct json **out);

static bool is_listed(const struct xml *xml, const char *name) {
    for (const char *const *list = xml->lists; list && *list; list++)
        if (str_equal(*list, name))
            return true;
    return false;
}

/* The list or the object that a child goes into, made with the first one. */
static bool add_child(struct xml *xml, struct json **parent, const char *name, struct json *child) {
    bool is_member = str_equal(name, "member");
    if (!*parent)
        *parent = is_member ? json_array(xml->arena) : json_object(xml->arena);
    if (((*parent)->type == JSON_ARRAY) != is_member)
        return refuse(xml, "a list holds something else, too");
    if (is_member) {
        json_append(*parent, child);
        return true;
    }
    if (is_listed(xml, name)) {
        struct json *list = (*parent)->first;
        while (list && !str_equal(list->name, name))
            list = list->next;
        json_append(list ? list : json_set_array(xml->arena, *parent, name), child);
        return true;
    }
    if (json_get(*parent, name))
        return refuse(xml, "a name stands twice");
    json_set(xml->arena, *parent, name, child);
    return true;
}

static bool read_close(struct xml *xml, const char *name) {
    const char *found = NULL;
    xml->at += 2;
    if (!read_name(xml, &found))
        return false;
    skip_space(xml);
    if (!str_equal(found, name) || xml->at >= xml->end || *xml->at != '>')
        return refuse(xml, "another element is closed than was opened");
    xml->at++;
    return true;
}

/* What is between an element's tags, and the second of them. */
static bool read_content(struct xml *xml, int depth, const char *name, struct json **out) {
    struct str text CLEANUP(str_release) = STR_INIT(JSON_SIZE_MAX);
    struct json *parent = NULL;
    for (;;) {
        const char *child_name = NULL;
        struct json *child = NULL;
        if (!read_text(xml, &text) || !skip_remarks(xml))
            return false;
        if (is_at(xml, "</"))
            break;
        if (xml->at < xml->end && *xml->at != '<')
            continue;
        if (!read_element(xml, depth + 1, &child_name, &child) || !add_child(xml, &parent, child_name, child))
            return false;
    }
    if (!read_close(xml, name))
        return false;
    *out = parent ? parent : json_new_text(xml->arena, str_text(&text));
    return true;
}

static bool read_element(struct xml *xml, int depth, const char **name, struct json **out) {
    bool is_empty;
    if (depth > XML_DEPTH_MAX)
        return refuse(xml, "elements lie too deep");
    if (!is_at(xml, "<") || is_at(xml, "<!"))
        return refuse(xml, "an element was expected");
    xml->at++;
    if (!read_name(xml, name) || !skip_attributes(xml, &is_empty))
        return false;
    if (!is_empty)
        return read_content(xml, depth, *name, out);
    *out = json_new_text(xml->arena, "");
    return true;
}

bool xml_parse_lists(struct arena *arena, const char *text, size_t length, const char *const *lists,
                     const struct json **out, struct err *err) {
    struct xml xml = {.arena = arena, .begin = text, .at = text, .end = text + length, .lists = lists, .err = err};
    const char *name = NULL;
    struct json *root = NULL;
    if (utf8_valid_length(text, length) != length)
        return refuse(&xml, "it is not UTF-8");
    if (is_at(&xml, "\xEF\xBB\xBF"))
        xml.at += 3;
    if (!skip_between(&xml) || !read_element(&xml, 1, &name, &root) || !skip_between(&xml))
        return false;
    if (xml.at != xml.end)
        return refuse(&xml, "something follows the root element");
    *out = root;
    return true;
}

bool xml_parse(struct arena *arena, const char *text, size_t length, const struct json **out, struct err *err) {
    return xml_parse_lists(arena, text, length, NULL, out, err);
}
