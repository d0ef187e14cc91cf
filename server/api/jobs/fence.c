/* Reading the fence of a request, and looking whether it holds. */
#include "server/api/jobs/fence.h"

#include "common/str.h"
#include "common/wire_read.h"
#include "server/server.h"

bool fence_of_message(const struct request *request, const struct json **message, struct queue_fence *out,
                      struct err *err) {
    int64_t token = 0;
    if (!request_json(request, message, err) ||
        !wire_integer(*message, "token", WIRE_REQUIRED, 1, INT64_MAX, &token, err))
        return false;
    *out = (struct queue_fence){.job_id = request->captures[0], .token = token, .runner_id = request->principal.id};
    return true;
}

bool fence_query_number(const struct request *request, const char *name, int64_t least, int64_t *out, struct err *err) {
    const char *text = request_query(request, name);
    long long value = 0;
    if (!text || !str_to_int64(text, least, INT64_MAX, &value))
        return err_set(err, ERR_INVALID, "query parameter '%s' must be a whole number from %lld on", name,
                       (long long)least);
    *out = value;
    return true;
}

bool fence_of_query(const struct request *request, struct queue_fence *out, struct err *err) {
    int64_t token = 0;
    if (!fence_query_number(request, "token", 1, &token, err))
        return false;
    *out = (struct queue_fence){.job_id = request->captures[0], .token = token, .runner_id = request->principal.id};
    return true;
}

struct look {
    const struct queue_fence *fence;
    struct arena *arena;
    const char *log_id;
};

static bool look(struct tx *tx, void *context, struct err *err) {
    struct look *what = context;
    return queue_check_fence(tx, what->arena, what->fence, &what->log_id, err);
}

bool fence_look(const struct request *request, const struct queue_fence *fence, const char **log_id, struct err *err) {
    struct look what = {.fence = fence, .arena = request->arena};
    if (!db_read(request->server->db, look, &what, err))
        return false;
    *log_id = what.log_id;
    return true;
}

void fence_reply_taken(const struct request *request, struct reply *reply) {
    reply_json(request, reply, 200, json_object(request->arena));
}
