/*
 * A parameter's name or ARN, or a secret's ARN with a key and a version behind it: all of them or none, as the agent
 * that reads it counts the colons.
 */
#include "runner/deployfiles/task_reference.h"

#include "common/str.h"

#include <string.h>

#define PARTS_MAX 12
#define SECRET_PARTS 7         /* arn:aws:secretsmanager:region:account:secret:name */
#define SECRET_PARTS_OF_KEY 10 /* …:key:stage:version */
#define PARAMETER_PARTS 6      /* arn:aws:ssm:region:account:parameter/name */

/* The number of parts; more than PARTS_MAX count as that many. */
static size_t split(struct arena *arena, const char *text, const char *parts[PARTS_MAX]) {
    size_t count = 0;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ":");
        parts[count++] = arena_strndup(arena, at, length);
        at += length;
        if (!*at || count == PARTS_MAX)
            return count;
    }
}

static bool read_secret(struct arena *arena, const char *text, const char *const *parts, size_t count,
                        struct task_reference *out, struct err *err) {
    if (!str_equal(parts[5], "secret") || !*parts[3] || !*parts[4])
        return err_set(err, ERR_INVALID, "is no secret's ARN (arn:aws:secretsmanager:region:account:secret:name)");
    if (count != SECRET_PARTS && count != SECRET_PARTS_OF_KEY)
        return err_set(err, ERR_INVALID,
                       "has %zu parts; write the secret's ARN alone, or behind it ':key:stage:version' with all three "
                       "colons, such as ':password::'",
                       count);
    const char *end = text;
    for (size_t i = 0; i < SECRET_PARTS; i++)
        end += strlen(parts[i]) + (i > 0);
    *out = (struct task_reference){.is_secret = true,
                                   .name = arena_strndup(arena, text, (size_t)(end - text)),
                                   .region = parts[3],
                                   .key = count == SECRET_PARTS_OF_KEY && *parts[7] ? parts[7] : NULL};
    return true;
}

bool task_reference_read(struct arena *arena, const char *value_from, struct task_reference *out, struct err *err) {
    const char *parts[PARTS_MAX];
    if (!*value_from)
        return err_set(err, ERR_INVALID, "is empty");
    if (strstr(value_from, "${") || strpbrk(value_from, " \t\r\n<>{}"))
        return err_set(err, ERR_INVALID, "holds a variable, a placeholder or a blank that nothing fills in: '%.200s'",
                       value_from);
    if (!str_starts_with(value_from, "arn:")) {
        *out = (struct task_reference){.name = arena_strdup(arena, value_from)};
        return strchr(value_from, ':') == NULL ||
               err_set(err, ERR_INVALID, "is neither a parameter's name nor an ARN: '%.200s'", value_from);
    }
    size_t count = split(arena, value_from, parts);
    if (count >= SECRET_PARTS && str_equal(parts[2], "secretsmanager"))
        return read_secret(arena, value_from, parts, count, out, err);
    if (count == PARAMETER_PARTS && str_equal(parts[2], "ssm") && str_starts_with(parts[5], "parameter/")) {
        *out = (struct task_reference){.name = arena_strdup(arena, value_from), .region = parts[3]};
        return true;
    }
    return err_set(err, ERR_INVALID, "is the ARN of neither a secret nor a parameter: '%.200s'", value_from);
}
