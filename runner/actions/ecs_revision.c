/*
 * Revisions are told by what they say, since their numbers tell nothing.
 */
#include "runner/actions/ecs_revision.h"

#include "common/str.h"
#include "runner/actions/ecs_verdict.h"
#include "runner/deployfiles/task_definition.h"

#include <string.h>

#define LOOKED_AT 5

const char *ecs_family(struct arena *arena, const char *revision) {
    const char *name = ecs_short_name(revision);
    return arena_strndup(arena, name, strcspn(name, ":"));
}

bool ecs_find_revision(const struct ecs *ecs, struct arena *arena, const char *family, const char *fingerprint,
                       const char *not_this, const char **arn, struct err *err) {
    const struct json *arns = NULL;
    int looked = 0;
    *arn = NULL;
    if (!ecs_list_revisions(ecs, arena, family, &arns, err))
        return false;
    json_each(candidate, arns) {
        const struct json *described;
        char found[SHA256_HEX_SIZE];
        /* What runs is older than what was registered to follow it. */
        if (looked++ == LOOKED_AT || str_equal(candidate->text, not_this))
            break;
        if (!ecs_describe_task_definition(ecs, arena, candidate->text, &described, err))
            return false;
        task_definition_fingerprint(json_get(described, "taskDefinition"), found);
        if (str_equal(found, fingerprint)) {
            *arn = candidate->text;
            break;
        }
    }
    return true;
}
