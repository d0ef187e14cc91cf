/*
 * A job's end. The engine takes it and goes on with the pipeline in the same transaction; then the log's file is
 * closed. A result that comes again (our answer was lost, or the server died in between) is taken for what it is, and
 * closes a log that was left open.
 */
#include "server/api/jobs/jobs.h"

#include "server/api/jobs/fence.h"
#include "server/engine/engine.h"
#include "server/logs/logs.h"
#include "server/server.h"
#include "server/store/log_rows.h"
#include "server/wake.h"

struct ending {
    const struct request *request;
    struct queue_fence fence;
    struct wire_result result;
    const char *log_id;
    bool closed; /* false: another build of the same action goes on writing it */
};

static bool end(struct tx *tx, void *context, struct err *err) {
    struct ending *ending = context;
    struct arena *arena = ending->request->arena;
    struct job_row job;
    bool found = false;
    if (!engine_finish_job(tx, arena, &ending->fence, &ending->result, err) ||
        !job_rows_get(tx, arena, ending->fence.job_id, &job, err))
        return false;
    ending->log_id = job.log_id;
    return log_rows_get(tx, job.log_id, &found, &ending->closed, err);
}

void jobs_result(struct request *request, struct reply *reply) {
    const struct server *server = request->server;
    struct ending ending = {.request = request};
    const struct json *message;
    struct err err = {0};
    if (fence_of_message(request, &message, &ending.fence, &err) &&
        wire_result_decode(request->arena, message, &ending.result, &err) && db_write(server->db, end, &ending, &err) &&
        (!ending.closed || logs_finish(server->logs, ending.log_id, &err))) {
        http_wake(server->listener, arena_printf(request->arena, WAKE_LOG, ending.log_id));
        fence_reply_taken(request, reply);
    } else {
        reply_error(request, reply, &err);
    }
}
