/*
 * Log bytes. They are not in the database: the fence is checked while the log is held for the append, so that a holder
 * who was replaced adds nothing once the next one knows where the log ends; the offset makes a repeated call harmless.
 */
#include "server/api/jobs/jobs.h"

#include "common/str.h"
#include "server/api/jobs/fence.h"
#include "server/logs/logs.h"
#include "server/server.h"
#include "server/wake.h"

static void reply_size(const struct request *request, struct reply *reply, int64_t size, bool full) {
    struct json *body = json_object(request->arena);
    json_set_integer(request->arena, body, "size", size);
    if (full)
        json_set_bool(request->arena, body, "full", true);
    reply_json(request, reply, 200, body);
}

/* As reply_error, and where the log ends: what the runner is to send from. */
static void reply_gap(const struct request *request, struct reply *reply, const struct err *err, int64_t size) {
    struct json *body = json_object(request->arena);
    json_set_text(request->arena, body, "__type", err->code);
    json_set_text(request->arena, body, "message", err->message);
    json_set_integer(request->arena, body, "size", size);
    reply_json(request, reply, 409, body);
    reply_header(request, reply, "x-amzn-ErrorType", err->code);
}

struct holder {
    const struct request *request;
    const struct queue_fence *fence;
};

static bool still_holds(void *context, struct err *err) {
    const struct holder *holder = context;
    const char *log_id;
    return fence_look(holder->request, holder->fence, &log_id, err);
}

void jobs_log(struct request *request, struct reply *reply) {
    const struct server *server = request->server;
    struct queue_fence fence;
    int64_t size = 0;
    bool full = false;
    const char *log_id;
    struct err err = {0};
    struct holder holder = {request, &fence};
    struct log_piece piece = {.bytes = request->body,
                              .size = request->body_size,
                              .may_write = still_holds,
                              .context = &holder,
                              .full = &full};
    if (fence_of_query(request, &fence, &err) && fence_query_number(request, "offset", 0, &piece.offset, &err) &&
        fence_look(request, &fence, &log_id, &err) && logs_append(server->logs, log_id, &piece, &size, &err)) {
        http_wake(server->listener, arena_printf(request->arena, WAKE_LOG, log_id));
        reply_size(request, reply, size, full);
    } else if (str_equal(err.code, "LogGapException")) {
        reply_gap(request, reply, &err, size);
    } else {
        reply_error(request, reply, &err);
    }
}
