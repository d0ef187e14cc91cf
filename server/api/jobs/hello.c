/* A new process of a runner says that it is there; what its earlier process held goes back to the queue. */
#include "server/api/jobs/jobs.h"

#include "common/wire_read.h"
#include "server/config.h"
#include "server/engine/engine.h"
#include "server/server.h"

struct hello {
    const struct request *request;
    const char *instance_id;
    const char *version;
};

static bool hello(struct tx *tx, void *context, struct err *err) {
    const struct hello *word = context;
    return engine_runner_hello(tx, word->request->arena, word->request->principal.id, word->instance_id, word->version,
                               err);
}

void jobs_hello(struct request *request, struct reply *reply) {
    struct hello word = {.request = request};
    const struct json *message;
    struct err err = {0};
    if (!request_json(request, &message, &err) ||
        !wire_name(request->arena, message, "instanceId", 64, "-", &word.instance_id, &err) ||
        !wire_name(request->arena, message, "version", 50, "-_.+~", &word.version, &err) ||
        !db_write(request->server->db, hello, &word, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    struct json *body = json_object(request->arena);
    json_set_text(request->arena, body, "runnerId", request->principal.id);
    json_set_text(request->arena, body, "serverVersion", PENSTOCK_VERSION);
    json_set_text(request->arena, body, "region", request->server->config->region);
    json_set_text(request->arena, body, "accountId", request->server->config->account_id);
    reply_json(request, reply, 200, body);
}
