/*
 * Files that people write, YAML or JSON, as a tree that knows the line and column of each value and name. Foreign
 * bytes: size, depth and node count are capped, anchors and aliases are refused, duplicate keys are refused, `<<` is
 * refused with a word of what to write instead. Plain YAML scalars keep their text (`no`, `1.10`, `0755`): `text` is as
 * written for every scalar, and the type is what YAML 1.2's core schema says (true/false, null, decimal numbers, else
 * text).
 * Numbers that no int64 or double holds stay text.
 *
 * A file whose first character is '{' or '[' is read as JSON, strictly; JSON's escapes are not all YAML's.
 *
 * The only room that knows libyaml.
 */
#ifndef COMMON_DOC_H
#define COMMON_DOC_H

#include "common/json.h"

#define DOC_SIZE_MAX (256 * 1024)
#define DOC_NODES_MAX 20000

/* Reads one document. `file` is the name that errors begin with: "file:line:column: what is wrong; what to write
 * instead". A BOM and CRLF are accepted; tabs as indentation, several documents, UTF-16 are errors that say so. Errors:
 * ERR_INVALID, ERR_LIMIT. */
bool doc_parse(struct arena *arena, const char *file, const char *bytes, size_t size, const struct json **out,
               struct err *err);

/* The file's bytes, to be parsed under the same name; one that is too large is not read. Errors: ERR_LIMIT, ERR_INVALID
 * where it is no file, those of open and read. */
bool doc_read_text(struct arena *arena, const char *path, const char **out_text, size_t *out_size, struct err *err);

/* Reads the file at `path` and parses it; the path names it in errors. Errors also: those of open and read. */
bool doc_read(struct arena *arena, const char *path, const struct json **out, struct err *err);

#endif
