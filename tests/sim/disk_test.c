/*
 * The file layer: the real store on a disk that drops what was not synced. Every write that was acknowledged is there
 * after a crash, at whatever operation it came, and none is there by half. The same test finds the loss as soon as
 * synchronous is turned down, by a pragma or by a disk that lies: so it can fail.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/store/connection.h"
#include "server/store/events.h"
#include "tests/sim/disk.h"
#include "tests/sim/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define IMAGES 2000
#define WRITES_MAX 12
#define ROWS_MAX 6 /* of one write */

struct fixture {
    char folder[64];
    char path[96], log[96];
    struct disk_image fresh;               /* a database with the schema */
    struct disk_image full_data, full_log; /* one whose next commit brings a checkpoint */
    uint64_t seed;
};

/* What one life of the database brought. */
struct life {
    int acknowledged; /* writes 1 to this */
    int attempted;
    bool opened;
    int lost; /* acknowledged, and not there */
    int half;
};

static int64_t zero(void *context) {
    (void)context;
    return 0;
}

static const struct clock stopped_clock = {.wall_ms = zero, .boot_ms = zero};

/* ---- one write: some events that carry its number ---- */

struct write {
    int number; /* 0: none that is looked for */
    int rows;
    size_t size;
};

static struct write write_of(uint64_t seed, int number) {
    uint64_t state = seed * 1000 + (uint64_t)number;
    return (struct write){
        .number = number, .rows = 1 + (int)(draw_next(&state) % ROWS_MAX), .size = 1 + draw_next(&state) % 6000};
}

static bool add_rows(struct tx *tx, void *context, struct err *err) {
    const struct write *write = context;
    char pipeline[16];
    char *detail = malloc(write->size + 1);
    assert_non_null(detail);
    (void)snprintf(pipeline, sizeof pipeline, "%s%d", write->number ? "" : "filler", write->number);
    memset(detail, 'a' + write->number % 26, write->size);
    detail[write->size] = '\0';
    const struct event_row event = {.type = "pipeline", .pipeline = pipeline, .detail = detail};
    bool ok = true;
    for (int i = 0; ok && i < write->rows; i++)
        ok = events_add(tx, &event, err);
    free(detail);
    return ok;
}

struct counting {
    int rows[WRITES_MAX + 1];
    bool sound;
};

static bool count_rows(struct tx *tx, void *context, struct err *err) {
    struct counting *counting = context;
    sqlite3_stmt *statement = NULL;
    sqlite3 *handle = tx->connection->handle;
    (void)err;
    assert_int_equal(sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
    counting->sound =
        sqlite3_step(statement) == SQLITE_ROW && str_equal((const char *)sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    static const char sql[] = "SELECT pipeline, count(*) FROM events WHERE pipeline < 'a' GROUP BY pipeline";
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        int number = sqlite3_column_int(statement, 0);
        assert_in_range(number, 1, WRITES_MAX);
        counting->rows[number] = sqlite3_column_int(statement, 1);
    }
    sqlite3_finalize(statement);
    return true;
}

/* ---- lives ---- */

static struct db *open_here(struct fixture *fixture) {
    struct db *db = NULL;
    struct err err = {0};
    return db_open(fixture->path, &stopped_clock, NULL, NULL, &db, &err) ? db : NULL;
}

/* Writes until it fails, or all is written; then the machine stops. */
static void live(struct fixture *fixture, struct life *life) {
    struct db *db = open_here(fixture);
    life->opened = db != NULL;
    for (int i = 0; db && i < WRITES_MAX; i++) {
        struct write write = write_of(fixture->seed, ++life->attempted);
        struct err err = {0};
        if (!db_write(db, add_rows, &write, &err))
            break;
        life->acknowledged = life->attempted;
    }
    disk_stop();
    db_close(db);
}

static void look(struct fixture *fixture, struct life *life) {
    struct counting counting = {0};
    struct err err = {0};
    struct db *db = open_here(fixture);
    if (!db) { /* only a database whose writes were not synced may come to this */
        life->lost++;
        return;
    }
    assert_true(db_read(db, count_rows, &counting, &err));
    life->half += !counting.sound;
    for (int number = 1; number <= WRITES_MAX; number++) {
        int rows = counting.rows[number];
        bool whole = rows == write_of(fixture->seed, number).rows;
        life->half += rows && !whole;
        life->lost += number <= life->acknowledged && !whole;
        life->half += number > life->attempted && rows;
    }
    db_close(db);
}

/* A life with this many operations, a crash, perhaps another one while the log is recovered, and a look. */
static struct life live_and_die(struct fixture *fixture, uint64_t seed, int64_t operations, enum disk_crash crash) {
    struct life life = {0};
    fixture->seed = seed;
    disk_stop_after(operations);
    live(fixture, &life);
    disk_crash(crash, seed);
    if (seed % 3 == 0) {
        disk_stop_after((int64_t)(seed % 7));
        db_close(open_here(fixture));
        disk_stop();
        disk_crash(crash, ~seed);
    }
    look(fixture, &life);
    return life;
}

static void begin_fresh(struct fixture *fixture) {
    disk_clear();
    disk_load(fixture->path, &fixture->fresh);
}

static enum disk_crash crash_of(uint64_t seed) {
    return seed % 4 == 0 ? DISK_LOSES_ALL : DISK_LOSES_SOME;
}

static void check(const struct life *life, uint64_t seed) {
    if (life->lost || life->half)
        fail_msg("seed %llu: %d acknowledged of %d, %d lost, %d by half", (unsigned long long)seed, life->acknowledged,
                 life->attempted, life->lost, life->half);
}

static void random_crashes_lose_nothing(void **state) {
    struct fixture *fixture = *state;
    int died = 0, acknowledged = 0;
    for (uint64_t seed = 1; seed <= IMAGES; seed++) {
        uint64_t dice = seed;
        begin_fresh(fixture);
        struct life life = live_and_die(fixture, seed, (int64_t)(draw_next(&dice) % 120), crash_of(seed));
        check(&life, seed);
        died += life.acknowledged < WRITES_MAX;
        acknowledged += life.acknowledged;
    }
    /* Most died under way, and most of those had something to lose. */
    assert_true(died > IMAGES / 2 && acknowledged > IMAGES);
}

static void begin_full(struct fixture *fixture) {
    disk_clear();
    disk_load(fixture->path, &fixture->full_data);
    disk_load(fixture->log, &fixture->full_log);
}

/* From the opening of a database with a long log, through commits, to the end of the checkpoint that they bring. */
static void a_crash_at_every_operation_loses_nothing(void **state) {
    struct fixture *fixture = *state;
    struct life life = {0};
    int64_t operations = 0;
    for (; life.acknowledged < WRITES_MAX; operations++) {
        begin_full(fixture);
        life = live_and_die(fixture, (uint64_t)operations + 1, operations, crash_of((uint64_t)operations));
        check(&life, (uint64_t)operations + 1);
    }
    assert_true(operations > 100);
}

static void a_failing_sync_or_write_is_never_acknowledged(void **state) {
    struct fixture *fixture = *state;
    uint64_t failed = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        begin_fresh(fixture);
        if (seed % 2)
            disk_fail_sync((int64_t)(seed / 2 % 14));
        else
            disk_fail_write((int64_t)(seed / 2 % 60));
        struct life life = live_and_die(fixture, seed * 3 + 1, -1, crash_of(seed));
        check(&life, seed);
        failed += disk_counts()->failed;
    }
    assert_true(failed > 200);
}

static bool nothing(struct tx *tx, void *context, struct err *err) {
    (void)tx, (void)context, (void)err;
    return true;
}

/* What was refused for want of room is not there, what comes when there is room again is. */
static void a_full_disk_refuses_and_recovers(void **state) {
    struct fixture *fixture = *state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct err err = {0};
        begin_fresh(fixture);
        fixture->seed = seed;
        struct life life = {.attempted = 3, .acknowledged = 1};
        struct write first = write_of(seed, 1), second = write_of(seed, 2), third = write_of(seed, 3);
        struct db *db = open_here(fixture);
        assert_true(db_write(db, add_rows, &first, &err));
        disk_set_full(true);
        assert_false(db_write(db, add_rows, &second, &err));
        assert_int_equal(err.kind, ERR_UNAVAILABLE);
        assert_non_null(strstr(err.message, "the disk is full"));
        disk_set_full(false);
        assert_true(db_write(db, add_rows, &third, &err));
        assert_true(db_write(db, nothing, NULL, &err));
        disk_stop();
        db_close(db);
        disk_crash(crash_of(seed), seed);
        look(fixture, &life);
        check(&life, seed);
    }
}

/* ---- the same, with less syncing ---- */

static int ignore_synchronous(void *context, int operation, const char *name, const char *value, const char *schema,
                              const char *trigger) {
    (void)context, (void)value, (void)schema, (void)trigger;
    return operation == SQLITE_PRAGMA && sqlite3_stricmp(name, "synchronous") == 0 ? SQLITE_IGNORE : SQLITE_OK;
}

/* Every connection that is opened gets the pragma, and the store's own is not listened to. */
static int turn_down(sqlite3 *handle, const char *pragma) {
    int code = sqlite3_exec(handle, pragma, NULL, NULL, NULL);
    return code == SQLITE_OK ? sqlite3_set_authorizer(handle, ignore_synchronous, NULL) : code;
}

static int turn_to_normal(sqlite3 *handle, char **message, const void *routines) {
    (void)message, (void)routines;
    return turn_down(handle, "PRAGMA synchronous = NORMAL");
}

static int turn_off(sqlite3 *handle, char **message, const void *routines) {
    (void)message, (void)routines;
    return turn_down(handle, "PRAGMA synchronous = OFF");
}

static int count_lost(struct fixture *fixture, bool lying) {
    int lost = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        uint64_t dice = seed;
        begin_fresh(fixture);
        disk_set_lying(lying);
        struct life life = live_and_die(fixture, seed * 3 + 1, (int64_t)(draw_next(&dice) % 120), crash_of(seed));
        lost += life.lost;
    }
    return lost;
}

static void a_loss_is_found_where_synchronous_is_turned_down(void **state) {
    static int (*const settings[])(sqlite3 *, char **, const void *) = {turn_to_normal, turn_off};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        sqlite3_auto_extension((void (*)(void))settings[i]);
        int lost = count_lost(fixture, false);
        sqlite3_reset_auto_extension();
        assert_true(lost > 100);
    }
    assert_true(count_lost(fixture, true) > 100);
    assert_int_equal(count_lost(fixture, false), 0);
}

/* ---- */

/* A log that is one commit short of a checkpoint. */
static void fill_log(struct fixture *fixture) {
    struct err err = {0};
    begin_fresh(fixture);
    struct db *db = open_here(fixture);
    assert_non_null(db);
    while (disk_log_bytes(fixture->log) < INT64_C(980) * 4096) {
        struct write write = {.rows = 4, .size = 40000};
        assert_true(db_write(db, add_rows, &write, &err));
    }
    disk_stop();
    db_close(db);
    disk_crash(DISK_LOSES_ALL, 0);
    disk_save(fixture->path, &fixture->full_data);
    disk_save(fixture->log, &fixture->full_log);
}

static int set_up(void **state) {
    static struct fixture fixture;
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(fixture.folder, sizeof fixture.folder, "%s/penstock-disk-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(fixture.folder))
        return -1;
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/db", fixture.folder);
    (void)snprintf(fixture.log, sizeof fixture.log, "%s-wal", fixture.path);
    disk_register();
    disk_clear();
    db_close(open_here(&fixture));
    disk_save(fixture.path, &fixture.fresh);
    fill_log(&fixture);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    char lock[112];
    disk_clear();
    disk_image_free(&fixture->fresh);
    disk_image_free(&fixture->full_data);
    disk_image_free(&fixture->full_log);
    (void)snprintf(lock, sizeof lock, "%s.lock", fixture->path);
    (void)unlink(fixture->path);
    (void)unlink(lock);
    return rmdir(fixture->folder);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_crashes_lose_nothing),
        cmocka_unit_test(a_crash_at_every_operation_loses_nothing),
        cmocka_unit_test(a_failing_sync_or_write_is_never_acknowledged),
        cmocka_unit_test(a_full_disk_refuses_and_recovers),
        cmocka_unit_test(a_loss_is_found_where_synchronous_is_turned_down),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
