/*
 * From a request to one of its job's artifacts.
 */
#include "server/api/s3/object.h"

#include "server/api/artifact_store.h"
#include "server/server.h"

#include "common/str.h"

#include <string.h>
#include <strings.h>

#define PARTS_MAX 10000

bool s3_wants(const struct request *request) {
    const char *authorization = request_header(request, "authorization");
    return authorization && str_starts_with(authorization, "AWS4-") && strstr(authorization, "/s3/aws4_request");
}

/* ---- query ---- */

/* What an SDK says beside its operation; anything else asks for something that is not here. */
static bool is_known(const char *name, size_t length) {
    static const char *const known[] = {"partNumber", "uploadId", "uploads", "x-id"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == length && strncmp(known[i], name, length) == 0)
            return true;
    return false;
}

static bool read_query(const struct request *request, struct s3_object *out, struct err *err) {
    for (const char *at = request->query; *at;) {
        size_t length = strcspn(at, "&"), name_length = strcspn(at, "=&");
        if (length > 0 && !is_known(at, name_length))
            return err_set_code(err, ERR_INVALID, "NotImplemented", "'?%.*s' is not there for a job's artifacts",
                                name_length < 100 ? (int)name_length : 100, at);
        at += length + (at[length] == '&');
    }
    long long number = 0;
    const char *part = request_query(request, "partNumber");
    out->uploads = request_query(request, "uploads");
    out->upload_id = request_query(request, "uploadId");
    if (part && !str_to_int64(part, 1, PARTS_MAX, &number))
        return err_set_code(err, ERR_INVALID, "InvalidArgument", "partNumber must be from 1 to %d", PARTS_MAX);
    out->part_number = number;
    return true;
}

/* ---- path ---- */

/* Whether the Host header is "BUCKET." and more. */
static bool is_host_of(const struct request *request, const char *bucket) {
    const char *host = request_header(request, "host");
    size_t length = strlen(bucket);
    return host && strncasecmp(host, bucket, length) == 0 && host[length] == '.';
}

static bool means(const struct request *request, const char *bucket, const char *key) {
    const char *path = request->captures[0];
    size_t length = strlen(bucket);
    if (strncmp(path, bucket, length) == 0 && path[length] == '/' && str_equal(path + length + 1, key))
        return true;
    return str_equal(path, key) && is_host_of(request, bucket);
}

static bool find_artifact(const struct request *request, const struct worker_message *message, bool for_writing,
                          struct s3_object *out, struct err *err) {
    const struct worker_artifact *list = for_writing ? message->outputs : message->inputs;
    size_t count = for_writing ? message->output_count : message->input_count;
    for (size_t i = 0; i < count; i++) {
        if (!means(request, out->bucket, list[i].object_key))
            continue;
        out->artifact = &list[i];
        out->is_output = for_writing;
        return true;
    }
    return err_set_code(err, ERR_DENIED, "AccessDenied", "this is not an %s artifact of the job",
                        for_writing ? "output" : "input");
}

/* What the job, or one before it of the same action, uploaded: readable as it is for whoever wrote to a bucket. */
static bool find_uploaded(struct tx *tx, const struct request *request, const struct worker_message *message,
                          struct s3_object *object, struct err *err) {
    struct artifact_row *rows;
    size_t count;
    if (!artifact_rows_of_action(tx, request->arena, message->action.id, &rows, &count, err) ||
        !find_artifact(request, message, true, object, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(rows[i].name, object->artifact->name))
            continue;
        struct worker_artifact *uploaded = arena_array(request->arena, struct worker_artifact, 1);
        *uploaded = *object->artifact;
        uploaded->sha256 = rows[i].sha256;
        uploaded->size_bytes = rows[i].size_bytes;
        object->artifact = uploaded;
        return true;
    }
    return err_set_code(err, ERR_DENIED, "AccessDenied", "this output artifact was not uploaded yet");
}

bool s3_find_in(struct tx *tx, const struct request *request, bool for_writing, struct s3_object *out,
                struct err *err) {
    struct s3_object object = {0};
    struct worker_message message;
    struct artifact_store store;
    if (!read_query(request, &object, err) ||
        !worker_queue_look(tx, request->arena, request->principal.id, request->principal.nonce, &message, err) ||
        !artifact_store_find(tx, request->arena, request->server->config, message.action.pipeline_id,
                             message.action.version, NULL, &store, err))
        return false;
    object.bucket = store.bucket;
    if (!find_artifact(request, &message, for_writing, &object, err)) {
        if (for_writing || !str_equal(err->code, "AccessDenied"))
            return false;
        *err = (struct err){0};
        if (!find_uploaded(tx, request, &message, &object, err))
            return false;
    }
    *out = object;
    return true;
}

struct finding {
    const struct request *request;
    bool for_writing;
    struct s3_object *out;
};

static bool find(struct tx *tx, void *context, struct err *err) {
    const struct finding *finding = context;
    return s3_find_in(tx, finding->request, finding->for_writing, finding->out, err);
}

bool s3_find(const struct request *request, bool for_writing, struct s3_object *out, struct err *err) {
    struct finding finding = {.request = request, .for_writing = for_writing, .out = out};
    return db_read(request->server->db, find, &finding, err);
}
