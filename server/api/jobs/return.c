/* A runner that ends gives back what it was offered and has not begun, so that nobody waits until the offer is over. */
#include "server/api/jobs/fence.h"
#include "server/api/jobs/jobs.h"
#include "server/server.h"

static bool give_back(struct tx *tx, void *context, struct err *err) {
    return queue_return(tx, context, err);
}

void jobs_return(struct request *request, struct reply *reply) {
    struct queue_fence fence;
    const struct json *message;
    struct err err = {0};
    if (fence_of_message(request, &message, &fence, &err) && db_write(request->server->db, give_back, &fence, &err))
        fence_reply_taken(request, reply);
    else
        reply_error(request, reply, &err);
}
