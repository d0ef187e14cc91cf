/*
 * The database: groups that are committed together, work that is undone, reads beside writes, wakes, and what is left
 * after kill -9.
 */
#include "server/store/db.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/store/connection.h"
#include "server/store/query.h"
#include "server/store/repositories.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64];
    char path[96];
    struct db *db;
    atomic_int wakes;
    char topic[WAKE_TOPIC_SIZE];
};

static void count_wake(void *context, const char *topic) {
    struct fixture *fixture = context;
    memcpy(fixture->topic, topic, strlen(topic) + 1);
    atomic_fetch_add(&fixture->wakes, 1);
}

static bool open_db(struct fixture *fixture, struct err *err) {
    return db_open(fixture->path, &clock_system, count_wake, fixture, &fixture->db, err);
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    (void)snprintf(fixture->directory, sizeof fixture->directory, "/tmp/penstock-db-XXXXXX");
    if (!mkdtemp(fixture->directory))
        return -1;
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/penstock.db", fixture->directory);
    struct err err = {0};
    *state = fixture;
    return open_db(fixture, &err) ? 0 : -1;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    db_close(fixture->db);
    for (size_t i = 0; i < 4; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", fixture->path, endings[i]);
        (void)unlink(path);
    }
    (void)rmdir(fixture->directory);
    free(fixture);
    return 0;
}

/* Adds the repository whose name the context is. */
static bool add(struct tx *tx, void *context, struct err *err) {
    const struct repository_row row = {.name = context};
    return repositories_add(tx, &row, err);
}

static bool count(struct tx *tx, void *context, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct repository_row *rows = NULL;
    return repositories_list(tx, &arena, NULL, 1000000, &rows, context, err);
}

static size_t count_repositories(struct fixture *fixture) {
    struct err err = {0};
    size_t found = 0;
    assert_true(db_read(fixture->db, count, &found, &err));
    return found;
}

static void what_was_written_is_read(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    char name[] = "shop";
    assert_true(db_write(fixture->db, add, name, &err));
    assert_int_equal(count_repositories(fixture), 1);
}

static bool add_two_and_fail(struct tx *tx, void *context, struct err *err) {
    (void)context;
    char one[] = "one";
    tx_wake(tx, "never");
    return add(tx, one, err) && err_set(err, ERR_INVALID, "not today");
}

static void failed_work_is_undone_with_its_error(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    assert_false(db_write(fixture->db, add_two_and_fail, NULL, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.message, "not today");
    assert_int_equal(count_repositories(fixture), 0);
    assert_int_equal(atomic_load(&fixture->wakes), 0);
}

static void a_read_cannot_write(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    char name[] = "shop";
    assert_false(db_read(fixture->db, add, name, &err));
    assert_int_equal(err.kind, ERR_DENIED);
    assert_int_equal(count_repositories(fixture), 0);
}

static bool wake_thrice(struct tx *tx, void *context, struct err *err) {
    (void)context;
    (void)err;
    tx_wake(tx, "jobs");
    tx_wake(tx, "jobs");
    tx_wake(tx, "events");
    return true;
}

static void a_topic_is_woken_once_and_before_the_caller_goes_on(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    assert_true(db_write(fixture->db, wake_thrice, NULL, &err));
    assert_int_equal(atomic_load(&fixture->wakes), 2);
    assert_string_equal(fixture->topic, "events");
}

/* A gate that holds the writer's thread, so that others gather behind it. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool entered, open;
};

static bool wait_at_gate(struct tx *tx, void *context, struct err *err) {
    (void)tx;
    (void)err;
    struct gate *gate = context;
    pthread_mutex_lock(&gate->mutex);
    gate->entered = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
    return true;
}

struct caller {
    struct fixture *fixture;
    db_work *work;
    void *context;
    char name[32];
    bool ok;
    struct err err;
    pthread_t thread;
};

static void *call(void *argument) {
    struct caller *caller = argument;
    caller->ok = db_write(caller->fixture->db, caller->work, caller->context, &caller->err);
    return NULL;
}

/* `name`, where it is given, is copied and becomes the context. */
static void start(struct caller *caller, struct fixture *fixture, db_work *work, void *context, const char *name) {
    *caller = (struct caller){.fixture = fixture, .work = work, .context = context};
    if (name) {
        (void)snprintf(caller->name, sizeof caller->name, "%s", name);
        caller->context = caller->name;
    }
    assert_int_equal(pthread_create(&caller->thread, NULL, call, caller), 0);
}

static atomic_int commits;

static int count_commit(void *context) {
    (void)context;
    atomic_fetch_add(&commits, 1);
    return 0;
}

static bool hook_commits(struct tx *tx, void *context, struct err *err) {
    (void)context;
    (void)err;
    sqlite3_commit_hook(tx->connection->handle, count_commit, NULL);
    return true;
}

static void close_gate(struct gate *gate) {
    *gate = (struct gate){.entered = false};
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->changed, NULL);
}

static void wait_until_entered(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    while (!gate->entered)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void open_gate(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

#define CALLERS 40

static void waiting_work_is_committed_as_a_group(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct gate gate;
    struct caller holder, callers[CALLERS];
    close_gate(&gate);
    assert_true(db_write(fixture->db, hook_commits, NULL, &err));
    start(&holder, fixture, wait_at_gate, &gate, NULL);
    wait_until_entered(&gate);
    atomic_store(&commits, 0);
    for (int i = 0; i < CALLERS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "name-%d", i / 2); /* every second one is refused */
        start(&callers[i], fixture, add, NULL, name);
    }
    while (db_waiting(fixture->db) < CALLERS)
        (void)sched_yield();
    open_gate(&gate);
    assert_int_equal(pthread_join(holder.thread, NULL), 0);
    int refused = 0;
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        refused += !callers[i].ok;
    }
    assert_int_equal(refused, CALLERS / 2);
    assert_int_equal(count_repositories(fixture), CALLERS / 2);
    assert_int_equal(atomic_load(&commits), 2); /* the holder's own, and one for all the others */
}

struct snapshot_reader {
    struct gate *gate;
    size_t before, after;
};

static bool read_twice(struct tx *tx, void *context, struct err *err) {
    struct snapshot_reader *reader = context;
    return count(tx, &reader->before, err) && wait_at_gate(tx, reader->gate, err) && count(tx, &reader->after, err);
}

static void *call_read(void *argument) {
    struct caller *caller = argument;
    caller->ok = db_read(caller->fixture->db, caller->work, caller->context, &caller->err);
    return NULL;
}

static void a_read_keeps_its_snapshot_while_others_write(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct gate gate;
    struct snapshot_reader reader = {.gate = &gate};
    struct caller caller = {.fixture = fixture, .work = read_twice, .context = &reader};
    char name[] = "shop";
    close_gate(&gate);
    assert_int_equal(pthread_create(&caller.thread, NULL, call_read, &caller), 0);
    wait_until_entered(&gate);
    assert_true(db_write(fixture->db, add, name, &err)); /* does not wait for the reader */
    open_gate(&gate);
    assert_int_equal(pthread_join(caller.thread, NULL), 0);
    assert_true(caller.ok);
    assert_int_equal(reader.before, 0);
    assert_int_equal(reader.after, 0);
    assert_int_equal(count_repositories(fixture), 1);
}

static bool add_much(struct tx *tx, void *context, struct err *err) {
    (void)context;
    for (int i = 0; i < 2000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "repository-%d", i);
        if (!add(tx, name, err))
            return false;
    }
    return true;
}

/* A disk that is full: the file may not grow past its size now. Runs in a child, because the limit is the process's. */
static int write_with_full_disk(struct fixture *fixture) {
    struct err err = {0};
    char name[] = "after";
    const struct rlimit small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    const struct rlimit large = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (!open_db(fixture, &err) || setrlimit(RLIMIT_FSIZE, &small) != 0)
        return 1;
    if (db_write(fixture->db, add_much, NULL, &err) || err.kind == ERR_NONE)
        return 2;
    if (setrlimit(RLIMIT_FSIZE, &large) != 0 || count_repositories(fixture) != 0)
        return 3;
    if (!db_write(fixture->db, add, name, &err))
        return 4;
    if (count_repositories(fixture) != 1)
        return 5;
    db_close(fixture->db);
    return 0;
}

static int in_child(struct fixture *fixture, int (*run)(struct fixture *)) {
    db_close(fixture->db);
    fixture->db = NULL;
    pid_t child = fork();
    if (child == 0)
        _exit(run(fixture));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    struct err err = {0};
    assert_true(open_db(fixture, &err));
    return status;
}

static void a_full_disk_is_told_and_survived(void **state) {
    struct fixture *fixture = *state;
    int status = in_child(fixture, write_with_full_disk);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count_repositories(fixture), 1);
}

static int write_and_die(struct fixture *fixture) {
    struct err err = {0};
    char done[] = "done", undone[] = "undone";
    if (!open_db(fixture, &err) || !db_write(fixture->db, add, done, &err))
        return 1;
    struct gate gate;
    close_gate(&gate);
    struct caller caller;
    start(&caller, fixture, wait_at_gate, &gate, NULL); /* a transaction that never ends */
    wait_until_entered(&gate);
    struct caller second;
    start(&second, fixture, add, undone, NULL);
    (void)kill(getpid(), SIGKILL);
    return 2;
}

static bool fill_up(struct tx *tx, void *context, struct err *err) {
    static const char sql[] = "PRAGMA max_page_count = 1"; /* SQLite takes it as: no more than there are */
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    return query_run(&query, err) && add_much(tx, context, err);
}

/* Nobody's limit: whoever asked may ask again. */
static void a_full_disk_is_passing_trouble(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    assert_false(db_write(fixture->db, fill_up, NULL, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "the disk is full"));
}

static void committed_work_survives_kill(void **state) {
    struct fixture *fixture = *state;
    int status = in_child(fixture, write_and_die);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(count_repositories(fixture), 1);
}

static void nobody_else_may_read_it(void **state) {
    struct fixture *fixture = *state;
    struct stat file;
    char name[] = "shop";
    struct err err = {0};
    assert_true(db_write(fixture->db, add, name, &err));
    assert_int_equal(stat(fixture->path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", fixture->path);
    assert_int_equal(stat(wal, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
}

static void a_second_server_is_refused(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct db *second = NULL;
    assert_false(db_open(fixture->path, &clock_system, NULL, NULL, &second, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "in use by another process"));
    assert_null(second);
}

/* Some 8 MB in one transaction: twice what is left in the log before it is written back. */
static bool add_megabytes(struct tx *tx, void *context, struct err *err) {
    static char description[4096];
    memset(description, 'x', sizeof description - 1);
    for (int i = 0; i < 2000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "repository-%d-%d", *(int *)context, i);
        const struct repository_row row = {.name = name, .description = description};
        if (!repositories_add(tx, &row, err))
            return false;
    }
    return true;
}

static void a_large_log_is_written_back(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct stat log;
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", fixture->path);
    for (int i = 0; i < 5; i++)
        assert_true(db_write(fixture->db, add_megabytes, &i, &err));
    assert_int_equal(stat(wal, &log), 0);
    assert_true(log.st_size < 20 << 20); /* not the 40 MB that were written */
    db_close(fixture->db);
    assert_int_not_equal(access(wal, F_OK), 0);
    assert_true(open_db(fixture, &err));
    assert_int_equal(count_repositories(fixture), 10000);
}

static bool see_ref_of_nobody(struct tx *tx, void *context, struct err *err) {
    bool changed = false;
    (void)context;
    return repositories_see_ref(tx, "none", "refs/heads/main", "c0ffee", &changed, err);
}

static void rows_cannot_belong_to_nobody(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    assert_false(db_write(fixture->db, see_ref_of_nobody, NULL, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
}

static void not_a_database_is_refused(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    db_close(fixture->db);
    fixture->db = NULL;
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        assert_true(fputs("This is not the file that you are looking for.\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_false(open_db(fixture, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void memory_reads_share_the_writer(void **state) {
    (void)state;
    struct fixture fixture = {.path = ":memory:"};
    struct err err = {0};
    char name[] = "shop";
    assert_true(open_db(&fixture, &err));
    assert_true(db_write(fixture.db, add, name, &err));
    assert_int_equal(count_repositories(&fixture), 1);
    char other[] = "other";
    assert_false(db_read(fixture.db, add, other, &err));
    assert_int_equal(count_repositories(&fixture), 1);
    assert_true(db_write(fixture.db, add, other, &err));
    db_close(fixture.db);
}

static void a_statement_within_itself_gets_its_own_copy(struct tx *tx, struct err *err) {
    static const char sql[] = "SELECT name FROM repositories ORDER BY name";
    struct query outer CLEANUP(query_close) = query_open(tx, sql);
    int rows = 0;
    while (query_next(&outer)) {
        struct query inner CLEANUP(query_close) = query_open(tx, sql);
        while (query_next(&inner))
            rows++;
        assert_true(query_done(&inner, err));
    }
    assert_true(query_done(&outer, err));
    assert_int_equal(rows, 4);
}

static bool nest(struct tx *tx, void *context, struct err *err) {
    (void)context;
    a_statement_within_itself_gets_its_own_copy(tx, err);
    return true;
}

static void queries_nest(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    char one[] = "one", two[] = "two";
    assert_true(db_write(fixture->db, add, one, &err));
    assert_true(db_write(fixture->db, add, two, &err));
    assert_true(db_read(fixture->db, nest, NULL, &err));
    assert_true(db_read(fixture->db, nest, NULL, &err));
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_work_is_undone_with_its_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_cannot_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_topic_is_woken_once_and_before_the_caller_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_work_is_committed_as_a_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_keeps_its_snapshot_while_others_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told_and_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_passing_trouble, set_up, tear_down),
        cmocka_unit_test_setup_teardown(committed_work_survives_kill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_else_may_read_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_server_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_log_is_written_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_cannot_belong_to_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_a_database_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queries_nest, set_up, tear_down),
        cmocka_unit_test(memory_reads_share_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
