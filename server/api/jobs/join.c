/*
 * A join token becomes a runner with a token of its own, in one transaction: what was spent made exactly one runner.
 * The token is shown here once; the store has its hash.
 */
#include "server/api/jobs/jobs.h"

#include "common/wire_read.h"
#include "server/auth/token.h"
#include "server/server.h"
#include "server/store/runners.h"

struct joining {
    struct runner_row runner;
    uint8_t join_hash[SHA256_BYTES];
    uint8_t token_hash[SHA256_BYTES];
};

static bool join(struct tx *tx, void *context, struct err *err) {
    struct joining *joining = context;
    return join_tokens_spend(tx, joining->join_hash, err) &&
           runners_add(tx, &joining->runner, joining->token_hash, err);
}

static bool read_message(const struct request *request, struct joining *out, struct err *err) {
    const struct json *message;
    const char *join_token;
    if (!request_json(request, &message, err) ||
        !wire_text(request->arena, message, "joinToken", WIRE_REQUIRED, &join_token, err) ||
        !wire_name(request->arena, message, "name", 100, "-_. ", &out->runner.name, err) ||
        !wire_name(request->arena, message, "version", 50, "-_.+~", &out->runner.version, err))
        return false;
    token_hash(join_token, out->join_hash);
    return true;
}

void jobs_join(struct request *request, struct reply *reply) {
    struct joining joining = {0};
    struct err err = {0};
    const char *token = token_new(request->arena, TOKEN_RUNNER);
    char id[UUID_SIZE];
    hash_uuid(id);
    token_hash(token, joining.token_hash);
    joining.runner.id = id;
    if (!read_message(request, &joining, &err) || !db_write(request->server->db, join, &joining, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    struct json *body = json_object(request->arena);
    json_set_text(request->arena, body, "runnerId", id);
    json_set_text(request->arena, body, "token", token);
    reply_json(request, reply, 200, body);
}
