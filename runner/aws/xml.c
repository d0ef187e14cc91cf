/*
 * Elements as they begin and end become a tree. Text between elements counts only in an element that has none.
 */
#include "runner/aws/xml.h"

#include "common/str.h"
#include "runner/xml/xml_read.h"

struct xml {
    struct arena *arena;
    const char *const *lists;                /* names of elements that may come several times, NULL at the end */
    struct json *parents[XML_DEPTH_MAX + 1]; /* by depth: what the children of an open element go into, or NULL */
    const struct json *root;
};

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    struct xml *xml = context;
    if (element->depth > XML_DEPTH_MAX)
        return err_set(err, ERR_INVALID, "elements lie too deep");
    xml->parents[element->depth] = NULL;
    return true;
}

static bool is_listed(const struct xml *xml, const char *name) {
    for (const char *const *list = xml->lists; list && *list; list++)
        if (str_equal(*list, name))
            return true;
    return false;
}

/* The list or the object that a child goes into, made with the first one. */
static bool add_child(struct xml *xml, struct json **parent, const char *name, struct json *child, struct err *err) {
    bool is_member = str_equal(name, "member");
    if (!*parent)
        *parent = is_member ? json_array(xml->arena) : json_object(xml->arena);
    if (((*parent)->type == JSON_ARRAY) != is_member)
        return err_set(err, ERR_INVALID, "a list holds something else, too");
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
        return err_set(err, ERR_INVALID, "a name stands twice");
    json_set(xml->arena, *parent, name, child);
    return true;
}

static bool end(void *context, const struct xml_element *element, const char *text, struct err *err) {
    struct xml *xml = context;
    struct json *value = xml->parents[element->depth];
    if (!value)
        value = json_new_text(xml->arena, text);
    if (element->depth > 1)
        return add_child(xml, &xml->parents[element->depth - 1], element->name, value, err);
    xml->root = value;
    return true;
}

bool xml_parse_lists(struct arena *arena, const char *text, size_t length, const char *const *lists,
                     const struct json **out, struct err *err) {
    static const struct xml_handler handler = {.begin = begin, .end = end};
    struct xml xml = {.arena = arena, .lists = lists};
    if (!xml_read("invalid XML", text, length, &handler, &xml, err))
        return false;
    *out = xml.root;
    return true;
}

bool xml_parse(struct arena *arena, const char *text, size_t length, const struct json **out, struct err *err) {
    return xml_parse_lists(arena, text, length, NULL, out, err);
}
