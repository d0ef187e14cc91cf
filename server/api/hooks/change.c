/* Taking a change, and the texts in it. */
#include "server/api/hooks/change.h"

#include "common/hash.h"
#include "common/str.h"
#include "common/utf8.h"
#include "server/auth/auth.h"
#include "server/server.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 512
#define LINK_MAX_BYTES 1000
#define WAITING_MOST 2 /* of the workers that are for quick requests */

struct taking {
    struct arena *arena;
    const struct delivery *delivery;
    struct engine_change_request request;
    bool needs_files;
    bool found;          /* it was taken before */
    const char *body_id; /* the delivery's other name: by its bytes */
    int status;
    const char *answer;
};

static bool find(struct tx *tx, struct taking *taking, const char *id, bool *found, struct err *err) {
    return deliveries_find(tx, taking->arena, taking->delivery->hook->id, id, found, &taking->status, &taking->answer,
                           err);
}

static bool find_either(struct tx *tx, struct taking *taking, struct err *err) {
    taking->found = false;
    return find(tx, taking, taking->delivery->id, &taking->found, err) &&
           (taking->found || find(tx, taking, taking->body_id, &taking->found, err));
}

/* ---- asking git, before the transaction ---- */

static bool look(struct tx *tx, void *context, struct err *err) {
    struct taking *taking = context;
    taking->needs_files = false;
    return find_either(tx, taking, err) &&
           (taking->found || taking->request.files_known ||
            engine_change_needs_files(tx, taking->arena, &taking->request, &taking->needs_files, err));
}

/* On the door for what is quick, git may keep a few workers waiting only. */
static atomic_int waiting;

static bool may_wait(const struct change *change) {
    if (change->may_wait)
        return true;
    if (atomic_fetch_add(&waiting, 1) < WAITING_MOST)
        return true;
    atomic_fetch_sub(&waiting, 1);
    return false;
}

static void end_wait(const struct change *change) {
    if (!change->may_wait)
        atomic_fetch_sub(&waiting, 1);
}

static bool open_remote(const struct request *request, const struct source_hook_row *hook, struct remote *out,
                        struct err *err) {
    *out = (struct remote){.url = hook->clone_url, .user_name = hook->clone_user_name};
    return !hook->clone_password || auth_unseal(request->server->auth, request->arena, hook->clone_password,
                                                hook->clone_password_size, &out->password, err);
}

/* A list that cannot be had leaves the files unknown: a run too many is seen, a lost one is not. */
static void ask_files(const struct request *request, struct taking *taking) {
    const struct change *change = taking->delivery->change;
    struct remote remote;
    struct err err = {0};
    if (!change->comparison.from)
        return;
    if (!may_wait(change)) {
        taking->request.files_unknown = "too many other questions to git are under way";
        return;
    }
    taking->request.files_known =
        open_remote(request, taking->delivery->hook, &remote, &err) &&
        remote_changed_files(request->server->hosting, request->arena, &remote, &change->comparison,
                             &taking->request.files, &taking->request.file_count, &err);
    end_wait(change);
    if (!taking->request.files_known)
        taking->request.files_unknown = arena_strdup(request->arena, err.message);
}

/* Errors: ERR_UNAVAILABLE where that can be tried again. */
static bool ask_tag(const struct request *request, struct taking *taking, struct err *err) {
    const struct change *change = taking->delivery->change;
    struct remote remote;
    if (!open_remote(request, taking->delivery->hook, &remote, err))
        return false;
    if (!may_wait(change))
        return err_set(err, ERR_UNAVAILABLE, "too many questions to git are under way; deliver it again");
    bool known = remote_tagged_commit(request->server->hosting, request->arena, &remote, taking->request.tag,
                                      &taking->request.commit_id, err);
    end_wait(change);
    return known || err_wrap(err, "the commit of tag '%s' is not known", taking->request.tag);
}

static bool prepare(const struct request *request, struct taking *taking, struct err *err) {
    const struct change *change = taking->delivery->change;
    const struct source_hook_row *hook = taking->delivery->hook;
    if (!change)
        return true;
    taking->request = change->request;
    taking->request.repository = hook->repository;
    taking->request.trigger_type = "Webhook";
    taking->request.trigger_detail = arena_printf(taking->arena, "%s %s", hook->provider, hook->repository);
    if (!db_read(request->server->db, look, taking, err))
        return false;
    if (taking->found)
        return true;
    if (taking->needs_files)
        ask_files(request, taking);
    return !change->tag_object || ask_tag(request, taking, err);
}

/* ---- the transaction ---- */

static void describe(struct arena *arena, const struct engine_change_result *result, struct json *body) {
    struct json *executions = json_set_array(arena, body, "executions");
    struct json *pipelines = json_set_array(arena, body, "pipelines");
    for (size_t i = 0; i < result->count; i++)
        json_append_text(arena, executions, result->executions[i]);
    for (size_t i = 0; i < result->pipeline_count; i++) {
        struct json *item = json_append_object(arena, pipelines);
        json_set_text(arena, item, "pipelineName", result->pipelines[i].pipeline);
        json_set_text(arena, item, "pipelineExecutionId", result->pipelines[i].execution);
        json_set_text(arena, item, "message", result->pipelines[i].message);
    }
    if (result->pipeline_count == 0)
        json_set_text(arena, body, "message", "no pipeline has this repository as its source");
}

static bool take(struct tx *tx, void *context, struct err *err) {
    struct taking *taking = context;
    const struct delivery *delivery = taking->delivery;
    struct engine_change_result result = {0};
    if (!find_either(tx, taking, err))
        return false;
    if (taking->found)
        return true;
    struct json *body = json_object(taking->arena);
    if (delivery->change && !engine_change(tx, taking->arena, &taking->request, &result, err))
        return false;
    if (delivery->change)
        describe(taking->arena, &result, body);
    else
        json_set_array(taking->arena, body, "executions");
    taking->status = result.count > 0 ? 202 : 200;
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
    if (prepare(request, &taking, &err) && (taking.found || db_write(request->server->db, take, &taking, &err)))
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
