/*
 * Schedules under every kind of clock: evenly, set back and forth, with changes of summer time, and with a server that
 * was away. Each test says what starts, as a list of instants.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/definition/definition.h"
#include "server/store/events.h"
#include "server/store/schedules.h"
#include "tests/unit/server/engine/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHOP                                                                                                           \
    "name: shop\n"                                                                                                     \
    "executionMode: QUEUED\n"                                                                                          \
    "pipelineType: V2\n"                                                                                               \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions: [{name: App, provider: CodeCommit, outputArtifacts: [App],\n"                                        \
    "               configuration: {RepositoryName: shop, BranchName: main}}]\n"                                       \
    "  - {name: Next, actions: [{name: Look, provider: Manual}]}\n"

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEARS_10 (3652 * DAY)

static struct world world;

/* "2026-11-23T12:00:00Z" */
static int64_t at(const char *text) {
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    assert_true(rest && !*rest);
    return (int64_t)timegm(&parts) * 1000;
}

static const char *show_time(int64_t ms) {
    char text[CLOCK_TEXT_SIZE];
    clock_format_rfc3339(ms, text);
    return arena_printf(&world.arena, "%.16s", text);
}

static void open_at(const char *text) {
    world_open(&world, SHOP);
    world.wall_ms = at(text);
}

/* ---- what is done ---- */

static struct engine_schedule_request request;

static bool do_put(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return engine_put_schedule(tx, &world.arena, &request, err);
}

static bool try_put(const char *name, const char *expression, const char *zone, struct err *err) {
    request = (struct engine_schedule_request){
        .pipeline = "shop", .name = name, .expression = expression, .time_zone = zone, .enabled = true};
    return world_write(&world, do_put, NULL, err);
}

static void put(const char *name, const char *expression, const char *zone) {
    struct err err = {0};
    if (!try_put(name, expression, zone, &err))
        fail_msg("%s", err.message);
}

static void disable(const char *name, const char *expression, const char *zone) {
    struct err err = {0};
    request = (struct engine_schedule_request){
        .pipeline = "shop", .name = name, .expression = expression, .time_zone = zone, .enabled = false};
    assert_true(world_write(&world, do_put, NULL, &err));
}

static bool do_recompute(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return engine_recompute_schedules(tx, err);
}

static bool do_open(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return engine_open(tx, err);
}

/* The thread of the clock wakes up: everything that is due, in a transaction each. */
static void wake(void) {
    struct err err = {0};
    if (!world_do(&world, "pass 0", &err))
        fail_msg("%s", err.message);
}

/* Both clocks go on, with a look whenever something is due. */
static bool find_next(struct tx *tx, void *context, struct err *err) {
    return engine_next_deadline(tx, context, err);
}

static void go_on(int64_t ms) {
    int64_t end = world.boot_ms + ms, next = 0;
    struct err err = {0};
    for (int looks = 0;; looks++) {
        assert_true(looks < 100000);
        if (!db_read(world.db, find_next, &next, &err))
            fail_msg("%s", err.message);
        if (next > end)
            break;
        if (next > world.boot_ms) {
            world.wall_ms += next - world.boot_ms;
            world.boot_ms = next;
        }
        wake();
    }
    world.wall_ms += end - world.boot_ms;
    world.boot_ms = end;
    wake();
}

/* Somebody sets the wall clock; the thread sees it. */
static void set_clock(int64_t wall_ms) {
    struct err err = {0};
    world.wall_ms = wall_ms;
    assert_true(world_write(&world, do_recompute, NULL, &err));
    wake();
}

/* The machine is off for that long, or only the server. */
static void be_away(int64_t ms) {
    struct err err = {0};
    world.wall_ms += ms;
    world.boot_ms = 7000;
    assert_true(world_write(&world, do_open, NULL, &err));
    wake();
}

/* ---- what is seen ---- */

struct seen {
    struct event_row *events;
    size_t count;
    struct schedule_row *schedules;
    size_t schedule_count;
};

static bool look(struct tx *tx, void *context, struct err *err) {
    struct seen *seen = context;
    return events_list(tx, &world.arena, 0, 100000, &seen->events, &seen->count, err) &&
           schedules_list(tx, &world.arena, 0, &seen->schedules, &seen->schedule_count, err);
}

static struct seen see(void) {
    struct seen seen = {0};
    struct err err = {0};
    if (!db_read(world.db, look, &seen, &err))
        fail_msg("%s", err.message);
    return seen;
}

static const struct json *detail_of(const struct event_row *event) {
    const struct json *detail = NULL;
    assert_true(json_parse(&world.arena, event->detail, strlen(event->detail), &detail, NULL));
    return detail;
}

/* The instants that started something, "2026-11-23T12:00 2026-11-23T13:00"; those of a start that was refused with
 * '!'. */
static const char *started(void) {
    struct seen seen = see();
    struct str out CLEANUP(str_release) = STR_INIT(1 << 20);
    for (size_t i = 0; i < seen.count; i++) {
        const struct event_row *event = &seen.events[i];
        bool refused = str_equal(event->status, "NotStarted");
        if (!str_equal(event->type, "schedule") || (!refused && !str_equal(event->status, "Started")))
            continue;
        str_printf(&out, "%s%s%.16s", out.length ? " " : "", refused ? "!" : "",
                   json_get_text_or(detail_of(event), "instant", "?"));
    }
    return arena_strdup(&world.arena, str_text(&out));
}

static const char *last_message(void) {
    struct seen seen = see();
    for (size_t i = seen.count; i-- > 0;) {
        if (str_equal(seen.events[i].type, "schedule"))
            return json_get_text_or(detail_of(&seen.events[i]), "message", "");
    }
    return "";
}

static const char *next_of(const char *name) {
    struct seen seen = see();
    for (size_t i = 0; i < seen.schedule_count; i++) {
        if (str_equal(seen.schedules[i].name, name))
            return seen.schedules[i].next_ms ? show_time(seen.schedules[i].next_ms) : "never";
    }
    return "none";
}

/* ---- tests ---- */

static void an_instant_starts_the_pipeline(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    assert_string_equal(next_of("noon"), "2026-11-23T12:00");
    go_on(25 * HOUR);
    assert_string_equal(started(), "2026-11-23T12:00 2026-11-24T12:00");
    struct execution_row row = world_execution(&world, 1);
    assert_string_equal(row.trigger_type, "CloudWatchEvent");
    assert_string_equal(row.trigger_detail, "arn:aws:events:us-east-1:000000000000:rule/shop/noon");
    assert_string_equal(row.client_request_token,
                        arena_printf(&world.arena, "schedule:1:%lld", (long long)at("2026-11-23T12:00:00Z")));
    assert_int_equal(row.started_ms, at("2026-11-23T12:00:00Z"));
    assert_null(row.started_by);
    world_close(&world);
}

static void a_rate_is_counted_from_when_it_was_made(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("often", "rate(20 minutes)", NULL);
    go_on(HOUR);
    assert_string_equal(started(), "2026-11-23T11:50 2026-11-23T12:10 2026-11-23T12:30");
    put("often", "rate(20 minutes)", NULL); /* as it is: it goes on counting */
    assert_string_equal(next_of("often"), "2026-11-23T12:50");
    go_on(5 * MINUTE);
    put("often", "rate(10 minutes)", NULL);
    assert_string_equal(next_of("often"), "2026-11-23T12:45");
    world_close(&world);
}

static void once_is_once(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("once", "at(2026-11-23T12:00:00)", "UTC");
    put("past", "at(2026-11-20T12:00:00)", "UTC");
    assert_string_equal(next_of("past"), "never");
    go_on(DAY);
    set_clock(at("2026-11-23T11:00:00Z"));
    go_on(DAY);
    assert_string_equal(started(), "2026-11-23T12:00");
    assert_string_equal(next_of("once"), "never");
    world_close(&world);
}

static void a_clock_set_back_a_day_starts_nothing_twice(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    go_on(HOUR);
    set_clock(at("2026-11-22T12:30:00Z"));
    go_on(2 * DAY);
    assert_string_equal(started(), "2026-11-23T12:00 2026-11-24T12:00");
    world_close(&world);
}

static void a_rate_goes_on_when_the_clock_is_set_back(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("often", "rate(1 hour)", NULL);
    go_on(90 * MINUTE); /* 13:00 */
    assert_string_equal(started(), "2026-11-23T12:30");
    set_clock(at("2026-11-22T13:00:00Z"));
    be_away(0); /* a restart meanwhile puts nothing off */
    go_on(125 * MINUTE);
    assert_string_equal(started(), "2026-11-23T12:30 2026-11-22T14:00 2026-11-22T15:00");
    world_close(&world);
}

/* Back and forth again within the hour: none comes early. */
static void a_rate_is_never_early(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("often", "rate(1 hour)", NULL);
    go_on(61 * MINUTE); /* 12:31 */
    set_clock(at("2026-11-22T12:31:00Z"));
    go_on(MINUTE);
    set_clock(at("2026-11-23T12:33:00Z"));
    assert_string_equal(started(), "2026-11-23T12:30");
    assert_string_equal(next_of("often"), "2026-11-23T13:30");
    go_on(HOUR);
    assert_string_equal(started(), "2026-11-23T12:30 2026-11-23T13:30");
    world_close(&world);
}

static void ten_years_ahead_and_back(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    put("often", "rate(6 hours)", NULL);
    put("dense", "cron(* * * * ? 2026)", NULL);
    go_on(10 * MINUTE);
    int64_t before = world.wall_ms;
    set_clock(before + YEARS_10);
    /* One start for each, however many instants were passed. */
    const char *all = started();
    assert_non_null(strstr(all, "2036-"));
    size_t length = strlen(all);
    set_clock(before);
    go_on(20 * MINUTE); /* 12:00 */
    assert_string_equal(next_of("noon"), "2026-11-24T12:00");
    assert_string_equal(next_of("often"), "2026-11-23T17:40");
    const char *rest = started() + length + 1;
    /* The minutes since go on: none of them was started, ten years ahead or not. */
    assert_true(str_starts_with(rest, "2026-11-23T11:41 "));
    assert_non_null(strstr(rest, "2026-11-23T12:00 2026-11-23T12:00"));
    assert_true(str_ends_with(rest, "2026-11-23T12:00"));
    assert_int_equal(strlen(rest), 21 * 17 - 1);
    world_close(&world);
}

static void one_start_for_all_that_was_passed(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("often", "cron(0/15 * * * ? *)", NULL);
    set_clock(at("2026-11-23T12:40:00Z"));
    assert_string_equal(started(), "2026-11-23T12:30");
    assert_string_equal(last_message(), "one start for 4 instants: the server was away, or its clock was set");
    go_on(5 * MINUTE);
    set_clock(at("2026-11-23T11:40:00Z")); /* an hour back */
    go_on(2 * HOUR);
    /* Those between were passed over and come now; those that started do not again. */
    assert_string_equal(started(), "2026-11-23T12:30 2026-11-23T12:45 2026-11-23T11:45 2026-11-23T12:00 "
                                   "2026-11-23T12:15 2026-11-23T13:00 2026-11-23T13:15 2026-11-23T13:30");
    world_close(&world);
}

static void a_server_that_was_away_starts_once(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    put("dense", "rate(1 minute)", NULL);
    be_away(3 * DAY);
    assert_string_equal(started(), "2026-11-26T11:30 2026-11-25T12:00");
    assert_string_equal(next_of("noon"), "2026-11-26T12:00");
    assert_string_equal(next_of("dense"), "2026-11-26T11:31");
    be_away(0); /* and again at once: nothing more */
    assert_string_equal(started(), "2026-11-26T11:30 2026-11-25T12:00");
    world_close(&world);
}

static void more_than_can_be_counted(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("dense", "rate(1 minute)", NULL);
    be_away(3 * DAY);
    assert_string_equal(last_message(),
                        "one start for more than 1000 instants: the server was away, or its clock was set");
    world_close(&world);
}

/* A machine without a clock of its own begins in 1970 and is set right later. */
static void a_machine_that_wakes_up_in_1970(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    go_on(HOUR);
    world.wall_ms = 60000;
    be_away(0);
    assert_string_equal(next_of("noon"), "1970-01-01T12:00");
    set_clock(at("2026-11-23T12:40:00Z"));
    assert_string_equal(started(), "2026-11-23T12:00");
    assert_string_equal(next_of("noon"), "2026-11-24T12:00");
    world_close(&world);
}

/* Berlin: 29 March 2026 has no 02:30, 25 October has two. */
static void summer_time(void **state) {
    (void)state;
    open_at("2026-03-28T00:00:00Z");
    put("night", "cron(30 2 * * ? *)", "Europe/Berlin");
    go_on(3 * DAY);
    assert_string_equal(started(), "2026-03-28T01:30 2026-03-30T00:30");
    world_close(&world);
    open_at("2026-10-24T12:00:00Z");
    put("night", "cron(30 2 * * ? *)", "Europe/Berlin");
    go_on(2 * DAY);
    assert_string_equal(started(), "2026-10-25T00:30 2026-10-26T01:30");
    set_clock(at("2026-10-24T12:00:00Z"));
    go_on(2 * DAY);
    assert_string_equal(started(), "2026-10-25T00:30 2026-10-26T01:30");
    world_close(&world);
}

/* What is due was seen twice: by a clock that woke up twice, or before a crash and after. */
static bool list_due(struct tx *tx, void *context, struct err *err) {
    struct engine_due **due = context;
    size_t count = 0;
    return engine_list_due(tx, &world.arena, due, &count, err);
}

static bool do_due(struct tx *tx, void *context, struct err *err) {
    return engine_do_due(tx, &world.arena, context, err);
}

static void due_twice(void **state) {
    (void)state;
    struct engine_due *due = NULL;
    struct err err = {0};
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    world.wall_ms += HOUR;
    world.boot_ms += HOUR;
    assert_true(db_read(world.db, list_due, &due, &err));
    assert_int_equal(due[0].schedule_id, 1);
    assert_true(world_write(&world, do_due, due, &err));
    assert_true(world_write(&world, do_due, due, &err));
    assert_string_equal(started(), "2026-11-23T12:00");
    /* Deleted meanwhile. */
    struct engine_due gone = {.schedule_id = 99};
    assert_true(world_write(&world, do_due, &gone, &err));
    world_close(&world);
}

static void a_disabled_one_rests(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    disable("noon", "cron(0 12 * * ? *)", NULL);
    go_on(2 * DAY);
    assert_string_equal(started(), "");
    put("noon", "cron(0 12 * * ? *)", NULL); /* what was passed meanwhile is not made up for */
    wake();
    assert_string_equal(started(), "");
    assert_string_equal(next_of("noon"), "2026-11-25T12:00");
    world_close(&world);
}

static void a_deleted_pipeline_starts_nothing(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    put("noon", "cron(0 12 * * ? *)", NULL);
    world_must(&world, "update");
    assert_string_equal(next_of("noon"), "2026-11-23T12:00"); /* an update keeps it */
    world_must(&world, "delete");
    go_on(2 * DAY);
    assert_string_equal(started(), "");
    assert_string_equal(next_of("noon"), "none");
    world_close(&world);
}

/* 50 executions are under way: told, and the next instant is tried again. */
static void a_refusal_is_no_loop(void **state) {
    (void)state;
    open_at("2026-11-23T11:30:00Z");
    for (int i = 0; i < 50; i++)
        world_must(&world, "start");
    put("noon", "cron(0 12 * * ? *)", NULL);
    go_on(HOUR);
    assert_string_equal(started(), "!2026-11-23T12:00");
    world_must(&world, "1 abandon");
    go_on(DAY);
    assert_string_equal(started(), "!2026-11-23T12:00 2026-11-24T12:00");
    world_close(&world);
}

static bool do_delete(struct tx *tx, void *context, struct err *err) {
    return engine_delete_schedule(tx, &world.arena, "shop", context, err);
}

static void what_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    open_at("2026-11-23T11:30:00Z");
    assert_false(try_put("a", "every noon", NULL, &err));
    assert_string_equal(err.code, "ValidationException");
    assert_false(try_put("a", "rate(1 hours)", NULL, &err));
    assert_string_equal(err.code, "ValidationException");
    assert_false(try_put("a", "rate(1 hour)", "Mars/Olympus", &err));
    assert_string_equal(err.code, "ValidationException");
    assert_false(try_put("", "rate(1 hour)", NULL, &err));
    assert_string_equal(err.code, "ValidationException");
    assert_false(world_write(&world, do_delete, (void *)(uintptr_t) "none", &err));
    assert_string_equal(err.code, "ResourceNotFoundException");
    for (int i = 0; i < 100; i++)
        put(arena_printf(&world.arena, "s%d", i), "rate(1 hour)", NULL);
    assert_false(try_put("one-more", "rate(1 hour)", NULL, &err));
    assert_string_equal(err.code, "LimitExceededException");
    assert_true(world_write(&world, do_delete, (void *)(uintptr_t) "s7", &err));
    assert_string_equal(next_of("s7"), "none");
    assert_true(try_put("s7", "rate(1 hour)", NULL, &err));
    assert_int_equal(see().schedules[0].pipeline_id, 1);
    world_close(&world);
}

/* ---- files ---- */

static struct engine_definition from_file;

static bool do_put_pipeline(struct tx *tx, void *context, struct err *err) {
    return engine_put_pipeline(tx, &world.arena, &from_file, context, err);
}

static bool load_declaration(struct tx *tx, void *context, struct err *err) {
    struct pipeline_row row;
    const struct json *declaration = NULL;
    struct pipeline *pipeline = NULL;
    if (!pipelines_get(tx, &world.arena, "shop", &row, err) ||
        !json_parse(&world.arena, row.declaration, strlen(row.declaration), &declaration, err) ||
        !definition_read(&world.arena, declaration, &pipeline, err))
        return false;
    *(const struct pipeline **)context = pipeline;
    return true;
}

static bool put_file(const struct pipeline_schedule *schedules, size_t count, struct err *err) {
    const struct pipeline *pipeline = NULL;
    bool changed = false;
    assert_true(db_read(world.db, load_declaration, &pipeline, err));
    from_file = (struct engine_definition){.pipeline = pipeline,
                                           .origin = ORIGIN_FILE,
                                           .file = "shop.yml",
                                           .schedules = schedules,
                                           .schedule_count = count};
    return world_write(&world, do_put_pipeline, &changed, err) && changed;
}

static void schedules_of_a_file(void **state) {
    (void)state;
    struct err err = {0};
    const struct pipeline_schedule first[] = {{.name = "noon", .expression = "cron(0 12 * * ? *)", .time_zone = "UTC"},
                                              {.name = "often", .expression = "rate(1 hour)", .time_zone = "UTC"}};
    const struct pipeline_schedule second[] = {{.name = "often", .expression = "rate(1 hour)", .time_zone = "UTC"},
                                               {.name = "own", .expression = "rate(1 day)", .time_zone = "UTC"}};
    open_at("2026-11-23T11:30:00Z");
    put("mine", "rate(5 days)", NULL);
    assert_true(put_file(first, 2, &err));
    assert_false(put_file(first, 2, &err)); /* nothing changed */
    assert_string_equal(next_of("noon"), "2026-11-23T12:00");
    world.wall_ms += MINUTE;
    assert_true(put_file(second, 2, &err));
    assert_string_equal(next_of("noon"), "none");
    assert_string_equal(next_of("often"), "2026-11-23T12:30"); /* as it was: it goes on counting */
    assert_string_equal(next_of("own"), "2026-11-24T11:31");
    assert_string_equal(next_of("mine"), "2026-11-28T11:30");
    assert_false(try_put("often", "rate(2 hours)", NULL, &err));
    assert_string_equal(err.code, "ConflictException");
    assert_false(world_write(&world, do_delete, (void *)(uintptr_t) "often", &err));
    assert_string_equal(err.code, "ConflictException");
    const struct pipeline_schedule taken = {.name = "mine", .expression = "rate(1 day)", .time_zone = "UTC"};
    assert_false(put_file(&taken, 1, &err));
    assert_string_equal(err.code, "ConflictException");
    assert_string_equal(next_of("often"), "2026-11-23T12:30"); /* all of the file, or nothing */
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_starts_the_pipeline),
        cmocka_unit_test(a_rate_is_counted_from_when_it_was_made),
        cmocka_unit_test(once_is_once),
        cmocka_unit_test(a_clock_set_back_a_day_starts_nothing_twice),
        cmocka_unit_test(a_rate_goes_on_when_the_clock_is_set_back),
        cmocka_unit_test(a_rate_is_never_early),
        cmocka_unit_test(ten_years_ahead_and_back),
        cmocka_unit_test(one_start_for_all_that_was_passed),
        cmocka_unit_test(a_server_that_was_away_starts_once),
        cmocka_unit_test(more_than_can_be_counted),
        cmocka_unit_test(a_machine_that_wakes_up_in_1970),
        cmocka_unit_test(summer_time),
        cmocka_unit_test(due_twice),
        cmocka_unit_test(a_disabled_one_rests),
        cmocka_unit_test(a_deleted_pipeline_starts_nothing),
        cmocka_unit_test(a_refusal_is_no_loop),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(schedules_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
