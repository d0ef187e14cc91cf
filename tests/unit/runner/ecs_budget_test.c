/*
 * A rollout of any length and any end costs a call every five seconds at most, and its end is seen soon.
 */
#include "runner/actions/ecs_budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000

/* How a rollout goes, in seconds after it began. */
struct rollout {
    const char *what;
    int all_run; /* all new tasks do */
    int old_gone;
    int ends;
    int took_before; /* what the one before took; 0: not known */
    int drained;     /* when that can be foretold; 0: not at all */
    int most_lag;    /* seconds from the end to the look that sees it */
};

static const struct rollout rollouts[] = {
    {"short, as the one before", 17, 18, 25, 25, 0, 2},
    {"short, the first", 17, 18, 25, 0, 0, 5},
    {"draining, as the one before", 17, 28, 65, 65, 58, 2},
    {"draining, foretold", 17, 28, 65, 0, 58, 2},
    {"longer than the one before", 60, 70, 100, 30, 0, 2},
    {"shorter than the one before", 40, 45, 60, 300, 0, 2},
    {"long", 500, 580, 600, 0, 0, 2},
    {"long draining", 90, 110, 410, 0, 410, 2},
};

static enum ecs_pace pace_at(const struct rollout *rollout, int64_t now_ms) {
    return now_ms < rollout->all_run * SECOND    ? ECS_STARTS
           : now_ms < rollout->old_gone * SECOND ? ECS_DRAINS
                                                 : ECS_ENDS;
}

static void every_end_is_seen_and_paid_for(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rollouts / sizeof *rollouts; i++) {
        const struct rollout *rollout = &rollouts[i];
        struct ecs_budget budget;
        enum ecs_pace pace = ECS_STARTS;
        int64_t now_ms = 0;
        ecs_budget_begin(&budget, 0);
        while (now_ms < rollout->ends * SECOND) {
            const struct ecs_ends ends = {.as_before_ms = rollout->took_before * SECOND,
                                          .drained_ms =
                                              now_ms >= rollout->all_run * SECOND ? rollout->drained * SECOND : 0};
            now_ms += ecs_budget_pause_ms(&budget, now_ms, pace, &ends);
            budget.calls++;
            pace = pace_at(rollout, now_ms);
        }
        if (now_ms > (rollout->ends + rollout->most_lag) * SECOND)
            fail_msg("%s: seen after %lld ms", rollout->what, (long long)(now_ms - rollout->ends * SECOND));
        if (budget.calls * 5 * SECOND > now_ms)
            fail_msg("%s: %lld calls in %lld ms", rollout->what, (long long)budget.calls, (long long)now_ms);
    }
}

static void calls_for_why_are_few_and_paid_back(void **state) {
    (void)state;
    struct ecs_budget budget;
    const struct ecs_ends none = {0};
    ecs_budget_begin(&budget, 0);
    for (int i = 0; i < 3; i++) {
        assert_true(ecs_budget_take(&budget, 0, 1));
        budget.calls++;
    }
    assert_false(ecs_budget_take(&budget, 0, 1));
    /* Looks wait until they are paid, but where there is trouble. */
    assert_int_equal(ecs_budget_pause_ms(&budget, 0, ECS_ENDS, &none), 25 * SECOND);
    budget.trouble = true;
    assert_int_equal(ecs_budget_pause_ms(&budget, 0, ECS_ENDS, &none), 10 * SECOND);
    assert_true(ecs_budget_take(&budget, 5 * SECOND, 1));
}

static void waiting_for_people_is_cheap(void **state) {
    (void)state;
    struct ecs_budget budget;
    const struct ecs_ends none = {0};
    ecs_budget_begin(&budget, 0);
    assert_int_equal(ecs_budget_pause_ms(&budget, 1000 * SECOND, ECS_WAITS, &none), 15 * SECOND);
    /* What was not asked for a day is not asked at once. */
    assert_true(ecs_budget_saved(&budget, 86400LL * SECOND) <= 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_is_seen_and_paid_for),
        cmocka_unit_test(calls_for_why_are_few_and_paid_back),
        cmocka_unit_test(waiting_for_people_is_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
