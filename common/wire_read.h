/*
 * Members of a message, read with a check of type and range; a member that is wrong is named in the error. Members that
 * nobody asks for are passed over, so that a server and a runner of neighbouring versions understand each other.
 */
#ifndef COMMON_WIRE_READ_H
#define COMMON_WIRE_READ_H

#include "common/json.h"

#define WIRE_LIST_MAX 100

enum wire_presence { WIRE_REQUIRED, WIRE_OPTIONAL };

/* All copy into the arena. An optional member that is absent (or null) leaves NULL. Errors: ERR_INVALID. */
bool wire_text(struct arena *arena, const struct json *message, const char *name, enum wire_presence presence,
               const char **out, struct err *err);

/* As wire_text, but of a text past `most` bytes only the beginning: what programs say about themselves for people to
 * read has no length that they know of, and refusing it would lose the rest of the message. */
bool wire_words(struct arena *arena, const struct json *message, const char *name, enum wire_presence presence,
                size_t most, const char **out, struct err *err);

/* A text of 1 to `longest` characters of A-Z a-z 0-9 and `others`: it may become part of a path or an address. */
bool wire_name(struct arena *arena, const struct json *message, const char *name, size_t longest, const char *others,
               const char **out, struct err *err);

/* A whole number within [least, most]; an absent one that is optional leaves *out as it is. */
bool wire_integer(const struct json *message, const char *name, enum wire_presence presence, int64_t least,
                  int64_t most, int64_t *out, struct err *err);

/* true or false; an absent one leaves *out as it is. */
bool wire_bool(const struct json *message, const char *name, bool *out, struct err *err);

bool wire_object(struct arena *arena, const struct json *message, const char *name, enum wire_presence presence,
                 const struct json **out, struct err *err);

/* An optional object of at most `most` bytes as text. */
bool wire_document(struct arena *arena, const struct json *message, const char *name, size_t most,
                   const struct json **out, struct err *err);

/* An object whose values are all texts. */
bool wire_object_of_texts(struct arena *arena, const struct json *message, const char *name,
                          enum wire_presence presence, const struct json **out, struct err *err);

/* A list of at most WIRE_LIST_MAX members, required; not copied. */
bool wire_list(const struct json *message, const char *name, const struct json **out, struct err *err);

/* The list of that name, or NULL; at most WIRE_LIST_MAX members; not copied. */
bool wire_list_or_none(const struct json *message, const char *name, const struct json **out, struct err *err);

/* A list of texts; an absent one has none. */
bool wire_texts(struct arena *arena, const struct json *message, const char *name, const char *const **out,
                size_t *out_count, struct err *err);

/* A list of names as wire_name has them. */
bool wire_names(struct arena *arena, const struct json *message, const char *name, size_t longest, const char *others,
                const char *const **out, size_t *out_count, struct err *err);

/* True where the text has 1 to `longest` characters of A-Z a-z 0-9 and `others`. */
bool wire_is_name(const char *text, size_t longest, const char *others);

#endif
