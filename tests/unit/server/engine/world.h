/*
 * A small world for tests of the engine and the queue: a database in memory, clocks moved by hand, one runner that can
 * do everything, and steps in words. A test is a table of steps: what is done, and how all executions stand then.
 *
 *     {"start", "1 Source:App"}                 execution 1 is in stage Source, where action App runs
 *     {"start", "1 Source:App | 2 >Source"}     execution 2 waits in front of Source
 *     {"start", "1 Source:?window"}             it is asked the rule "window"
 *     {"1 done App", "1 Build:Image | 2 Source:App"}
 *
 * What can be done: start; N done ACTION; N fails ACTION; N stopped ACTION (the runner saw it undone); N take ACTION (a
 * runner begins it); N mark ACTION (and leaves a checkpoint); N pause ACTION (its deploy asks a person); N go ACTION
 * (and asks no more); N approve ACTION; N reject ACTION (the newest question of it); N stop; N abandon;
 * N giveup ACTION; N retry STAGE; N retryall STAGE; N rollback STAGE (back to N); N override STAGE (what it is asked);
 * close STAGE; open STAGE; update; same (the definition again, as it is); delete; pass MINUTES (leases last one).
 */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include "server/engine/engine.h"
#include "server/store/action_runs.h"
#include "server/store/conditions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct db *db;
    struct clock clock;
    int64_t wall_ms;
    int64_t boot_ms;
    struct arena arena;
    const char *definition; /* YAML; VERSION in it is the number of updates */
    int updates;
    char topics[4096]; /* what was woken since the last look */
};

struct step_in_words {
    const char *does;
    const char *then; /* NULL: not looked at. "!CodeException": the step is refused with that, nothing changes */
};

/* Opens the world with one pipeline, named "shop". */
void world_open(struct world *world, const char *definition);
void world_close(struct world *world);

/* Opens the world, does all steps, closes it. */
void world_run(const char *definition, const struct step_in_words *steps, size_t count);
#define RUN(definition, steps) world_run((definition), (steps), sizeof(steps) / sizeof((steps)[0]))

/* One step; false with *err where it was refused. */
bool world_do(struct world *world, const char *does, struct err *err);
/* How all executions stand. */
const char *world_show(struct world *world);
/* Does a step that must succeed. */
void world_must(struct world *world, const char *does);

/* In one transaction. */
bool world_write(struct world *world, db_work *work, void *context, struct err *err);

/* Rows by execution number and action name; the test fails where there is none. */
struct execution_row world_execution(struct world *world, int64_t number);
struct action_run_row world_action(struct world *world, int64_t number, const char *action);
struct job_row world_job(struct world *world, int64_t number, const char *action);
/* The condition that the rule belongs to. */
struct condition_row world_condition(struct world *world, int64_t number, const char *rule);
const char *world_wait(struct world *world, int64_t number);

/* Starts with a request of the test's own; its uuid, or NULL with *err. */
const char *world_start(struct world *world, const struct engine_start_request *request, struct err *err);

/* Uploads what the action declares as its output. */
bool world_upload(struct world *world, int64_t number, const char *action, struct err *err);

/* Ends the job of an action as the runner would, without uploading anything; false with *err where it is refused. */
bool world_finish(struct world *world, int64_t number, const char *action, const struct wire_result *result,
                  struct err *err);

#endif
