/*
 * Migrations: in order, each whole or not at all, and never downwards.
 */
#include "server/store/migrate.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct migration two[] = {
    {.version = 1, .name = "0001_init", .sql = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"},
    {.version = 2, .name = "0002_more", .sql = "CREATE TABLE b (y INTEGER) STRICT; INSERT INTO b VALUES (2);"},
};
static const struct migration broken[] = {
    {.version = 1, .name = "0001_init", .sql = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"},
    {.version = 2, .name = "0002_more", .sql = "CREATE TABLE b (y INTEGER) STRICT; INSERT INTO c VALUES (2);"},
};

static int number(struct connection *connection, const char *sql) {
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(connection->handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static struct connection *open_memory(void) {
    struct connection *connection = NULL;
    struct err err = {0};
    assert_true(connection_open(":memory:", CONNECTION_MEMORY, &connection, &err));
    return connection;
}

static void what_is_lacking_is_run_once(void **state) {
    (void)state;
    struct connection *connection = open_memory();
    struct err err = {0};
    assert_true(migrate(connection, two, 1, &err));
    assert_int_equal(number(connection, "PRAGMA user_version"), 1);
    assert_true(migrate(connection, two, 2, &err));
    assert_true(migrate(connection, two, 2, &err));
    assert_int_equal(number(connection, "PRAGMA user_version"), 2);
    assert_int_equal(number(connection, "SELECT count(*) FROM a"), 1);
    assert_int_equal(number(connection, "SELECT count(*) FROM b"), 1);
    connection_close(connection);
}

static void a_broken_one_leaves_the_version_before(void **state) {
    (void)state;
    struct connection *connection = open_memory();
    struct err err = {0};
    assert_false(migrate(connection, broken, 2, &err));
    assert_non_null(strstr(err.message, "schema 2 (0002_more)"));
    assert_int_equal(number(connection, "PRAGMA user_version"), 1);
    assert_int_equal(number(connection, "SELECT count(*) FROM sqlite_master WHERE name = 'b'"), 0);
    assert_true(migrate(connection, two, 2, &err));
    connection_close(connection);
}

static void a_newer_schema_is_refused_with_both_versions(void **state) {
    (void)state;
    struct connection *connection = open_memory();
    struct err err = {0};
    assert_true(migrate(connection, two, 2, &err));
    assert_false(migrate(connection, two, 1, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.message, "has schema 2"));
    assert_non_null(strstr(err.message, "schemas up to 1"));
    connection_close(connection);
}

static void a_foreign_database_is_refused(void **state) {
    (void)state;
    struct connection *connection = open_memory();
    struct err err = {0};
    assert_int_equal(connection_run(connection, "CREATE TABLE songs (title TEXT)"), SQLITE_OK);
    assert_false(migrate(connection, two, 2, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    connection_close(connection);
}

/* Dies when the second migration writes its row. */
static void die(void *context, int operation, char const *database, char const *table, sqlite3_int64 row) {
    (void)context;
    (void)operation;
    (void)database;
    (void)row;
    if (strcmp(table, "b") == 0)
        (void)kill(getpid(), SIGKILL);
}

static void kill_within_one_leaves_the_version_before(void **state) {
    (void)state;
    char path[] = "/tmp/penstock-migrate-XXXXXX";
    struct err err = {0};
    assert_true(mkstemp(path) >= 0);
    pid_t child = fork();
    if (child == 0) {
        struct connection *connection = NULL;
        if (!connection_open(path, CONNECTION_WRITER, &connection, &err))
            _exit(1);
        sqlite3_update_hook(connection->handle, die, NULL);
        (void)migrate(connection, two, 2, &err);
        _exit(2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct connection *connection = NULL;
    assert_true(connection_open(path, CONNECTION_WRITER, &connection, &err));
    assert_int_equal(number(connection, "PRAGMA user_version"), 1);
    assert_true(migrate(connection, two, 2, &err));
    assert_int_equal(number(connection, "SELECT count(*) FROM b"), 1);
    connection_close(connection);
    (void)unlink(path);
}

static void ours_are_numbered_without_gaps_and_run(void **state) {
    (void)state;
    struct connection *connection = open_memory();
    struct err err = {0};
    for (size_t i = 0; i < migration_count; i++)
        assert_int_equal(migrations[i].version, (int)i + 1);
    assert_true(migrate(connection, migrations, migration_count, &err));
    assert_int_equal(number(connection, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    connection_close(connection);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_lacking_is_run_once),
        cmocka_unit_test(a_broken_one_leaves_the_version_before),
        cmocka_unit_test(a_newer_schema_is_refused_with_both_versions),
        cmocka_unit_test(a_foreign_database_is_refused),
        cmocka_unit_test(kill_within_one_leaves_the_version_before),
        cmocka_unit_test(ours_are_numbered_without_gaps_and_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
