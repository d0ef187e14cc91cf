/*
 * PutObject, and UploadPart of a multipart upload. The bytes are safe on disk under their hash before a row names them.
 */
#include "server/api/s3/body.h"
#include "server/api/s3/object.h"
#include "server/artifacts/artifacts.h"
#include "server/server.h"
#include "server/store/worker_uploads.h"

struct upload {
    const struct request *request;
    const struct s3_object *object;
    const char *etag;
    char sha256[SHA256_HEX_SIZE];
    int64_t size_bytes;
};

static bool file_object(struct tx *tx, void *context, struct err *err) {
    const struct upload *upload = context;
    const struct principal *who = &upload->request->principal;
    const struct artifact_row row = {
        .name = upload->object->artifact->name, .sha256 = upload->sha256, .size_bytes = upload->size_bytes};
    return worker_queue_put_artifact(tx, upload->request->arena, who->id, who->nonce, &row, err);
}

static bool file_part(struct tx *tx, void *context, struct err *err) {
    const struct upload *upload = context;
    const struct request *request = upload->request;
    struct s3_object object;
    const struct worker_upload_part part = {.number = upload->object->part_number,
                                            .etag = upload->etag,
                                            .sha256 = upload->sha256,
                                            .size_bytes = upload->size_bytes};
    return s3_find_in(tx, request, true, &object, err) && s3_check_upload(tx, request, &object, err) &&
           worker_uploads_put_part(tx, object.upload_id, &part, err);
}

static bool check_kind(const struct request *request, const struct s3_object *object, struct err *err) {
    if (object->uploads || request_header(request, "x-amz-copy-source"))
        return err_set_code(err, ERR_INVALID, "NotImplemented", "objects cannot be copied here");
    if ((object->part_number == 0) != (object->upload_id == NULL))
        return err_set_code(err, ERR_INVALID, "InvalidArgument", "partNumber and uploadId belong together");
    return true;
}

static bool take(struct request *request, struct upload *upload, struct err *err) {
    struct s3_object object;
    struct s3_body body;
    if (!s3_find(request, true, &object, err) || !check_kind(request, &object, err) ||
        !s3_body_take(request, &body, err))
        return false;
    bool kept =
        artifacts_put(request->server->artifacts, body.fd, body.sha256, upload->sha256, &upload->size_bytes, err);
    s3_body_close(&body);
    upload->object = &object;
    upload->etag = arena_strdup(request->arena, body.md5);
    return kept && db_write(request->server->db, object.upload_id ? file_part : file_object, upload, err);
}

void s3_put(struct request *request, struct reply *reply) {
    struct upload upload = {.request = request};
    struct err err = {0};
    if (!take(request, &upload, &err)) {
        s3_fail(request, reply, &err);
        return;
    }
    reply_text(request, reply, 200, NULL, "");
    reply_header(request, reply, "ETag", arena_printf(request->arena, "\"%s\"", upload.etag));
    reply_header(request, reply, "x-amz-request-id", request->id);
}
