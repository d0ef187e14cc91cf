/*
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_Tag.html
 */
#include "server/api/tags.h"

#include "common/str.h"

#include <strings.h>

static const struct json *find(const struct json *tags, const char *key) {
    json_each(tag, tags) {
        if (str_equal(json_get_text(tag, "key"), key))
            return tag;
    }
    return NULL;
}

bool tags_check(const struct json *tags, struct err *err) {
    if (tags && tags->count > TAGS_MAX)
        return err_set_code(err, ERR_LIMIT, "TooManyTagsException", "at most %d tags are allowed", TAGS_MAX);
    json_each(tag, tags) {
        const char *key = json_get_text(tag, "key");
        if (!key)
            continue;
        if (strncasecmp(key, "aws:", 4) == 0)
            return err_set_code(err, ERR_INVALID, "InvalidTagsException",
                                "tag key '%s' begins with 'aws:', which is reserved", key);
        if (find(tags, key) != tag)
            return err_set_code(err, ERR_INVALID, "InvalidTagsException", "tag key '%s' stands twice", key);
    }
    return true;
}

const struct json *tags_add(struct arena *arena, const struct json *tags, const struct json *added) {
    struct json *all = json_array(arena);
    json_each(tag, tags) {
        const struct json *newer = find(added, json_get_text(tag, "key"));
        json_append(all, json_copy(arena, newer ? newer : tag));
    }
    json_each(tag, added) {
        if (!find(tags, json_get_text(tag, "key")))
            json_append(all, json_copy(arena, tag));
    }
    return all;
}

const struct json *tags_remove(struct arena *arena, const struct json *tags, const struct json *keys) {
    struct json *left = json_array(arena);
    json_each(tag, tags) {
        bool removed = false;
        json_each(key, keys) {
            removed = removed || str_equal(key->text, json_get_text(tag, "key"));
        }
        if (!removed)
            json_append(left, json_copy(arena, tag));
    }
    return left;
}
