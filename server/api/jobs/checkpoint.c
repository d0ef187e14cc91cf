/* The mark that a runner leaves before a side effect. Once this is answered, whoever gets the job next will see it. */
#include "server/api/jobs/jobs.h"

#include "common/wire_read.h"
#include "server/api/jobs/fence.h"
#include "server/server.h"

struct mark {
    struct queue_fence fence;
    const struct json *checkpoint;
};

static bool set_mark(struct tx *tx, void *context, struct err *err) {
    const struct mark *mark = context;
    return queue_checkpoint(tx, &mark->fence, mark->checkpoint, err);
}

void jobs_checkpoint(struct request *request, struct reply *reply) {
    struct mark mark;
    const struct json *message;
    struct err err = {0};
    if (fence_of_message(request, &message, &mark.fence, &err) &&
        wire_object(request->arena, message, "checkpoint", WIRE_REQUIRED, &mark.checkpoint, &err) &&
        db_write(request->server->db, set_mark, &mark, &err))
        fence_reply_taken(request, reply);
    else
        reply_error(request, reply, &err);
}
