/* An input artifact, as bytes. Only those that the job's action names: a runner cannot ask for another's. */
#include "server/api/jobs/jobs.h"

#include "server/api/jobs/fence.h"
#include "server/artifacts/artifacts.h"
#include "server/server.h"

struct download {
    const struct request *request;
    struct queue_fence fence;
    const char *sha256;
    int64_t size_bytes;
};

static bool find(struct tx *tx, void *context, struct err *err) {
    struct download *download = context;
    return queue_get_artifact(tx, download->request->arena, &download->fence, download->request->captures[1],
                              &download->sha256, &download->size_bytes, err);
}

void jobs_get_artifact(struct request *request, struct reply *reply) {
    struct download download = {.request = request};
    struct err err = {0};
    int fd = -1;
    int64_t size = 0;
    if (!fence_of_query(request, &download.fence, &err) || !db_read(request->server->db, find, &download, &err) ||
        !artifacts_get(request->server->artifacts, download.sha256, &fd, &size, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    reply->status = 200;
    reply->content_type = "application/zip";
    reply->body_fd = fd;
    reply->body_size = (size_t)size;
    reply_header(request, reply, "X-Penstock-Sha256", download.sha256);
}
