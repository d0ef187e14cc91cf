/*
 * The XML that AWS's older services answer with, as the trees that the newer ones' JSON gives: elements only, no
 * attributes, no documents of one's own. Pure. Foreign bytes: what runner/xml says, and a smaller depth.
 */
#ifndef RUNNER_AWS_XML_H
#define RUNNER_AWS_XML_H

#include "common/json.h"

#define XML_DEPTH_MAX 32

/* The root element's content. An element with elements in it becomes an object of them, or, where they are all called
 * "member", a list; every other element is a text, "" where it is empty. Errors: ERR_INVALID ("invalid XML:LINE:COLUMN:
 * …"): broken, or a name that stands twice in one object. */
bool xml_parse(struct arena *arena, const char *text, size_t length, const struct json **out, struct err *err);

/* The same, where elements of those names (NULL at the end) become lists under their name, as S3 means them. */
bool xml_parse_lists(struct arena *arena, const char *text, size_t length, const char *const *lists,
                     const struct json **out, struct err *err);

#endif
