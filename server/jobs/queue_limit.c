/*
 * A project's concurrentBuildLimit. A job counts from when it is queued or let go to when it has ended, so that the
 * builds of a project begin in the order in which they were asked for; one above the limit is held back, and no other
 * project's jobs wait behind it.
 */
#include "server/jobs/queue_write.h"
#include "server/store/projects.h"
#include "server/wake.h"

#include <string.h>

bool queue_has_room(struct tx *tx, const char *project, int limit, bool *out, struct err *err) {
    int64_t in_work = 0;
    *out = true;
    if (!project || limit <= 0)
        return true;
    if (!job_rows_count_in_work(tx, project, &in_work, err))
        return false;
    *out = in_work < limit;
    return true;
}

/* 0: none, also where the project is gone. */
static bool read_limit(struct tx *tx, struct arena *arena, const char *project, int *out, struct err *err) {
    struct project_row row;
    const struct json *settings = NULL;
    struct err own = {.kind = ERR_NONE};
    *out = 0;
    if (!projects_get(tx, arena, project, &row, &own))
        return own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
    if (!json_parse(arena, row.document, strlen(row.document), &settings, err))
        return err_wrap(err, "reading the project '%s'", project);
    *out = (int)json_get_integer(settings, "concurrentBuildLimit", 0);
    return true;
}

bool queue_let_go(struct tx *tx, const char *project, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct job_row job;
    int limit = 0;
    bool found = false, room = false;
    if (!project)
        return true;
    /* Nearly always there is none, and the project need not be read. */
    if (!job_rows_first_held(tx, &arena, project, &found, &job, err) ||
        (found && !read_limit(tx, &arena, project, &limit, err)))
        return false;
    while (found) {
        if (!queue_has_room(tx, project, limit, &room, err))
            return false;
        if (!room)
            return true;
        tx_wake(tx, WAKE_JOBS);
        if (!job_rows_let_go(tx, &job, err) || !job_rows_first_held(tx, &arena, project, &found, &job, err))
            return false;
    }
    return true;
}
