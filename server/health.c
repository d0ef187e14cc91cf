#include "server/health.h"

#include "server/server.h"
#include "server/store/events.h"

void health_live(struct request *request, struct reply *reply) {
    reply_text(request, reply, 200, "text/plain", "ok\n");
}

static bool look(struct tx *tx, void *context, struct err *err) {
    return events_last(tx, context, err);
}

void health_ready(struct request *request, struct reply *reply) {
    struct err err;
    int64_t last;
    if (db_read(request->server->db, look, &last, &err)) {
        reply_text(request, reply, 200, "text/plain", "ok\n");
        return;
    }
    err.kind = ERR_UNAVAILABLE;
    reply_error(request, reply, &err);
}

void health_version(struct request *request, struct reply *reply) {
    struct json *body = json_object(request->arena);
    json_set_text(request->arena, body, "version", PENSTOCK_VERSION);
    reply_json(request, reply, 200, body);
}
