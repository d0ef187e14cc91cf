/* How a job goes on, for people to see. */
#include "server/api/jobs/jobs.h"

#include "server/api/jobs/fence.h"
#include "server/server.h"

struct advance {
    const struct request *request;
    struct queue_fence fence;
    struct wire_progress progress;
};

static bool advance(struct tx *tx, void *context, struct err *err) {
    const struct advance *what = context;
    return queue_progress(tx, what->request->arena, &what->fence, &what->progress, err);
}

void jobs_progress(struct request *request, struct reply *reply) {
    struct advance what = {.request = request};
    const struct json *message;
    struct err err = {0};
    if (fence_of_message(request, &message, &what.fence, &err) &&
        wire_progress_decode(request->arena, message, &what.progress, &err) &&
        db_write(request->server->db, advance, &what, &err))
        fence_reply_taken(request, reply);
    else
        reply_error(request, reply, &err);
}
