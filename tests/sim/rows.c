/* Rows between two looks. */
#include "tests/sim/rows.h"

#include <stdio.h>

/* ---- states ---- */

/* Between two looks a row may have made several moves. */
static bool may_have_become(const struct state_table *table, int from, int to) {
    unsigned reached = 1u << from;
    for (size_t round = 0; round < table->count; round++) {
        for (size_t state = 0; state < table->count; state++) {
            if (reached & 1u << state)
                reached |= table->rows[state].next;
        }
    }
    return (reached & 1u << to) != 0;
}

void row_check_move(const struct state_table *table, int from, int to, int64_t id) {
    if (from != to && !may_have_become(table, from, to))
        violated("no state that its table does not allow", "%s %lld was %s and is %s", table->what, (long long)id,
                 state_name(table, from), state_name(table, to));
}

/* ---- rows ---- */

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t row_hash(struct query *query, int from, int to) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int column = from; column < to; column++) {
        int type = sqlite3_column_type(query->statement, column);
        int64_t number = sqlite3_column_int64(query->statement, column);
        if (type == SQLITE_TEXT)
            hash = hash_bytes(hash, sqlite3_column_text(query->statement, column),
                              (size_t)sqlite3_column_bytes(query->statement, column) + 1);
        else if (type == SQLITE_INTEGER)
            hash = (hash ^ (uint64_t)number) * UINT64_C(0x9e3779b97f4a7c15);
        else
            hash = (hash ^ 0x55) * UINT64_C(0x100000001b3);
    }
    return hash;
}

int64_t row_number(struct query *query, int column) {
    return query_column_integer(query, column);
}

void row_uuid(struct query *query, int column, char out[UUID_SIZE]) {
    (void)snprintf(out, UUID_SIZE, "%s", (const char *)sqlite3_column_text(query->statement, column));
}

/* Makes room where the place is behind the last row: true, then the row is new. */
bool row_is_new(const struct looking *looking, void *rows, size_t size, size_t *count, size_t *room, size_t place) {
    void **list = rows;
    if (place < *count)
        return false;
    if (*count == *room)
        *list = arena_grow(&looking->sim->arena, *list, size, room);
    (*count)++;
    return true;
}

void row_check_same(const char *what, int64_t was, int64_t is, uint64_t fixed_was, uint64_t fixed_is) {
    if (was != is)
        violated(HISTORY, "%s %lld has vanished", what, (long long)was);
    if (fixed_was != fixed_is)
        violated(HISTORY, "what is fixed of %s %lld has changed", what, (long long)is);
}

void row_check_ended(const struct state_table *table, int was, int is, uint64_t rest_was, uint64_t rest_is,
                     int64_t id) {
    if (was == is && state_is_end(table, was) && rest_was != rest_is)
        violated(HISTORY, "%s %lld had ended as %s and has changed since", table->what, (long long)id,
                 state_name(table, was));
}

void row_check_count(const char *what, size_t were, size_t are) {
    if (are < were)
        violated(HISTORY, "there were %zu %ss and are %zu", were, what, are);
}
