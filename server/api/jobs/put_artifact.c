/*
 * An output artifact. The bytes are safe on disk under their hash before a row names them; bytes that no row comes to
 * name (the fence fell meanwhile) lie there until retention finds them.
 */
#include "server/api/jobs/jobs.h"

#include "common/wire_read.h"
#include "server/api/jobs/fence.h"
#include "server/artifacts/artifacts.h"
#include "server/server.h"

struct upload {
    const struct request *request;
    struct queue_fence fence;
    const char *name;
    char sha256[SHA256_HEX_SIZE];
    int64_t size_bytes;
};

static bool file(struct tx *tx, void *context, struct err *err) {
    const struct upload *upload = context;
    return queue_put_artifact(tx, upload->request->arena, &upload->fence, upload->name, upload->sha256,
                              upload->size_bytes, err);
}

static bool take(struct request *request, struct upload *upload, struct err *err) {
    const char *expected = request_header(request, "x-penstock-sha256");
    const char *log_id;
    upload->name = request->captures[1];
    if (!fence_of_query(request, &upload->fence, err))
        return false;
    if (!wire_is_name(upload->name, 100, "-_"))
        return err_set(err, ERR_INVALID, "an artifact's name has 1 to 100 letters, digits, '-' or '_'");
    if (!expected)
        return err_set(err, ERR_INVALID, "header 'X-Penstock-Sha256' is missing");
    if (request->body_fd < 0)
        return err_set(err, ERR_INVALID, "artifact '%s' came without a byte", upload->name);
    return fence_look(request, &upload->fence, &log_id, err) &&
           artifacts_put(request->server->artifacts, request->body_fd, expected, upload->sha256, &upload->size_bytes,
                         err) &&
           db_write(request->server->db, file, upload, err);
}

void jobs_put_artifact(struct request *request, struct reply *reply) {
    struct upload upload = {.request = request};
    struct err err = {0};
    if (!take(request, &upload, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    struct json *body = json_object(request->arena);
    json_set_text(request->arena, body, "sha256", upload.sha256);
    json_set_integer(request->arena, body, "size", upload.size_bytes);
    reply_json(request, reply, 200, body);
}
