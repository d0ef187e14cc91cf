/*
 * A bucket that gets a call every five seconds and holds a few at the beginning.
 */
#include "runner/actions/ecs_budget.h"

#define EVERY_MS 5000
#define AT_FIRST 4 /* calls */
#define SAVED_MAX 40

#define SOON_MS 1800     /* an end is seen within two seconds, the call's own time included */
#define STARTING_MS 8000 /* no task of ECS is up sooner */
#define SHORT_MS 30000   /* most tasks are up by then */
#define START_KEEP 2     /* calls that starting leaves for the end */
#define SPARING_MS 8000  /* saves for the end */
#define WAITING_MS 15000
#define AROUND_MS 6000 /* how sure a known end is */

void ecs_budget_begin(struct ecs_budget *budget, int64_t now_ms) {
    *budget = (struct ecs_budget){.begin_ms = now_ms};
}

double ecs_budget_saved(const struct ecs_budget *budget, int64_t now_ms) {
    const double saved = AT_FIRST + (double)(now_ms - budget->begin_ms) / EVERY_MS - (double)budget->calls;
    return saved > SAVED_MAX ? SAVED_MAX : saved;
}

static int64_t at_least(int64_t pause_ms, double saved) {
    /* In debt: wait until it is paid. */
    const int64_t until_paid_ms = saved < 1 ? (int64_t)((1 - saved) * EVERY_MS) : 0;
    return pause_ms > until_paid_ms ? pause_ms : until_paid_ms;
}

static int64_t starting(int64_t age_ms, double saved) {
    if (age_ms < STARTING_MS)
        return STARTING_MS - age_ms;
    if (age_ms < SHORT_MS)
        return saved >= START_KEEP + 1 ? SOON_MS : EVERY_MS;
    return SPARING_MS;
}

int64_t ecs_budget_pause_ms(const struct ecs_budget *budget, int64_t now_ms, enum ecs_pace pace, int64_t known_end_ms) {
    const double saved = ecs_budget_saved(budget, now_ms);
    int64_t pause_ms = EVERY_MS;
    if (known_end_ms > 0 && now_ms + AROUND_MS < known_end_ms) {
        const int64_t left_ms = known_end_ms - AROUND_MS - now_ms;
        pause_ms = left_ms < WAITING_MS ? left_ms : WAITING_MS;
        return at_least(pace == ECS_DRAINS && pause_ms > SPARING_MS ? SPARING_MS : pause_ms, saved);
    }
    switch (pace) {
    case ECS_STARTS:
        pause_ms = starting(now_ms - budget->begin_ms, saved);
        break;
    case ECS_DRAINS:
        pause_ms = known_end_ms > 0 ? SOON_MS : EVERY_MS;
        break;
    case ECS_ENDS:
    case ECS_GOES_BACK:
        pause_ms = SOON_MS;
        break;
    case ECS_WAITS:
        pause_ms = known_end_ms > 0 ? SOON_MS : WAITING_MS;
        break;
    }
    return at_least(pause_ms, saved);
}
