/*
 * Brings the schema up to date. PRAGMA user_version is the number of the last migration that was committed.
 */
#include "server/store/migrate.h"

#include "common/str.h"

static bool read_number(struct connection *connection, const char *sql, int *out, struct err *err) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(connection->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    bool ok = code == SQLITE_ROW;
    if (ok)
        *out = sqlite3_column_int(statement, 0);
    else
        connection_error(connection, code, err);
    sqlite3_finalize(statement);
    return ok;
}

static bool run_one(struct connection *connection, const struct migration *migration, struct err *err) {
    struct str sql = STR_INIT(1 << 20);
    str_printf(&sql, "BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", migration->sql, migration->version);
    int code = connection_run(connection, str_text(&sql));
    bool cut = sql.cut;
    str_release(&sql);
    if (code == SQLITE_OK && !cut)
        return true;
    connection_error(connection, code, err);
    (void)connection_run(connection, "ROLLBACK");
    return err_wrap(err, "bringing the database to schema %d (%s)", migration->version, migration->name);
}

bool migrate(struct connection *connection, const struct migration *list, size_t count, struct err *err) {
    int version = 0, tables = 0;
    if (!read_number(connection, "PRAGMA user_version", &version, err) ||
        !read_number(connection, "SELECT count(*) FROM sqlite_master", &tables, err))
        return false;
    int newest = count ? list[count - 1].version : 0;
    if (version > newest)
        return err_set(err, ERR_INVALID,
                       "the database has schema %d, this program knows schemas up to %d; start the program that wrote "
                       "it, or a newer one",
                       version, newest);
    if (version == 0 && tables > 0)
        return err_set(err, ERR_INVALID, "this is a database of another program; name another file");
    for (size_t i = 0; i < count; i++) {
        if (list[i].version > version && !run_one(connection, &list[i], err))
            return false;
    }
    return true;
}
