/*
 * Random histories of the real engine, queue and store: starts, results, lost runners, approvals, stops, changes of the
 * definition, a deletion; and after every step what must always be so. At the end the world is worked off: everything
 * ends. A failure prints its seed; PENSTOCK_SEED=N runs that one history.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/engine/wait.h"
#include "tests/unit/server/engine/world.h"

#include <stdio.h>
#include <stdlib.h>

#define HISTORIES 12
#define STEPS 80

#define STAGES                                                                                                         \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "  - name: Build\n"                                                                                                \
    "    actions:\n"                                                                                                   \
    "      - {name: Image, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App],\n"          \
    "         outputArtifacts: [Images]}\n"                                                                            \
    "      - {name: Test, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App]}\n"           \
    "  - name: Release\n"                                                                                              \
    "    actions:\n"                                                                                                   \
    "      - {name: Approve, provider: Manual, configuration: {CustomData: v VERSION}, timeoutInMinutes: 600}\n"       \
    "      - {name: Deploy, provider: ECS, runOrder: 2, configuration: {ClusterName: prod, ServiceName: shop},\n"      \
    "         inputArtifacts: [Images]}\n"

static const char *const definitions[] = {
    "name: shop\n" STAGES,
    "name: shop\npipelineType: V2\nexecutionMode: QUEUED\n" STAGES,
    "name: shop\npipelineType: V2\nexecutionMode: PARALLEL\n" STAGES,
};

struct history {
    struct world world;
    uint64_t seed, state;
    int64_t started;
    const char *step;
};

static uint64_t draw(struct history *history, uint64_t below) {
    history->state = history->state * 6364136223846793005u + 1442695040888963407u;
    return (history->state >> 33) % below;
}

#define CHECK(history, condition)                                                                                      \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("after '%s': %s; run with PENSTOCK_SEED=%llu", (history)->step, #condition,                       \
                     (unsigned long long)(history)->seed);                                                             \
    } while (0)

/* ---- what must always be so ---- */

struct looking {
    struct history *history;
    struct execution_row *active;
    size_t count;
};

/* What is in progress is in somebody's hands: a person's, or the queue's. */
static void check_action(struct tx *tx, struct history *history, const struct action_run_row *run, struct err *err) {
    struct job_row job;
    bool found = false;
    CHECK(history, job_rows_of_action(tx, &history->world.arena, run->id, &found, &job, err));
    bool waits_for_target = run->target && !run->holds_target;
    CHECK(history, found == (!run->approval_token && !waits_for_target));
    if (found && run->status == ACTION_IN_PROGRESS)
        CHECK(history, job.state != JOB_DONE);
    if (found && run->status != ACTION_IN_PROGRESS)
        CHECK(history, job.state == JOB_DONE || job.cancel == JOB_CANCEL_ABANDON);
    if (found && job.state != JOB_DONE && job.state != JOB_QUEUED)
        CHECK(history, job.runner_id && job.deadline_boot_ms > history->world.boot_ms);
}

static bool check_execution(struct tx *tx, struct history *history, const struct execution_row *execution,
                            struct err *err) {
    struct action_run_row *runs = NULL;
    const char *wait = NULL;
    size_t count = 0, working = 0;
    if (!action_runs_list(tx, &history->world.arena, execution->id, &runs, &count, err) ||
        !wait_of_execution(tx, &history->world.arena, execution, &wait, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        check_action(tx, history, &runs[i], err);
        working += runs[i].status == ACTION_IN_PROGRESS;
    }
    CHECK(history, (working > 0) == (execution->place == PLACE_INSIDE));
    CHECK(history, execution->place != PLACE_WAITING || wait); /* for somebody with a number */
    return true;
}

static bool check_all(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    struct execution_row *rows = NULL;
    size_t count = 0;
    if (!executions_list(tx, &looking->history->world.arena, 1, 0, 1000, &rows, &count, err))
        return false;
    CHECK(looking->history, (int64_t)count == looking->history->started); /* every accepted start is there */
    for (size_t i = 0; i < count; i++) {
        if (!check_execution(tx, looking->history, &rows[i], err))
            return false;
    }
    return true;
}

static void check_world(struct history *history) {
    struct looking looking = {.history = history};
    struct err err = {0};
    if (!db_read(history->world.db, check_all, &looking, &err))
        fail_msg("%s", err.message);
}

/* ---- steps ---- */

/* A step that the state may not allow: a refusal is fine, where it says what kind, and is no fault of ours. */
static void attempt(struct history *history, const char *step) {
    struct err err = {0};
    history->step = step;
    if (!world_do(&history->world, step, &err)) {
        if (err.kind == ERR_INTERNAL && !str_equal(err.message, "the queue has nothing"))
            fail_msg("'%s': %s; run with PENSTOCK_SEED=%llu", step, err.message, (unsigned long long)history->seed);
    } else if (str_equal(step, "start")) {
        history->started++;
    }
    check_world(history);
}

static const char *random_step(struct history *history) {
    static const char *const actions[] = {"App", "Image", "Test", "Deploy"};
    static const char *const ends[] = {"done", "done", "done", "fails", "stopped", "take", "take", "mark"};
    struct arena *arena = &history->world.arena;
    int number = (int)(history->started - (int64_t)draw(history, 4));
    uint64_t dice = draw(history, 100);
    if (dice < 12 || number < 1)
        return "start";
    if (dice < 75)
        return arena_printf(arena, "%d %s %s", number, ends[draw(history, 8)], actions[draw(history, 4)]);
    if (dice < 82)
        return arena_printf(arena, "%d %s Approve", number, draw(history, 4) ? "approve" : "reject");
    if (dice < 86)
        return arena_printf(arena, "%d abandon", number);
    if (dice < 88)
        return arena_printf(arena, "%d stop", number);
    if (dice < 90)
        return arena_printf(arena, "%d giveup %s", number, actions[draw(history, 4)]);
    if (dice < 96)
        return draw(history, 2) ? "pass 1" : "pass 2";
    return dice < 98 ? "update" : "same";
}

/* ---- the end ---- */

static bool list_active(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    return executions_active(tx, &looking->history->world.arena, 1, &looking->active, &looking->count, err);
}

static void work_off(struct history *history) {
    static const char *const actions[] = {"App", "Image", "Test", "Deploy"};
    struct looking looking = {.history = history};
    struct err err = {0};
    for (int round = 0; round < 500; round++) {
        assert_true(db_read(history->world.db, list_active, &looking, &err));
        if (looking.count == 0)
            return;
        for (size_t i = 0; i < looking.count; i++) {
            int number = (int)looking.active[i].number;
            for (size_t j = 0; j < 4; j++)
                attempt(history, arena_printf(&history->world.arena, "%d done %s", number, actions[j]));
            attempt(history, arena_printf(&history->world.arena, "%d approve Approve", number));
        }
    }
    history->step = "the end";
    CHECK(history, looking.count == 0);
}

static void run_history(uint64_t seed) {
    struct history history = {.seed = seed, .state = seed * 2654435761u + 1};
    world_open(&history.world, definitions[seed % 3]);
    for (int i = 0; i < STEPS; i++)
        attempt(&history, random_step(&history));
    if (draw(&history, 4) == 0)
        attempt(&history, "delete");
    work_off(&history);
    world_close(&history.world);
}

static void random_histories_keep_every_rule(void **state) {
    (void)state;
    const char *only = getenv("PENSTOCK_SEED"), *many = getenv("PENSTOCK_HISTORIES");
    uint64_t last = many ? strtoull(many, NULL, 10) : HISTORIES;
    if (only) {
        run_history(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= last; seed++)
        run_history(seed);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_histories_keep_every_rule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
