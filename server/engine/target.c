/*
 * Who works on what: the claims of the runs under way (server/store/target_claims.h). A run has all of its targets or
 * none, and goes before whoever came after it, so that two with several targets never wait for each other. Who waits
 * has its row and no job yet; it gets its targets in the transaction that ends the one before it, so nobody has to look
 * again.
 */
#include "server/engine/target.h"

#include "common/str.h"
#include "server/engine/start_action.h"
#include "server/store/executions.h"
#include "server/store/settings.h"
#include "server/store/target_claims.h"

#include <string.h>

/* AWS takes a name or an ARN: "arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME". */
static const char *last_part(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash && strncmp(name, "arn:", 4) == 0 ? slash + 1 : name;
}

static void add_target(struct arena *arena, const struct action_type *type, const char *region,
                       const struct json *configuration, struct json *list) {
    const char *target = arena_printf(arena, "%s/%s", type->target_kind, region);
    for (size_t i = 0; i < sizeof type->target_keys / sizeof type->target_keys[0] && type->target_keys[i]; i++)
        target =
            arena_printf(arena, "%s/%s", target, last_part(json_get_text_or(configuration, type->target_keys[i], "")));
    json_append_text(arena, list, target);
}

/* Members that make no sense are left to the runner, which says so. */
static void add_members(struct arena *arena, const char *region, const char *text, struct json *list) {
    const struct json *members = NULL;
    if (!text || !json_parse(arena, text, strlen(text), &members, NULL) || members->type != JSON_ARRAY)
        return;
    json_each(member, members) {
        const struct json *configuration = json_get(member, "configuration");
        const struct action_type *type = action_types_find_provider(json_get_text_or(member, "provider", ""));
        if (type && type->target_kind)
            add_target(arena, type, json_get_text_or(member, "region", region), configuration ? configuration : member,
                       list);
    }
}

bool target_list(struct step *step, const struct pipeline_action *action, const struct json *configuration,
                 const struct json **out, struct err *err) {
    struct json *list = json_array(step->arena);
    const char *region = action->region;
    *out = list;
    if (!action->type->target_kind)
        return true;
    if (!region && !settings_get(step->tx, step->arena, SETTING_REGION, &region, err))
        return false;
    region = region ? region : "";
    add_target(step->arena, action->type, region, configuration, list);
    if (str_equal(action->type->target_kind, "release"))
        add_members(step->arena, region, json_get_text(configuration, "Members"), list);
    return true;
}

/* It has its targets where nobody is before it. */
static bool try_to_have(struct step *step, int64_t action_run_id, bool *had, struct err *err) {
    int64_t before = 0;
    const char *target;
    bool found = false;
    *had = false;
    if (!target_claims_before(step->tx, step->arena, action_run_id, &found, &before, &target, err))
        return false;
    *had = !found;
    return found || action_runs_take_target(step->tx, action_run_id, err);
}

bool target_claim(struct step *step, const struct json *targets, struct action_run_row *run, struct err *err) {
    bool had = false;
    if (targets->count == 0)
        return true;
    json_each(target, targets) {
        if (!target_claims_add(step->tx, run->id, target->text, err))
            return false;
    }
    return try_to_have(step, run->id, &had, err) &&
           (!had || action_runs_get_by_id(step->tx, step->arena, run->id, run, err));
}

bool target_pass_on(struct step *step, const struct action_run_row *ended, struct err *err) {
    int64_t *waiting = NULL;
    size_t count = 0;
    if (!ended->target)
        return true;
    if (!target_claims_behind(step->tx, step->arena, ended->id, &waiting, &count, err) ||
        !target_claims_drop(step->tx, ended->id, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct action_run_row next;
        bool had = false;
        if (!try_to_have(step, waiting[i], &had, err))
            return false;
        if (had && (!action_runs_get_by_id(step->tx, step->arena, waiting[i], &next, err) ||
                    !queue_action_job(step->tx, &next, err)))
            return false;
    }
    return true;
}

bool target_wait(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char **out,
                 struct err *err) {
    struct action_run_row before;
    struct execution_row execution;
    const char *target = NULL;
    int64_t id = 0;
    bool found = false;
    *out = NULL;
    if (!action->target || action->holds_target)
        return true;
    if (!target_claims_before(tx, arena, action->id, &found, &id, &target, err))
        return false;
    if (!found)
        return true;
    if (!action_runs_get_by_id(tx, arena, id, &before, err) ||
        !executions_get_by_id(tx, arena, before.execution_id, &execution, err))
        return false;
    *out = arena_printf(arena, "waiting for execution %lld of pipeline '%s' to finish with %s",
                        (long long)execution.number, before.pipeline, target);
    return true;
}
