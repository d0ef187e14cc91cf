/*
 * What must hold of one row between two looks: it stays, what is fixed in it never changes, its states move as their
 * tables say, and once it has ended it is as it was.
 */
#ifndef TESTS_SIM_ROWS_H
#define TESTS_SIM_ROWS_H

#include "server/store/query.h"
#include "tests/sim/look.h"

#define HISTORY "history only grows"

/* A hash of the columns from `from` to before `to`. */
uint64_t row_hash(struct query *query, int from, int to);
int64_t row_number(struct query *query, int column);
void row_uuid(struct query *query, int column, char out[UUID_SIZE]);

/* Whether a row at this place is new to a list of struct seen; there is room for it then. */
bool row_is_new(const struct looking *looking, void *rows, size_t size, size_t *count, size_t *room, size_t place);
#define IS_NEW(list, place)                                                                                            \
    row_is_new(looking, &looking->seen->list##s, sizeof *looking->seen->list##s, &looking->seen->list##_count,         \
               &looking->seen->list##_room, (place))

void row_check_same(const char *what, int64_t was, int64_t is, uint64_t fixed_was, uint64_t fixed_is);
/* A move that the table allows, in one step or several: between two looks a row may have made several. */
void row_check_move(const struct state_table *table, int from, int to, int64_t id);
void row_check_ended(const struct state_table *table, int was, int is, uint64_t rest_was, uint64_t rest_is, int64_t id);
void row_check_count(const char *what, size_t were, size_t are);

#endif
