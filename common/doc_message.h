/*
 * What doc.c says about a file that is not good YAML: libyaml's words, turned into what is wrong and what to write.
 */
#ifndef COMMON_DOC_MESSAGE_H
#define COMMON_DOC_MESSAGE_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define DOC_EMPTY "the file is empty; begin it with a line such as 'name: value'"
#define DOC_NO_ANCHORS "anchors are not supported; write the value out, or put a text that begins with '&' in quotes"
#define DOC_NO_ALIASES "aliases are not supported; write the value out, or put a text that begins with '*' in quotes"
#define DOC_NO_TAGS "tags are not supported; leave it out, or put a text that begins with '!' in quotes"

struct doc_source {
    const char *file;
    const char *bytes; /* without a byte order mark */
    size_t size;
};

struct yaml_parser_s; /* libyaml's */

/* "file:line:column: problem" for the byte at `offset`. Returns false. */
bool doc_refuse(const struct doc_source *source, size_t offset, enum err_kind kind, const char *problem,
                struct err *err);

/* Adds to the message that is there. */
void doc_append(struct err *err, const char *text);

/* As doc_refuse, for what stopped libyaml. Returns false. */
bool doc_refuse_syntax(const struct doc_source *source, const struct yaml_parser_s *parser, struct err *err);

#endif
