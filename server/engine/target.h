/* A lock per deploy target, across pipelines: two actions never deploy to one service at a time. Only for this room. */
#ifndef SERVER_ENGINE_TARGET_H
#define SERVER_ENGINE_TARGET_H

#include "server/engine/carry_out.h"

/* What an action deploys to, "ecs/REGION/CLUSTER/SERVICE"; NULL: nothing that is locked. */
bool target_of(struct step *step, const struct pipeline_action *action, const struct json *configuration,
               const char **out, struct err *err);

/* Whether somebody works on it. */
bool target_is_taken(struct step *step, const char *target, bool *out, struct err *err);

/* The action has ended: the oldest that waits for its target has it now, and its job is queued. */
bool target_pass_on(struct step *step, const struct action_run_row *ended, struct err *err);

/* "waiting for execution 7 of pipeline 'shop' to finish with ecs/eu-west-1/prod/shop", or NULL. */
bool target_wait(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char **out,
                 struct err *err);

#endif
