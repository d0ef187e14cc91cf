/*
 * A runner has the job that it was offered. The answer says where the job's log ends: a second holder goes on from
 * there, so that the first one's lines stay and its own are not taken for a repetition of them.
 */
#include "server/api/jobs/jobs.h"

#include "server/api/jobs/fence.h"
#include "server/logs/logs.h"
#include "server/server.h"

static bool acknowledge(struct tx *tx, void *context, struct err *err) {
    return queue_acknowledge(tx, context, err);
}

void jobs_acknowledge(struct request *request, struct reply *reply) {
    struct queue_fence fence;
    const struct json *message;
    const char *log_id;
    struct log_info log = {0};
    struct err err = {0};
    if (!fence_of_message(request, &message, &fence, &err) ||
        !db_write(request->server->db, acknowledge, &fence, &err) || !fence_look(request, &fence, &log_id, &err) ||
        !logs_settle(request->server->logs, log_id, &log, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    struct json *body = json_object(request->arena);
    json_set_integer(request->arena, body, "logSize", log.bytes);
    reply_json(request, reply, 200, body);
}
