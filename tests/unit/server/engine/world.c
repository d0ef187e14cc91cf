/*
 * Steps in words, carried out by the real engine and queue.
 */
#include "tests/unit/server/engine/world.h"

#include "common/doc.h"
#include "common/hash.h"
#include "common/str.h"
#include "server/definition/definition.h"
#include "server/engine/wait.h"
#include "server/store/pauses.h"
#include "server/store/projects.h"
#include "server/store/runners.h"
#include "server/store/stage_runs.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNNER "00000000-0000-4000-8000-000000000001"

static const char *const all_providers[] = {"CodeCommit", "GitHub",   "CodeStarSourceConnection", "CodeBuild",
                                            "ECS",        "Commands", "CloudWatchAlarm",          "LambdaInvoke"};
#define PROVIDERS (sizeof all_providers / sizeof all_providers[0])

static int64_t wall_now(void *context) {
    return ((struct world *)context)->wall_ms;
}

static int64_t boot_now(void *context) {
    return ((struct world *)context)->boot_ms;
}

static void note_wake(void *context, const char *topic) {
    struct world *world = context;
    size_t length = strlen(world->topics);
    (void)snprintf(world->topics + length, sizeof world->topics - length, "%s ", topic);
}

bool world_write(struct world *world, db_work *work, void *context, struct err *err) {
    return db_write(world->db, work, context, err);
}

/* ---- definitions ---- */

struct definition_work {
    struct world *world;
    bool create, put;
};

/* A test that has custom action types puts them into the store itself. */
static const struct custom_types any_type = {.any = true};

static const struct pipeline *read_definition(struct world *world) {
    const struct json *document = NULL;
    struct definition_result result;
    struct err err = {0};
    const char *text = world->definition;
    const char *version = strstr(text, "VERSION");
    if (version)
        text = arena_printf(&world->arena, "%.*s%d%s", (int)(version - text), text, world->updates,
                            version + strlen("VERSION"));
    if (!doc_parse(&world->arena, "test.yml", text, strlen(text), &document, &err))
        fail_msg("%s", err.message);
    if (!definition_check(&world->arena, document, DEFINITION_FILE, &any_type, &result))
        fail_msg("%s", result.errors.count ? result.errors.list[0].message : "the definition is wrong");
    return result.pipeline;
}

static bool do_definition(struct tx *tx, void *context, struct err *err) {
    const struct definition_work *work = context;
    struct arena *arena = &work->world->arena;
    const struct engine_definition definition = {.pipeline = read_definition(work->world), .origin = ORIGIN_API};
    if (work->create)
        return engine_create_pipeline(tx, arena, &definition, err);
    return work->put ? engine_put_pipeline(tx, arena, &definition, NULL, err)
                     : engine_update_pipeline(tx, arena, &definition, err);
}

static bool do_delete(struct tx *tx, void *context, struct err *err) {
    struct world *world = context;
    return engine_delete_pipeline(tx, &world->arena, "shop", "tester", err);
}

static bool add_surroundings(struct tx *tx, void *context, struct err *err) {
    (void)context;
    const uint8_t hash[SHA256_BYTES] = {1};
    const struct runner_row runner = {.id = RUNNER, .name = "runner-1", .version = "1"};
    const struct project_row project = {
        .name = "shop", .document = "{\"source\":{\"type\":\"CODEPIPELINE\"},\"environment\":{\"image\":\"x\"}}"};
    /* What fails of it is tried again, once. */
    const struct project_row stubborn = {
        .name = "stubborn",
        .document = "{\"source\":{\"type\":\"CODEPIPELINE\"},\"environment\":{\"image\":\"x\"},\"autoRetryLimit\":1}"};
    return runners_add(tx, &runner, hash, err) && projects_add(tx, &project, err) && projects_add(tx, &stubborn, err);
}

void world_open(struct world *world, const char *definition) {
    struct err err = {0};
    *world = (struct world){.wall_ms = 1700000000000, .boot_ms = 5000, .definition = definition};
    world->clock = (struct clock){.wall_ms = wall_now, .boot_ms = boot_now, .context = world};
    assert_true(db_open(":memory:", &world->clock, note_wake, world, &world->db, &err));
    assert_true(world_write(world, add_surroundings, NULL, &err));
    struct definition_work work = {.world = world, .create = true};
    if (!world_write(world, do_definition, &work, &err))
        fail_msg("%s", err.message);
}

void world_close(struct world *world) {
    db_close(world->db);
    arena_release(&world->arena);
}

/* ---- looking ---- */

struct find {
    struct world *world;
    int64_t number;
    const char *action;
    struct execution_row execution;
    struct action_run_row run;
    struct job_row job;
    struct condition_row condition;
    const char *text;
};

/* The pipeline of that name, or the deleted one: there is one in a world. */
static bool find_execution(struct tx *tx, void *context, struct err *err) {
    struct find *find = context;
    struct execution_row *rows = NULL;
    size_t count = 0;
    if (!executions_list(tx, &find->world->arena, 1, find->number + 1, 1, &rows, &count, err))
        return false;
    if (count != 1 || rows[0].number != find->number)
        return err_set(err, ERR_NOT_FOUND, "no execution %d", (int)find->number);
    find->execution = rows[0];
    return true;
}

static bool find_action(struct tx *tx, void *context, struct err *err) {
    struct find *find = context;
    struct action_run_row *rows = NULL;
    size_t count = 0;
    if (!find_execution(tx, context, err) ||
        !action_runs_list(tx, &find->world->arena, find->execution.id, &rows, &count, err))
        return false;
    for (size_t i = count; i-- > 0;) {
        if (str_equal(rows[i].action, find->action)) {
            find->run = rows[i];
            return true;
        }
    }
    if (!action_runs_list_rules_of(tx, &find->world->arena, find->execution.id, false, 0, 1000, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (str_equal(rows[i].action, find->action)) {
            find->run = rows[i];
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "execution %d has no run of '%s'", (int)find->number, find->action);
}

static bool find_job(struct tx *tx, void *context, struct err *err) {
    struct find *find = context;
    bool found = false;
    return find_action(tx, context, err) &&
           job_rows_of_action(tx, &find->world->arena, find->run.id, &found, &find->job, err) &&
           (found || err_set(err, ERR_NOT_FOUND, "'%s' has no job", find->action));
}

static struct find must_find(struct world *world, int64_t number, const char *action, db_work *work) {
    struct find find = {.world = world, .number = number, .action = action};
    struct err err = {0};
    if (!db_read(world->db, work, &find, &err))
        fail_msg("%s", err.message);
    return find;
}

struct execution_row world_execution(struct world *world, int64_t number) {
    return must_find(world, number, NULL, find_execution).execution;
}

struct action_run_row world_action(struct world *world, int64_t number, const char *action) {
    return must_find(world, number, action, find_action).run;
}

struct job_row world_job(struct world *world, int64_t number, const char *action) {
    return must_find(world, number, action, find_job).job;
}

static bool find_condition(struct tx *tx, void *context, struct err *err) {
    struct find *find = context;
    return find_action(tx, context, err) &&
           conditions_get(tx, &find->world->arena, find->run.condition_id, &find->condition, err);
}

struct condition_row world_condition(struct world *world, int64_t number, const char *rule) {
    return must_find(world, number, rule, find_condition).condition;
}

static bool find_wait(struct tx *tx, void *context, struct err *err) {
    struct find *find = context;
    return find_execution(tx, context, err) &&
           wait_of_execution(tx, &find->world->arena, &find->execution, &find->text, err);
}

const char *world_wait(struct world *world, int64_t number) {
    return must_find(world, number, NULL, find_wait).text;
}

static void show_runs(const struct action_run_row *runs, size_t count, const char *mark, const char **separator,
                      struct str *out) {
    for (size_t i = 0; i < count; i++) {
        if (runs[i].status != ACTION_IN_PROGRESS)
            continue;
        str_printf(out, "%s%s%s", *separator, mark, runs[i].action);
        *separator = ",";
    }
}

static bool show_inside(struct tx *tx, struct world *world, const struct execution_row *execution, struct str *out,
                        struct err *err) {
    struct stage_run_row stage;
    struct action_run_row *runs = NULL;
    bool found = false;
    size_t count = 0;
    if (!stage_runs_get(tx, &world->arena, execution->id, execution->stage_index, &found, &stage, err) ||
        !action_runs_list_stage(tx, &world->arena, stage.id, &runs, &count, err))
        return false;
    str_printf(out, " %s:", stage.name);
    const char *separator = "";
    show_runs(runs, count, "", &separator, out);
    if (stage.condition_id) {
        if (!action_runs_list_condition(tx, &world->arena, stage.condition_id, &runs, &count, err))
            return false;
        show_runs(runs, count, "?", &separator, out);
    }
    return true;
}

static bool show_one(struct tx *tx, struct world *world, const struct execution_row *execution, struct str *out,
                     struct err *err) {
    str_printf(out, "%s%d", out->length ? " | " : "", (int)execution->number);
    if (execution->status != EXECUTION_IN_PROGRESS)
        str_printf(out, " %s", execution_status_name(execution->status));
    if (execution->place == PLACE_WAITING) {
        const struct pipeline *definition = read_definition(world);
        str_printf(out, " >%s", definition->stages[execution->stage_index].name);
    }
    return execution->place != PLACE_INSIDE || show_inside(tx, world, execution, out, err);
}

static bool show(struct tx *tx, void *context, struct err *err) {
    struct find *find = context;
    struct execution_row *rows = NULL;
    size_t count = 0;
    struct str out = STR_INIT(65536);
    bool ok = executions_list(tx, &find->world->arena, 1, 0, 1000, &rows, &count, err);
    for (size_t i = count; ok && i-- > 0;)
        ok = show_one(tx, find->world, &rows[i], &out, err);
    find->text = arena_strdup(&find->world->arena, str_text(&out));
    str_release(&out);
    return ok;
}

const char *world_show(struct world *world) {
    return must_find(world, 0, NULL, show).text;
}

/* ---- what runners do ---- */

struct order {
    struct world *world;
    int64_t number;
    const char *verb;
    const char *what; /* or NULL */
    const struct wire_result *result;
};

/* Leases and acknowledges until the job runs. */
static bool take(struct tx *tx, struct world *world, const char *job_id, struct job_row *out, struct err *err) {
    for (;;) {
        const char *leased = NULL;
        char claim[UUID_SIZE];
        hash_uuid(claim);
        const struct wire_lease lease = {
            .claim_id = claim, .providers = all_providers, .provider_count = PROVIDERS, .wait_seconds = 0};
        if (!job_rows_get(tx, &world->arena, job_id, out, err))
            return false;
        if (out->state != JOB_QUEUED)
            break;
        if (!queue_lease(tx, &world->arena, RUNNER, &lease, &leased, err) || !leased)
            return err_set(err, ERR_INTERNAL, "the queue has nothing");
    }
    const struct queue_fence fence = {.job_id = job_id, .token = out->token, .runner_id = RUNNER};
    return out->state == JOB_DONE ||
           (queue_acknowledge(tx, &fence, err) && job_rows_get(tx, &world->arena, job_id, out, err));
}

static bool upload(struct tx *tx, struct world *world, const struct queue_fence *fence,
                   const struct action_run_row *run, struct err *err) {
    const struct json *names = NULL;
    assert_true(json_parse(&world->arena, run->outputs, strlen(run->outputs), &names, err));
    json_each(name, names) {
        char sha[SHA256_HEX_SIZE];
        hash_sha256_hex(name->text, strlen(name->text), sha);
        if (!queue_put_artifact(tx, &world->arena, fence, name->text, arena_strdup(&world->arena, sha), 7, err))
            return false;
    }
    return true;
}

/* The deploy waits for a person, or goes on. */
static bool tell_pause(struct tx *tx, const struct order *order, const struct queue_fence *fence, struct err *err) {
    struct arena *arena = &order->world->arena;
    struct json *deployment = json_object(arena);
    json_set_text(arena, deployment, "kind", "ECS");
    if (str_equal(order->verb, "pause")) {
        struct json *pause = json_set_object(arena, deployment, "pause");
        json_set_text(arena, pause, "id", "hook-1");
        json_set_text(arena, pause, "sentence", "look at it");
    }
    const struct wire_progress progress = {.token = fence->token, .percent = -1, .deployment = deployment};
    return queue_progress(tx, arena, fence, &progress, err);
}

static bool work_on_job(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    struct find find = {.world = order->world, .number = order->number, .action = order->what};
    struct job_row job;
    if (!find_job(tx, &find, err) || !take(tx, order->world, find.job.id, &job, err))
        return false;
    const struct queue_fence fence = {.job_id = job.id, .token = job.token, .runner_id = RUNNER};
    struct arena *arena = &order->world->arena;
    if (str_equal(order->verb, "mark")) {
        struct json *mark = json_object(arena);
        json_set_text(arena, mark, "intent", "deploy");
        return queue_checkpoint(tx, &fence, mark, err);
    }
    if (str_equal(order->verb, "pause") || str_equal(order->verb, "go"))
        return tell_pause(tx, order, &fence, err);
    if (str_equal(order->verb, "upload"))
        return upload(tx, order->world, &fence, &find.run, err);
    if (!order->result)
        return true;
    struct wire_result result = *order->result;
    result.token = job.token;
    if (result.outcome == WIRE_SUCCEEDED && job.state != JOB_DONE && !str_equal(order->verb, "bare") &&
        !upload(tx, order->world, &fence, &find.run, err))
        return false;
    return engine_finish_job(tx, arena, &fence, &result, err);
}

struct passing {
    struct world *world;
    struct engine_due *due;
    size_t count, next;
};

static bool list_due(struct tx *tx, void *context, struct err *err) {
    struct passing *passing = context;
    return engine_list_due(tx, &passing->world->arena, &passing->due, &passing->count, err);
}

static bool do_due(struct tx *tx, void *context, struct err *err) {
    struct passing *passing = context;
    return engine_do_due(tx, &passing->world->arena, &passing->due[passing->next], err);
}

static bool let_time_pass(struct world *world, int minutes, struct err *err) {
    struct passing passing = {.world = world};
    world->wall_ms += minutes * 60000LL;
    world->boot_ms += minutes * 60000LL;
    bool all = db_read(world->db, list_due, &passing, err);
    for (; all && passing.next < passing.count; passing.next++)
        all = world_write(world, do_due, &passing, err);
    return all;
}

bool world_upload(struct world *world, int64_t number, const char *action, struct err *err) {
    struct order order = {.world = world, .number = number, .verb = "upload", .what = action};
    return world_write(world, work_on_job, &order, err);
}

bool world_finish(struct world *world, int64_t number, const char *action, const struct wire_result *result,
                  struct err *err) {
    struct order order = {.world = world, .number = number, .verb = "bare", .what = action, .result = result};
    return world_write(world, work_on_job, &order, err);
}

/* ---- what people do ---- */

struct start_work {
    struct world *world;
    const struct engine_start_request *request;
    const char *uuid;
};

static bool do_start(struct tx *tx, void *context, struct err *err) {
    struct start_work *work = context;
    return engine_start(tx, &work->world->arena, work->request, &work->uuid, err);
}

const char *world_start(struct world *world, const struct engine_start_request *request, struct err *err) {
    struct start_work work = {.world = world, .request = request};
    return world_write(world, do_start, &work, err) ? work.uuid : NULL;
}

static bool do_stop(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    struct find find = {.world = order->world, .number = order->number};
    if (!find_execution(tx, &find, err))
        return false;
    const struct engine_stop_request request = {
        .pipeline = "shop",
        .execution = find.execution.uuid,
        .abandon = str_equal(order->verb, "abandon"),
        .reason = "because",
        .by = "tester",
    };
    return engine_stop(tx, &order->world->arena, &request, err);
}

static bool do_answer(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    struct find find = {.world = order->world, .number = order->number, .action = order->what};
    int64_t answered_ms = 0;
    struct pause_row pause = {.token = "3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"};
    bool paused = false;
    if (!find_action(tx, &find, err) || !pauses_newest(tx, &order->world->arena, find.run.id, &paused, &pause, err))
        return false;
    const struct engine_answer answer = {
        .pipeline = "shop",
        .stage = find.run.stage,
        .action = order->what,
        .token = find.run.approval_token ? find.run.approval_token : pause.token,
        .approved = str_equal(order->verb, "approve"),
        .summary = "as said",
        .by = "arn:aws:iam::123456789012:user/tester",
    };
    return engine_answer_approval(tx, &order->world->arena, &answer, &answered_ms, err);
}

static bool do_give_up(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    struct find find = {.world = order->world, .number = order->number, .action = order->what};
    if (!find_action(tx, &find, err))
        return false;
    const struct engine_abandon_request request = {
        .pipeline = "shop",
        .execution = find.execution.uuid,
        .stage = find.run.stage,
        .action = order->what,
        .by = "tester",
    };
    return engine_abandon_action(tx, &order->world->arena, &request, err);
}

static bool do_retry(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    struct find find = {.world = order->world, .number = order->number};
    if (!find_execution(tx, &find, err))
        return false;
    const struct engine_retry_request request = {
        .pipeline = "shop",
        .stage = order->what,
        .execution = find.execution.uuid,
        .mode = str_equal(order->verb, "retryall") ? RETRY_ALL_ACTIONS : RETRY_FAILED_ACTIONS,
        .by = "tester",
    };
    return engine_retry_stage(tx, &order->world->arena, &request, err);
}

static bool do_rollback(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    struct find find = {.world = order->world, .number = order->number};
    const char *execution = NULL;
    if (!find_execution(tx, &find, err))
        return false;
    const struct engine_rollback_request request = {
        .pipeline = "shop", .stage = order->what, .target = find.execution.uuid, .by = "tester"};
    return engine_rollback_stage(tx, &order->world->arena, &request, &execution, err);
}

static bool do_override(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    struct find find = {.world = order->world, .number = order->number};
    struct stage_run_row stage;
    bool found = false;
    if (!find_execution(tx, &find, err) ||
        !stage_runs_get(tx, &order->world->arena, find.execution.id, find.execution.stage_index, &found, &stage, err))
        return false;
    const struct engine_override_request request = {
        .pipeline = "shop",
        .stage = order->what,
        .execution = find.execution.uuid,
        .kind = found && stage.phase == PHASE_SUCCESS ? CONDITION_ON_SUCCESS : CONDITION_BEFORE_ENTRY,
        .by = "tester",
    };
    return engine_override_condition(tx, &order->world->arena, &request, err);
}

static bool do_transition(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    const struct engine_transition_request request = {
        .pipeline = "shop",
        .stage = order->what,
        .enable = str_equal(order->verb, "open"),
        .reason = "freeze",
        .by = "tester",
    };
    return engine_set_transition(tx, &order->world->arena, &request, err);
}

/* ---- steps ---- */

static bool do_all(struct world *world, const char *verb, struct err *err) {
    if (str_equal(verb, "start")) {
        const struct engine_start_request request = {.pipeline = "shop", .trigger_type = "StartPipelineExecution"};
        return world_start(world, &request, err) != NULL;
    }
    if (str_equal(verb, "delete"))
        return world_write(world, do_delete, world, err);
    struct definition_work work = {.world = world, .put = str_equal(verb, "same")};
    if (str_equal(verb, "update"))
        world->updates++;
    return world_write(world, do_definition, &work, err);
}

static bool do_to_one(struct order *order, struct err *err) {
    static const struct wire_result done = {.outcome = WIRE_SUCCEEDED, .revision_id = "c0ffee"};
    static const struct wire_result fails = {
        .outcome = WIRE_FAILED, .error_code = "JobFailed", .error_message = "it broke"};
    static const struct wire_result stopped = {.outcome = WIRE_STOPPED};
    const char *verb = order->verb;
    db_work *work = work_on_job;
    if (str_equal(verb, "done"))
        order->result = &done;
    else if (str_equal(verb, "fails"))
        order->result = &fails;
    else if (str_equal(verb, "stopped"))
        order->result = &stopped;
    else if (str_equal(verb, "approve") || str_equal(verb, "reject"))
        work = do_answer;
    else if (str_equal(verb, "stop") || str_equal(verb, "abandon"))
        work = do_stop;
    else if (str_equal(verb, "giveup"))
        work = do_give_up;
    else if (str_equal(verb, "retry") || str_equal(verb, "retryall"))
        work = do_retry;
    else if (str_equal(verb, "rollback"))
        work = do_rollback;
    else if (str_equal(verb, "override"))
        work = do_override;
    else if (!str_equal(verb, "take") && !str_equal(verb, "mark") && !str_equal(verb, "pause") &&
             !str_equal(verb, "go"))
        fail_msg("no step '%s'", verb);
    return world_write(order->world, work, order, err);
}

bool world_do(struct world *world, const char *does, struct err *err) {
    char verb[32] = "", what[64] = "";
    int number = 0;
    if (sscanf(does, "pass %d", &number) == 1)
        return let_time_pass(world, number, err);
    if (sscanf(does, "open %63s", what) == 1 || sscanf(does, "close %63s", what) == 1) {
        struct order turn = {
            .world = world, .verb = does[0] == 'o' ? "open" : "close", .what = arena_strdup(&world->arena, what)};
        return world_write(world, do_transition, &turn, err);
    }
    if (sscanf(does, "%d %31s %63s", &number, verb, what) < 2)
        return do_all(world, does, err);
    struct order order = {.world = world,
                          .number = number,
                          .verb = arena_strdup(&world->arena, verb),
                          .what = *what ? arena_strdup(&world->arena, what) : NULL};
    return do_to_one(&order, err);
}

void world_must(struct world *world, const char *does) {
    struct err err = {0};
    if (!world_do(world, does, &err))
        fail_msg("'%s': %s", does, err.message);
}

static void check_refused(struct world *world, const struct step_in_words *step, size_t index) {
    struct err err = {0};
    const char *before = world_show(world);
    if (world_do(world, step->does, &err))
        fail_msg("step %zu, '%s', was not refused", index + 1, step->does);
    assert_string_equal(err.code ? err.code : "", step->then + 1);
    assert_string_equal(world_show(world), before);
}

void world_run(const char *definition, const struct step_in_words *steps, size_t count) {
    struct world world;
    world_open(&world, definition);
    for (size_t i = 0; i < count; i++) {
        if (steps[i].then && *steps[i].then == '!') {
            check_refused(&world, &steps[i], i);
            continue;
        }
        world_must(&world, steps[i].does);
        const char *shown = world_show(&world);
        if (steps[i].then && !str_equal(shown, steps[i].then))
            fail_msg("step %zu, '%s': expected '%s', found '%s'", i + 1, steps[i].does, steps[i].then, shown);
    }
    world_close(&world);
}
