/*
 * "Is this job still mine, and still wanted?" The answer is held until there is a cancel or the wait is over. Each look
 * extends the lease, the first one before the wait and the last one right before the answer.
 */
#include "server/api/jobs/jobs.h"

#include "common/wire_read.h"
#include "server/api/jobs/fence.h"
#include "server/server.h"
#include "server/wake.h"

#define WAIT_SECONDS_MAX 10
#define ABANDON_EACH_MS 1000

struct beat {
    struct queue_fence fence;
    enum job_cancel cancel;
};

static bool beat(struct tx *tx, void *context, struct err *err) {
    struct beat *what = context;
    return queue_heartbeat(tx, &what->fence, &what->cancel, err);
}

/* How long an answer is held. A runner says that it saw the cancel, but not that it saw the abandon which may follow:
 * that one is told again each second instead of at once, for else the two would talk without a pause. */
static int64_t hold_ms(enum job_cancel cancel, bool seen, int64_t wait_ms) {
    if (cancel == JOB_CANCEL_NONE || (cancel == JOB_CANCEL_UNDO && seen))
        return wait_ms;
    if (!seen)
        return 0;
    return wait_ms < ABANDON_EACH_MS ? wait_ms : ABANDON_EACH_MS;
}

static void answer(const struct request *request, struct reply *reply, enum job_cancel cancel) {
    struct json *body = json_object(request->arena);
    json_set_bool(request->arena, body, "cancel", cancel != JOB_CANCEL_NONE);
    json_set_bool(request->arena, body, "abandon", cancel == JOB_CANCEL_ABANDON);
    reply_json(request, reply, 200, body);
}

void jobs_heartbeat(struct request *request, struct reply *reply) {
    struct beat what = {0};
    const struct json *message;
    int64_t wait_seconds = 0;
    bool seen = false;
    struct err err = {0};
    if (!fence_of_message(request, &message, &what.fence, &err) ||
        !wire_integer(message, "waitSeconds", WIRE_OPTIONAL, 0, WAIT_SECONDS_MAX, &wait_seconds, &err) ||
        !wire_bool(message, "cancelSeen", &seen, &err) || !db_write(request->server->db, beat, &what, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    int64_t until = request->arrived_boot_ms + hold_ms(what.cancel, seen, wait_seconds * 1000);
    if (clock_boot_ms(request->server->clock) < until)
        reply_wait(reply, arena_printf(request->arena, WAKE_JOB, what.fence.job_id), until);
    else
        answer(request, reply, what.cancel);
}
