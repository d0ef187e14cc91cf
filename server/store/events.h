/*
 * Everything that happened, in order, written in the transaction that made it so. The event stream, notices, commit
 * statuses and the audit trail read here.
 */
#ifndef SERVER_STORE_EVENTS_H
#define SERVER_STORE_EVENTS_H

#include "server/store/db.h"

#include <stdint.h>

struct event_row {
    int64_t sequence;
    int64_t time_ms;
    const char *type;      /* "execution", …: docs/doors.md */
    const char *pipeline;  /* or NULL, as are the rest */
    const char *execution; /* uuid */
    const char *stage;
    const char *action;
    const char *status;
    const char *detail; /* JSON object */
};

/* Those after `after`, oldest first. */
bool events_list(struct tx *tx, struct arena *arena, int64_t after, size_t limit, struct event_row **out, size_t *count,
                 struct err *err);
/* The newest sequence; 0 where nothing ever happened. */
bool events_last(struct tx *tx, int64_t *out, struct err *err);

/* Sequence and time are the store's. Wakes WAKE_EVENTS. */
bool events_add(struct tx *tx, const struct event_row *event, struct err *err);

#endif
