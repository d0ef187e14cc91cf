/* A lock per deploy target, across pipelines: two actions never deploy to one service at a time. Only for this room. */
#ifndef SERVER_ENGINE_TARGET_H
#define SERVER_ENGINE_TARGET_H

#include "server/engine/carry_out.h"

/* What an action deploys to, "ecs/REGION/CLUSTER/SERVICE": a list of texts, empty for one that locks nothing. A Release
 * has a target for each of its members, behind its own. */
bool target_list(struct step *step, const struct pipeline_action *action, const struct json *configuration,
                 const struct json **out, struct err *err);

/* The run has been added, waiting: it claims the targets, and has them where nobody is before it; then *run is read
 * again. */
bool target_claim(struct step *step, const struct json *targets, struct action_run_row *run, struct err *err);

/* The action has ended: whoever waits for what it held or waited for, and has nobody before it any more, has its
 * targets now, and its job is queued. */
bool target_pass_on(struct step *step, const struct action_run_row *ended, struct err *err);

/* "waiting for execution 7 of pipeline 'shop' to finish with ecs/eu-west-1/prod/shop", or NULL. */
bool target_wait(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char **out,
                 struct err *err);

#endif
