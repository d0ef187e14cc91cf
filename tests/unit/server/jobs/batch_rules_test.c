/*
 * What a batch does next: the rules one by one, then random graphs with random endings, and what must always be so.
 * A failure prints the seed; PENSTOCK_SEED=N runs that one alone.
 */
#include "server/jobs/batch_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROUPS_MAX 12

/* ---- one by one ---- */

/* "W" waits, "R" runs, "S" succeeded, "F" failed, "I" failed with ignore-failure; the second group needs the first, the
 * third the second. Says "start 1,2; stop 0; FAILED". */
static const char *decided(struct arena *arena, const char *states, bool chain, bool fast_fail, enum batch_stop stop) {
    static const size_t before[] = {0, 1, 2, 3};
    struct batch_rule_group groups[4] = {0};
    struct batch_decision decision;
    size_t count = strlen(states);
    for (size_t i = 0; i < count; i++) {
        groups[i].state = states[i] == 'W'   ? BATCH_GROUP_WAITING
                          : states[i] == 'R' ? BATCH_GROUP_RUNNING
                          : states[i] == 'S' ? BATCH_GROUP_SUCCEEDED
                                             : BATCH_GROUP_FAILED;
        groups[i].ignore_failure = states[i] == 'I';
        groups[i].depends_on = i > 0 ? &before[i - 1] : NULL;
        groups[i].depend_count = chain && i > 0;
    }
    const struct batch_rule_view view = {
        .groups = groups, .count = count, .was_read = true, .fast_fail = fast_fail, .stop = stop};
    batch_decide(arena, &view, &decision);
    const char *text = "";
    for (size_t i = 0; i < decision.start_count; i++)
        text = arena_printf(arena, "%sstart %zu;", text, decision.start[i]);
    for (size_t i = 0; i < decision.stop_count; i++)
        text = arena_printf(arena, "%sstop %zu;", text, decision.stop[i]);
    return arena_printf(arena, "%s%s%s", text, decision.fails_fast ? "fails fast;" : "",
                        decision.ended ? build_status_name(decision.status) : "");
}

static void lists(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(decided(&arena, "WWW", false, false, BATCH_STOP_NONE), "start 0;start 1;start 2;");
    assert_string_equal(decided(&arena, "RSF", false, false, BATCH_STOP_NONE), "");
    assert_string_equal(decided(&arena, "RSF", false, true, BATCH_STOP_NONE), "stop 0;fails fast;");
    assert_string_equal(decided(&arena, "WSF", false, true, BATCH_STOP_NONE), "fails fast;FAILED");
    assert_string_equal(decided(&arena, "RSI", false, true, BATCH_STOP_NONE), "");
    assert_string_equal(decided(&arena, "SSS", false, false, BATCH_STOP_NONE), "SUCCEEDED");
    assert_string_equal(decided(&arena, "SSI", false, false, BATCH_STOP_NONE), "SUCCEEDED");
    assert_string_equal(decided(&arena, "SSF", false, false, BATCH_STOP_NONE), "FAILED");
}

static void graphs(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(decided(&arena, "WWW", true, false, BATCH_STOP_NONE), "start 0;");
    assert_string_equal(decided(&arena, "RWW", true, false, BATCH_STOP_NONE), "");
    assert_string_equal(decided(&arena, "SWW", true, false, BATCH_STOP_NONE), "start 1;");
    assert_string_equal(decided(&arena, "IWW", true, false, BATCH_STOP_NONE), "start 1;");
    assert_string_equal(decided(&arena, "FWW", true, false, BATCH_STOP_NONE), "FAILED");
    assert_string_equal(decided(&arena, "SFW", true, false, BATCH_STOP_NONE), "FAILED");
}

static void stops(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(decided(&arena, "RRW", false, false, BATCH_STOP_ASKED), "stop 0;stop 1;");
    assert_string_equal(decided(&arena, "FSW", false, false, BATCH_STOP_ASKED), "STOPPED");
    assert_string_equal(decided(&arena, "FSW", false, false, BATCH_STOP_TIMEOUT), "TIMED_OUT");
    assert_string_equal(decided(&arena, "SSS", false, false, BATCH_STOP_ASKED), "SUCCEEDED");
    assert_string_equal(decided(&arena, "S", false, false, BATCH_STOP_FAILED), "FAILED");
    /* It was stopped while its buildspec was read. */
    const struct batch_rule_group read = {.state = BATCH_GROUP_SUCCEEDED};
    const struct batch_rule_view view = {.groups = &read, .count = 1, .stop = BATCH_STOP_ASKED};
    struct batch_decision decision;
    batch_decide(&arena, &view, &decision);
    assert_true(decision.ended && decision.status == BUILD_STOPPED);
}

/* ---- random ---- */

struct world {
    uint64_t random;
    struct batch_rule_group groups[GROUPS_MAX];
    size_t edges[GROUPS_MAX][GROUPS_MAX];
    size_t count;
    int starts[GROUPS_MAX];
    bool fast_fail;
    enum batch_stop stop;
};

static unsigned roll(struct world *world, unsigned sides) {
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (unsigned)(world->random % sides);
}

/* Groups only depend on those before them in an order that the numbers do not show. */
static void make_world(struct world *world) {
    size_t order[GROUPS_MAX];
    world->count = 1 + roll(world, GROUPS_MAX);
    world->fast_fail = roll(world, 3) == 0;
    for (size_t i = 0; i < world->count; i++)
        order[i] = i;
    for (size_t i = world->count; i-- > 1;) {
        size_t other = roll(world, (unsigned)i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    for (size_t i = 0; i < world->count; i++) {
        struct batch_rule_group *group = &world->groups[order[i]];
        group->ignore_failure = roll(world, 4) == 0;
        group->depends_on = world->edges[order[i]];
        for (size_t j = 0; j < i; j++)
            if (roll(world, 3) == 0)
                world->edges[order[i]][group->depend_count++] = order[j];
    }
}

static bool is_good(const struct batch_rule_group *group) {
    return group->state == BATCH_GROUP_SUCCEEDED || (group->state == BATCH_GROUP_FAILED && group->ignore_failure);
}

static void start(struct world *world, size_t number, bool calm) {
    struct batch_rule_group *group = &world->groups[number];
    assert_true(calm);
    assert_int_equal(group->state, BATCH_GROUP_WAITING);
    assert_int_equal(++world->starts[number], 1);
    for (size_t i = 0; i < group->depend_count; i++)
        assert_true(is_good(&world->groups[group->depends_on[i]]));
    group->state = BATCH_GROUP_RUNNING;
}

/* Something that runs ends, or somebody stops the batch. False where nothing runs. */
static bool let_something_happen(struct world *world) {
    size_t running[GROUPS_MAX], count = 0;
    for (size_t i = 0; i < world->count; i++)
        if (world->groups[i].state == BATCH_GROUP_RUNNING)
            running[count++] = i;
    if (count == 0)
        return false;
    if (world->stop == BATCH_STOP_NONE && roll(world, 30) == 0)
        world->stop = roll(world, 2) ? BATCH_STOP_ASKED : BATCH_STOP_TIMEOUT;
    world->groups[running[roll(world, (unsigned)count)]].state =
        roll(world, 3) ? BATCH_GROUP_SUCCEEDED : BATCH_GROUP_FAILED;
    return true;
}

static void check_end(const struct world *world, const struct batch_decision *decision) {
    bool good = true;
    for (size_t i = 0; i < world->count; i++) {
        const struct batch_rule_group *group = &world->groups[i];
        assert_int_not_equal(group->state, BATCH_GROUP_RUNNING);
        good = good && is_good(group);
        if (group->state != BATCH_GROUP_WAITING || world->stop != BATCH_STOP_NONE)
            continue;
        /* What was not built waits in vain. */
        bool blocked = false;
        for (size_t j = 0; j < group->depend_count; j++)
            blocked = blocked || !is_good(&world->groups[group->depends_on[j]]);
        assert_true(blocked);
    }
    if (good)
        assert_int_equal(decision->status, BUILD_SUCCEEDED);
    else if (world->stop == BATCH_STOP_ASKED)
        assert_int_equal(decision->status, BUILD_STOPPED);
    else if (world->stop == BATCH_STOP_TIMEOUT)
        assert_int_equal(decision->status, BUILD_TIMED_OUT);
    else
        assert_int_equal(decision->status, BUILD_FAILED);
}

static void run_world(uint64_t seed) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct world world = {.random = seed * 0x9E3779B97F4A7C15ULL + 1};
    make_world(&world);
    for (int steps = 0; steps < 100; steps++) {
        struct batch_rule_view view = {.groups = world.groups,
                                       .count = world.count,
                                       .was_read = true,
                                       .fast_fail = world.fast_fail,
                                       .stop = world.stop};
        struct batch_decision decision;
        bool calm = world.stop == BATCH_STOP_NONE;
        for (size_t i = 0; i < world.count; i++)
            calm = calm &&
                   !(world.fast_fail && world.groups[i].state == BATCH_GROUP_FAILED && !world.groups[i].ignore_failure);
        batch_decide(&arena, &view, &decision);
        for (size_t i = 0; i < decision.start_count; i++)
            start(&world, decision.start[i], calm);
        for (size_t i = 0; i < decision.stop_count; i++)
            assert_true(!calm && world.groups[decision.stop[i]].state == BATCH_GROUP_RUNNING);
        if (decision.fails_fast)
            world.stop = BATCH_STOP_FAILED;
        if (decision.ended) {
            check_end(&world, &decision);
            return;
        }
        assert_true(let_something_happen(&world));
    }
    fail_msg("the batch never ended");
}

static uint64_t current_seed;

static int print_seed(void **state) {
    (void)state;
    print_message("last seed: %llu\n", (unsigned long long)current_seed);
    return 0;
}

static void random_graphs_with_random_endings(void **state) {
    (void)state;
    const char *given = getenv("PENSTOCK_SEED");
    uint64_t first = given ? strtoull(given, NULL, 10) : 1;
    uint64_t last = given ? first : 20000;
    for (uint64_t seed = first; seed <= last; seed++) {
        current_seed = seed;
        run_world(seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(graphs),
        cmocka_unit_test(stops),
        cmocka_unit_test_teardown(random_graphs_with_random_endings, print_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
