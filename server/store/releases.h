/*
 * What runs where: one row for each target of each deploy that succeeded, never changed after. The newest row of a
 * target is what runs there; a deploy that failed or was undone leaves none. Written by the engine alone, in the
 * transaction that ends the deploy.
 */
#ifndef SERVER_STORE_RELEASES_H
#define SERVER_STORE_RELEASES_H

#include "server/store/db.h"

#include <stdint.h>

struct release_row {
    int64_t id;
    const char *target;   /* "ecs/eu-west-1/prod/shop" */
    const char *kind;     /* of the deployment: "ECS" */
    const char *revision; /* "shop:12", or NULL, as are the next three */
    const char *previous; /* what ran before, as the deploy saw it */
    const char *images;   /* JSON list of {container, image, digest?} */
    const char *fingerprint;
    int64_t pipeline_id;
    const char *pipeline; /* name */
    const char *stage;
    const char *action;
    int64_t execution_id;
    int64_t action_run_id;
    const char *approved_by; /* ARN, or NULL */
    int64_t released_ms;
};

/* `id`, `pipeline` and `released_ms` are not read. A target that the same run has told already stays as it is. */
bool releases_add(struct tx *tx, const struct release_row *row, struct err *err);

/* What the newest deploy of that action that succeeded put where. */
bool releases_of_action(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage, const char *action,
                        struct release_row **out, size_t *count, struct err *err);

/* What runs on a target; *found false where nobody knows. */
bool releases_of_target(struct tx *tx, struct arena *arena, const char *target, bool *found, struct release_row *out,
                        struct err *err);

/* Ids of the executions that released something in the stage, newest first, smaller than `before` (0: from the newest).
 */
bool releases_executions(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage, int64_t before,
                         size_t limit, int64_t **out, size_t *count, struct err *err);

/* What an execution released in the stage: of each action what its newest run did. */
bool releases_of_execution(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage,
                           int64_t execution_id, struct release_row **out, size_t *count, struct err *err);

#endif
