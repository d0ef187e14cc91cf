/*
 * XML as a row of elements that begin and end, read once from its front to its end. Pure. Foreign bytes: depth is
 * capped, entities cannot be declared (a document type may be named, as JaCoCo's reports do, but nothing is fetched
 * for it and it may declare nothing), what is not well-formed is an error with file, line and column. Encodings: UTF-8,
 * UTF-16, ISO-8859-1, US-ASCII and windows-1252.
 *
 * The only room that knows libexpat.
 */
#ifndef RUNNER_XML_XML_READ_H
#define RUNNER_XML_XML_READ_H

#include "common/err.h"

#include <stddef.h>

#define XML_READ_DEPTH_MAX 100
#define XML_READ_TEXT_MAX (64 * 1024) /* of one element; more is dropped */

/* Good during the call only. */
struct xml_element {
    const char *name;              /* without its namespace's prefix */
    const char *parent;            /* "" for the root */
    size_t depth;                  /* the root's is 1 */
    int line;                      /* where it begins, or ends */
    const char *const *attributes; /* name, value, name, value ..., NULL; at an element's end there are none */
};

/* NULL where there is none of that name. */
const char *xml_element_attribute(const struct xml_element *element, const char *name);
const char *xml_element_attribute_or(const struct xml_element *element, const char *name, const char *fallback);

/* Both may be NULL. False with *err (without a place; it is put in front) ends the reading. */
struct xml_handler {
    bool (*begin)(void *context, const struct xml_element *element, struct err *err);
    /* text: what stands in the element behind the last element within it; "" where nothing does. */
    bool (*end)(void *context, const struct xml_element *element, const char *text, struct err *err);
};

/* `file` is the name that errors begin with. Errors: ERR_INVALID, ERR_LIMIT, and the handler's. */
bool xml_read(const char *file, const char *bytes, size_t size, const struct xml_handler *handler, void *context,
              struct err *err);

#endif
