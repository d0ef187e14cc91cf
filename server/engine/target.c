/*
 * The lock is a unique index on the action runs under way that hold a target (0002_rules.sql); who waits has its row
 * and no job yet. It goes to the oldest waiter in the transaction that ends its holder, so nobody has to look again.
 */
#include "server/engine/target.h"

#include "common/str.h"
#include "server/engine/start_action.h"
#include "server/store/executions.h"
#include "server/store/settings.h"

#include <string.h>

/* AWS takes a name or an ARN: "arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME". */
static const char *last_part(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash && strncmp(name, "arn:", 4) == 0 ? slash + 1 : name;
}

bool target_of(struct step *step, const struct pipeline_action *action, const struct json *configuration,
               const char **out, struct err *err) {
    const struct action_type *type = action->type;
    const char *region = action->region;
    *out = NULL;
    if (!type->target_kind)
        return true;
    if (!region && !settings_get(step->tx, step->arena, SETTING_REGION, &region, err))
        return false;
    const char *target = arena_printf(step->arena, "%s/%s", type->target_kind, region ? region : "");
    for (size_t i = 0; i < sizeof type->target_keys / sizeof type->target_keys[0] && type->target_keys[i]; i++)
        target = arena_printf(step->arena, "%s/%s", target,
                              last_part(json_get_text_or(configuration, type->target_keys[i], "")));
    *out = target;
    return true;
}

bool target_is_taken(struct step *step, const char *target, bool *out, struct err *err) {
    struct action_run_row holder;
    *out = false;
    return !target || action_runs_target_holder(step->tx, step->arena, target, out, &holder, err);
}

bool target_pass_on(struct step *step, const struct action_run_row *ended, struct err *err) {
    struct action_run_row next;
    bool found = false;
    if (!ended->target || !ended->holds_target)
        return true;
    if (!action_runs_target_waiter(step->tx, step->arena, ended->target, &found, &next, err))
        return false;
    return !found || (action_runs_take_target(step->tx, next.id, err) && queue_action_job(step->tx, &next, err));
}

bool target_wait(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char **out,
                 struct err *err) {
    struct action_run_row holder;
    struct execution_row execution;
    bool found = false;
    *out = NULL;
    if (!action->target || action->holds_target)
        return true;
    if (!action_runs_target_holder(tx, arena, action->target, &found, &holder, err) ||
        (found && !executions_get_by_id(tx, arena, holder.execution_id, &execution, err)))
        return false;
    if (found)
        *out = arena_printf(arena, "waiting for execution %lld of pipeline '%s' to finish with %s",
                            (long long)execution.number, holder.pipeline, action->target);
    return true;
}
