/* Taking a change, and the texts in it. */
#include "server/api/hooks/change.h"

#include "common/hash.h"
#include "common/str.h"
#include "common/utf8.h"
#include "server/engine/engine.h"
#include "server/server.h"

#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 512
#define LINK_MAX_BYTES 1000

struct taking {
    struct arena *arena;
    const struct delivery *delivery;
    const char *body_id; /* the delivery's other name: by its bytes */
    int status;
    const char *answer;
};

static bool find(struct tx *tx, struct taking *taking, const char *id, bool *found, struct err *err) {
    return deliveries_find(tx, taking->arena, taking->delivery->hook->id, id, found, &taking->status, &taking->answer,
                           err);
}

static bool start(struct tx *tx, struct taking *taking, struct json *executions, struct err *err) {
    const struct change *change = taking->delivery->change;
    const struct source_hook_row *hook = taking->delivery->hook;
    struct engine_change_result result;
    const struct engine_change_request request = {
        .repository = hook->repository,
        .branch = change->branch,
        .commit_id = change->commit_id,
        .summary = change->summary,
        .url = change->url,
        .author = change->author,
        .created_ms = change->created_ms,
        .trigger_type = "Webhook",
        .trigger_detail = arena_printf(taking->arena, "%s %s", hook->provider, hook->repository),
        .by = change->by,
    };
    if (!engine_change(tx, taking->arena, &request, &result, err))
        return false;
    for (size_t i = 0; i < result.count; i++)
        json_append_text(taking->arena, executions, result.executions[i]);
    return true;
}

static bool take(struct tx *tx, void *context, struct err *err) {
    struct taking *taking = context;
    const struct delivery *delivery = taking->delivery;
    bool found = false;
    if (!find(tx, taking, delivery->id, &found, err) || (!found && !find(tx, taking, taking->body_id, &found, err)))
        return false;
    if (found)
        return true;
    struct json *body = json_object(taking->arena);
    struct json *executions = json_set_array(taking->arena, body, "executions");
    if (delivery->change && !start(tx, taking, executions, err))
        return false;
    taking->status = executions->count > 0 ? 202 : 200;
    taking->answer = json_print(taking->arena, body);
    return deliveries_add(tx, delivery->hook->id, delivery->id, taking->status, taking->answer, err) &&
           deliveries_add(tx, delivery->hook->id, taking->body_id, taking->status, taking->answer, err);
}

void change_take(const struct request *request, struct reply *reply, const struct delivery *delivery) {
    char digest[SHA256_HEX_SIZE];
    struct err err = {0};
    hash_sha256_hex(delivery->payload->bytes, delivery->payload->size, digest);
    struct taking taking = {
        .arena = request->arena,
        .delivery = delivery,
        .body_id = arena_printf(request->arena, "body:%s", digest),
    };
    if (db_write(request->server->db, take, &taking, &err))
        reply_text(request, reply, taking.status, "application/json", taking.answer);
    else
        reply_error(request, reply, &err);
}

void change_pass_over(const struct request *request, struct reply *reply, const char *reason) {
    struct json *body = json_object(request->arena);
    json_set_array(request->arena, body, "executions");
    json_set_text(request->arena, body, "message", reason);
    reply_json(request, reply, 200, body);
}

bool change_is_commit(const char *text) {
    size_t length = text ? strlen(text) : 0;
    return (length == 40 || length == 64) && strspn(text, "0123456789abcdef") == length && strspn(text, "0") != length;
}

const char *change_first_line(struct arena *arena, const char *text) {
    if (!text)
        return NULL;
    size_t length = strcspn(text, "\r\n");
    if (length > LINE_MAX_BYTES)
        length = LINE_MAX_BYTES;
    return arena_strndup(arena, text, utf8_valid_length(text, length)); /* a character that was cut goes whole */
}

const char *change_link(struct arena *arena, const char *url) {
    if (!url || (!str_starts_with(url, "https://") && !str_starts_with(url, "http://")))
        return NULL;
    size_t length = strlen(url);
    if (length > LINK_MAX_BYTES || strcspn(url, " \"'<>\\`") != length)
        return NULL;
    for (const char *at = url; *at; at++) {
        if (*at < ' ' || *at > '~')
            return NULL;
    }
    return arena_strdup(arena, url);
}

int64_t change_time_ms(const char *rfc3339) {
    struct tm parts = {0};
    const char *rest = rfc3339 ? strptime(rfc3339, "%Y-%m-%dT%H:%M:%S%z", &parts) : NULL;
    if (!rest || *rest)
        return 0;
    int64_t offset = parts.tm_gmtoff; /* timegm overwrites it */
    int64_t seconds = (int64_t)timegm(&parts) - offset;
    return seconds > 0 ? seconds * 1000 : 0;
}
