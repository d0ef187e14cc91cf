/*
 * The provider that deploys change, and its ledger. A deploy's effect is there once at most, whoever tries it again.
 */
#include "tests/sim/sim.h"

#include "common/str.h"
#include "server/store/states.h"
#include "tests/sim/look.h"

#include <stdio.h>

static struct effect *find(const struct sim *sim, const char *action_run) {
    for (size_t i = 0; i < sim->effect_count; i++) {
        if (str_equal(sim->effects[i].action_run, action_run))
            return &sim->effects[i];
    }
    return NULL;
}

const struct effect *provider_find(const struct sim *sim, const char *action_run) {
    return find(sim, action_run);
}

/* Whose row has ended (its result was taken and the answer lost, or a person gave it up) is not in the way. */
static bool is_under_way(struct sim *sim, const char *action_run) {
    look(sim, false);
    const struct seen_action *action = seen_action(sim->seen, action_run);
    return action && action->status == ACTION_IN_PROGRESS;
}

static void tell_both(const struct sim *sim, const char *one, const char *other, const char *target) {
    const struct seen_action *first = seen_action(sim->seen, one), *second = seen_action(sim->seen, other);
    violated("a deploy target has one holder",
             "action runs %lld (%s, %s) and %lld (%s, %s) deploy to '%s' at the same time", (long long)first->id,
             action_status_name((enum action_status)first->status),
             first->holds_target ? "holds it" : "does not hold it", second ? (long long)second->id : 0,
             second ? action_status_name((enum action_status)second->status) : "?",
             second && second->holds_target ? "holds it" : "does not hold it", target);
}

static void check_alone(struct sim *sim, const char *action_run, const char *target) {
    for (size_t i = 0; i < sim->runner_count; i++) {
        for (size_t j = 0; j < SLOTS; j++) {
            const struct slot *slot = &sim->runners[i].slots[j];
            bool owns = sim->runners[i].alive && slot->state == SLOT_WORKS && sim->now_ms < slot->believed_ms;
            if (owns && slot->has_effect && slot->work > WORK_EFFECT && str_equal(slot->target, target) &&
                !str_equal(slot->action_run, action_run) && is_under_way(sim, slot->action_run))
                tell_both(sim, slot->action_run, action_run, target);
        }
    }
}

void provider_apply(struct sim *sim, const char *action_run, const char *target) {
    struct effect *effect = find(sim, action_run);
    if (effect)
        violated("no action twice", "the deploy of action run %s was done a second time", action_run);
    check_alone(sim, action_run, target);
    if (sim->effect_count == sim->effect_capacity)
        sim->effects = arena_grow(&sim->arena, sim->effects, sizeof *sim->effects, &sim->effect_capacity);
    effect = &sim->effects[sim->effect_count++];
    *effect = (struct effect){.target = target, .times = 1, .in_place = true};
    (void)snprintf(effect->action_run, sizeof effect->action_run, "%s", action_run);
    count(COUNT_EFFECTS);
}

bool provider_has(struct sim *sim, const char *action_run) {
    const struct effect *effect = find(sim, action_run);
    return effect && effect->times > 0;
}

void provider_undo(struct sim *sim, const char *action_run) {
    struct effect *effect = find(sim, action_run);
    if (!effect || !effect->in_place)
        return;
    effect->in_place = false;
    effect->undone++;
    count(COUNT_UNDONE);
}
