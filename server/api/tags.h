/*
 * Tags as CodePipeline and CodeBuild have them: lists of {key, value}.
 */
#ifndef SERVER_API_TAGS_H
#define SERVER_API_TAGS_H

#include "common/err.h"
#include "common/json.h"

#define TAGS_MAX 50

/* AWS's rules: at most TAGS_MAX, no key twice, none that begins with "aws:". NULL is fine. Errors: ERR_INVALID
 * InvalidTagsException, ERR_LIMIT TooManyTagsException. */
bool tags_check(const struct json *tags, struct err *err);

/* The list with those added; a key that is there gets the new value. */
const struct json *tags_add(struct arena *arena, const struct json *tags, const struct json *added);

/* The list without those keys. */
const struct json *tags_remove(struct arena *arena, const struct json *tags, const struct json *keys);

#endif
