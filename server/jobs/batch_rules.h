/*
 * What a batch does next. Pure: the groups and how their builds stand in, what is to be started and stopped out. Asked
 * whenever something of the batch has changed, in the transaction of the change; asked again it says the same.
 */
#ifndef SERVER_JOBS_BATCH_RULES_H
#define SERVER_JOBS_BATCH_RULES_H

#include "common/arena.h"
#include "server/store/states.h"

#include <stdbool.h>
#include <stddef.h>

enum batch_group_state {
    BATCH_GROUP_WAITING, /* nothing was started, or it is wanted once more */
    BATCH_GROUP_RUNNING,
    BATCH_GROUP_SUCCEEDED,
    BATCH_GROUP_FAILED, /* any other end of its build */
};

struct batch_rule_group {
    enum batch_group_state state;
    bool ignore_failure;
    const size_t *depends_on; /* numbers of groups */
    size_t depend_count;
};

struct batch_rule_view {
    const struct batch_rule_group *groups;
    size_t count;
    bool was_read; /* the groups are all there: the buildspec was read */
    bool fast_fail;
    enum batch_stop stop;
};

struct batch_decision {
    const size_t *start; /* numbers of groups */
    size_t start_count;
    const size_t *stop;
    size_t stop_count;
    bool fails_fast; /* fast-fail has come into force with this: nothing is started any more */
    bool ended;
    enum build_status status; /* where it ended */
};

/* A group starts when each that it depends on has succeeded, or failed with ignore-failure. A failure that is not
 * ignored fails the batch, at its end; with fast-fail it stops what runs. A group that cannot start any more is not
 * waited for. */
void batch_decide(struct arena *arena, const struct batch_rule_view *view, struct batch_decision *out);

#endif
