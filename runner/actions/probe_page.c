/*
 * A scanner for elements and their attributes, and addresses.
 */
#include "runner/actions/probe_page.h"

#include "common/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LENGTH 32
#define SEGMENTS_MAX 64

/* ---- addresses ---- */

static size_t scheme_length(const char *text) {
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-");
    return text[length] == ':' && isalpha((unsigned char)text[0]) ? length : 0;
}

static size_t origin_length(const char *url) {
    const char *host = strstr(url, "://");
    return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

/* "." and ".." taken out of a path that begins with '/'. */
static const char *tidy(struct arena *arena, const char *path) {
    size_t length = strcspn(path, "?");
    char *out = arena_alloc(arena, strlen(path) + 2);
    size_t starts[SEGMENTS_MAX];
    size_t count = 0, used = 0;
    for (size_t at = 0; at < length;) {
        size_t part = 1 + strcspn(path + at + 1, "/?");
        if (at + part > length)
            part = length - at;
        bool last = at + part == length;
        if (part == 3 && strncmp(path + at, "/..", 3) == 0) {
            used = count > 0 ? starts[--count] : 0;
        } else if (!(part == 2 && path[at + 1] == '.')) {
            if (count < SEGMENTS_MAX)
                starts[count++] = used;
            memcpy(out + used, path + at, part);
            used += part;
            last = false;
        }
        if (last)
            out[used++] = '/';
        at += part;
    }
    if (used == 0)
        out[used++] = '/';
    memcpy(out + used, path + length, strlen(path + length) + 1);
    return out;
}

const char *probe_resolve(struct arena *arena, const char *base, const char *reference) {
    const char *text = arena_strndup(arena, reference, strcspn(reference, "#"));
    size_t origin = origin_length(base);
    size_t scheme = scheme_length(text);
    const char *found;
    if (!*text || strlen(text) > PROBE_URL_MAX || origin == 0 || strpbrk(text, " \t\r\n\"<>\\"))
        return NULL;
    if (scheme > 0)
        return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0 ? text : NULL;
    if (str_starts_with(text, "//"))
        return arena_printf(arena, "%.*s:%s", (int)(strstr(base, "://") - base), base, text);
    const char *path = base + origin;
    size_t folder = strcspn(path, "?#");
    if (text[0] == '/') {
        found = text;
    } else if (text[0] == '?') {
        found = arena_printf(arena, "%.*s%s", folder > 0 ? (int)folder : 1, folder > 0 ? path : "/", text);
    } else {
        while (folder > 0 && path[folder - 1] != '/')
            folder--;
        found = arena_printf(arena, "%.*s%s", folder > 0 ? (int)folder : 1, folder > 0 ? path : "/", text);
    }
    return arena_printf(arena, "%.*s%s", (int)origin, base, tidy(arena, found));
}

/* ---- the page ---- */

struct page {
    struct arena *arena;
    const char *base;
    const char **files;
    size_t count;
    bool based; /* a base element was seen */
};

struct element {
    char name[NAME_MAX_LENGTH]; /* in lower case */
    const char *source;         /* src */
    const char *address;        /* href */
    const char *relation;       /* rel, in lower case */
};

static const char *decode(struct arena *arena, const char *text, size_t length) {
    char *out = arena_strndup(arena, text, length);
    char *to = out;
    for (const char *from = out; *from; to++) {
        bool entity = strncmp(from, "&amp;", 5) == 0;
        *to = *from;
        from += entity ? 5 : 1;
    }
    *to = '\0';
    while (to > out && isspace((unsigned char)to[-1]))
        *--to = '\0';
    return out + strspn(out, " \t\r\n");
}

static bool is_name(const char *text, size_t length, const char *name) {
    return strlen(name) == length && strncasecmp(text, name, length) == 0;
}

static void take_attribute(struct arena *arena, struct element *element, const char *name, size_t name_length,
                           const char *value, size_t length) {
    if (is_name(name, name_length, "src") && !element->source)
        element->source = decode(arena, value, length);
    else if (is_name(name, name_length, "href") && !element->address)
        element->address = decode(arena, value, length);
    else if (is_name(name, name_length, "rel") && !element->relation) {
        char *words = arena_strndup(arena, value, length);
        for (char *letter = words; *letter; letter++)
            *letter = (char)tolower((unsigned char)*letter);
        element->relation = words;
    }
}

static const char *skip_spaces(const char *at, const char *end) {
    while (at < end && (isspace((unsigned char)*at) || *at == '/'))
        at++;
    return at;
}

/* One attribute; returns what follows it. */
static const char *read_attribute(struct arena *arena, struct element *element, const char *at, const char *end) {
    const char *name = at;
    while (at < end && !isspace((unsigned char)*at) && !strchr("=>/", *at))
        at++;
    size_t name_length = (size_t)(at - name);
    const char *next = at;
    while (next < end && isspace((unsigned char)*next))
        next++;
    if (next >= end || *next != '=')
        return name_length > 0 ? at : at + 1;
    do
        next++;
    while (next < end && isspace((unsigned char)*next));
    const char *value = next;
    if (next < end && (*next == '"' || *next == '\'')) {
        const char *close = memchr(next + 1, *next, (size_t)(end - next - 1));
        value++;
        next = close ? close : end;
        take_attribute(arena, element, name, name_length, value, (size_t)(next - value));
        return close ? next + 1 : end;
    }
    while (next < end && !isspace((unsigned char)*next) && *next != '>')
        next++;
    take_attribute(arena, element, name, name_length, value, (size_t)(next - value));
    return next;
}

/* `at` stands behind the '<'; returns what follows the '>'. */
static const char *read_element(struct arena *arena, struct element *element, const char *at, const char *end) {
    size_t length = 0;
    while (at < end && isalnum((unsigned char)*at)) {
        if (length + 1 < sizeof element->name)
            element->name[length++] = (char)tolower((unsigned char)*at);
        at++;
    }
    while (at < end && *at != '>') {
        at = skip_spaces(at, end);
        if (at < end && *at != '>')
            at = read_attribute(arena, element, at, end);
    }
    return at < end ? at + 1 : end;
}

static void add_file(struct page *page, const char *reference) {
    const char *found = probe_resolve(page->arena, page->base, reference);
    for (size_t i = 0; found && i < page->count; i++)
        if (str_equal(page->files[i], found))
            found = NULL;
    if (found && page->count < PROBE_FILES_MAX)
        page->files[page->count++] = found;
}

/* Of links, those that a browser fetches to show the page. */
static bool is_fetched(const char *relation) {
    static const char *const kinds[] = {"stylesheet", "preload", "modulepreload", "icon", "manifest"};
    for (size_t i = 0; relation && i < sizeof kinds / sizeof *kinds; i++)
        if (strstr(relation, kinds[i]))
            return true;
    return false;
}

static void take_element(struct page *page, const struct element *element) {
    if ((str_equal(element->name, "script") || str_equal(element->name, "img")) && element->source)
        add_file(page, element->source);
    else if (str_equal(element->name, "link") && element->address && is_fetched(element->relation))
        add_file(page, element->address);
    else if (str_equal(element->name, "base") && element->address && !page->based) {
        const char *base = probe_resolve(page->arena, page->base, element->address);
        page->base = base ? base : page->base;
        page->based = true;
    }
}

/* What lies in a script or a style is no element. */
static const char *skip_text_of(const struct element *element, const char *at, const char *end) {
    size_t length = strlen(element->name);
    if (!str_equal(element->name, "script") && !str_equal(element->name, "style"))
        return at;
    for (; at + length + 2 <= end; at++)
        if (at[0] == '<' && at[1] == '/' && strncasecmp(at + 2, element->name, length) == 0)
            return at;
    return end;
}

static const char *skip_comment(const char *at, const char *end) {
    const char *close = memmem(at, (size_t)(end - at), "-->", 3);
    return close ? close + 3 : end;
}

const char *const *probe_page_files(struct arena *arena, const char *url, const char *html, size_t size,
                                    size_t *count) {
    struct page page = {.arena = arena, .base = url, .files = arena_array(arena, const char *, PROBE_FILES_MAX)};
    const char *end = html + size;
    for (const char *at = html; at < end;) {
        at = memchr(at, '<', (size_t)(end - at));
        if (!at)
            break;
        at++;
        if (end - at >= 3 && strncmp(at, "!--", 3) == 0) {
            at = skip_comment(at + 3, end);
        } else if (at < end && isalpha((unsigned char)*at)) {
            struct element element = {0};
            at = read_element(arena, &element, at, end);
            take_element(&page, &element);
            at = skip_text_of(&element, at, end);
        }
    }
    *count = page.count;
    return page.files;
}
