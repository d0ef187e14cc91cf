/*
 * An account that gets a call every five seconds.
 */
#include "runner/actions/ecs_budget.h"

#define EVERY_MS 5000
#define SAVED_MAX 40
#define EXTRA_MAX 4 /* calls for why it hangs, beyond the account */

#define SOON_MS 1800    /* an end is seen within two seconds, the call's own time included */
#define SPARING_MS 8000 /* saves for the end */
#define WAITING_MS 15000
#define BEFORE_MS 2000 /* how much sooner than expected an end comes, and how much later */
#define AFTER_MS 10000
#define KEPT 3 /* calls for the expected end */

void ecs_budget_begin(struct ecs_budget *budget, int64_t now_ms) {
    *budget = (struct ecs_budget){.begin_ms = now_ms, .calls = 1};
}

static double account(const struct ecs_budget *budget, int64_t now_ms) {
    return (double)(now_ms - budget->begin_ms) / EVERY_MS - (double)budget->calls;
}

double ecs_budget_saved(const struct ecs_budget *budget, int64_t now_ms) {
    const double forgiven = !budget->trouble ? 0 : (double)(budget->extra < EXTRA_MAX ? budget->extra : EXTRA_MAX);
    const double saved = account(budget, now_ms) + forgiven;
    return saved > SAVED_MAX ? SAVED_MAX : saved;
}

bool ecs_budget_take(struct ecs_budget *budget, int64_t now_ms, int calls) {
    if (account(budget, now_ms) + EXTRA_MAX < calls)
        return false;
    budget->extra += calls;
    return true;
}

/* The next expected end whose time has not gone by; 0: none. */
static int64_t next_end(const struct ecs_ends *ends, int64_t now_ms) {
    const int64_t all[] = {ends->as_before_ms, ends->drained_ms};
    int64_t next = 0;
    for (int i = 0; i < 2; i++)
        if (all[i] > 0 && now_ms < all[i] + AFTER_MS && (next == 0 || all[i] < next))
            next = all[i];
    return next;
}

/* Until then: sparing, and only with what is not kept for then. */
static int64_t before_end(const struct ecs_budget *budget, int64_t now_ms, int64_t end_ms) {
    const int64_t left_ms = end_ms - BEFORE_MS - now_ms;
    const double then = ecs_budget_saved(budget, end_ms);
    return left_ms < SPARING_MS || then < KEPT + 1 ? left_ms : SPARING_MS;
}

static int64_t usual(enum ecs_pace pace, double saved) {
    switch (pace) {
    case ECS_STARTS:
        return SPARING_MS;
    case ECS_DRAINS:
        return saved >= KEPT ? SOON_MS : EVERY_MS;
    case ECS_WAITS:
        return WAITING_MS;
    case ECS_ENDS:
    case ECS_GOES_BACK:
        break;
    }
    return SOON_MS;
}

/* Where a call is owed: until it is paid. */
static int64_t until_paid(double saved) {
    return saved < 1 ? (int64_t)((1 - saved) * EVERY_MS) : 0;
}

int64_t ecs_budget_pause_ms(const struct ecs_budget *budget, int64_t now_ms, enum ecs_pace pace,
                            const struct ecs_ends *ends) {
    const double saved = ecs_budget_saved(budget, now_ms);
    const int64_t end_ms = next_end(ends, now_ms);
    int64_t pause_ms = usual(pace, saved);
    /* Nothing old is left: what the one before took says nothing any more, only what drains does. */
    const bool waits =
        pace == ECS_ENDS ? now_ms < ends->drained_ms - BEFORE_MS : pace != ECS_GOES_BACK && pace != ECS_WAITS;
    if (end_ms > 0 && waits)
        pause_ms = now_ms >= end_ms - BEFORE_MS ? SOON_MS : before_end(budget, now_ms, end_ms);
    return pause_ms > until_paid(saved) ? pause_ms : until_paid(saved);
}
