/*
 * Reading logs. Whether a log is still written to, the store knows; where it says that one is over and the file is not
 * closed yet (its job ended without a runner), the file is closed here. The log of an action that is a batch no runner
 * writes: its lines are in the store, and come into the file here.
 */
#include "common/str.h"
#include "server/api/watch/watch.h"
#include "server/logs/logs.h"
#include "server/server.h"
#include "server/store/batches.h"
#include "server/store/log_rows.h"
#include "server/wake.h"

#include <string.h>

#define COUNT_MAX 2000
#define COUNT_DEFAULT 500
#define WAIT_SECONDS_MAX 25

struct asked {
    const char *id;
    long long from;
    long long count;
    long long wait_seconds;
};

struct lookup {
    struct arena *arena;
    const char *id;
    const char *batch; /* the lines of a batch, or NULL */
    bool found;
    bool closed;
};

static bool look_up(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return log_rows_get(tx, lookup->id, &lookup->found, &lookup->closed, err) &&
           batches_log_of(tx, lookup->arena, lookup->id, &lookup->batch, err);
}

static bool number(const struct request *request, const char *name, long long least, long long most, long long *value,
                   struct err *err) {
    const char *text = request_query(request, name);
    return !text || str_to_int64(text, least, most, value) ||
           err_set(err, ERR_INVALID, "'%s' must be a whole number from %lld to %lld", name, least, most);
}

static bool read_query(const struct request *request, struct asked *out, struct err *err) {
    *out = (struct asked){.id = request->captures[0], .count = COUNT_DEFAULT};
    return number(request, "from", 0, INT64_MAX, &out->from, err) &&
           number(request, "count", 1, COUNT_MAX, &out->count, err) &&
           number(request, "wait", 0, WAIT_SECONDS_MAX, &out->wait_seconds, err);
}

/* What is there already is skipped. A log that is closed has everything. */
static bool add_batch_lines(struct server *server, const struct lookup *lookup, struct err *err) {
    const struct log_piece piece = {.bytes = lookup->batch, .size = lookup->batch ? strlen(lookup->batch) : 0};
    struct err own = {.kind = ERR_NONE};
    int64_t size = 0;
    if (piece.size == 0 || logs_append(server->logs, lookup->id, &piece, &size, &own))
        return true;
    return own.kind == ERR_CONFLICT || err_set(err, own.kind, "%s", own.message);
}

/* True where there is such a log; it is closed in the file where it is in the store. */
static bool find(const struct request *request, const char *id, struct err *err) {
    struct server *server = request->server;
    struct lookup lookup = {.arena = request->arena, .id = id};
    if (!db_read(server->db, look_up, &lookup, err))
        return false;
    if (!lookup.found || !logs_id_valid(id))
        return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "there is no log '%.80s'", id);
    struct log_info info;
    if (!add_batch_lines(server, &lookup, err))
        return false;
    if (!lookup.closed)
        return true;
    return logs_info(server->logs, id, &info, err) && (info.closed || logs_finish(server->logs, id, err));
}

static struct json *show(const struct request *request, const struct asked *asked, const struct log_line *lines,
                         size_t count, const struct log_info *info) {
    struct arena *arena = request->arena;
    struct json *body = json_object(arena);
    json_set_text(arena, body, "logId", asked->id);
    json_set_integer(arena, body, "from", asked->from);
    struct json *list = json_set_array(arena, body, "lines");
    for (size_t i = 0; i < count; i++) {
        struct json *line = json_append_object(arena, list);
        json_set_integer(arena, line, "n", lines[i].number);
        json_set_integer(arena, line, "t", lines[i].ms);
        json_set_text(arena, line, "text", lines[i].text);
    }
    json_set_integer(arena, body, "total", info->lines);
    json_set_bool(arena, body, "closed", info->closed);
    return body;
}

void watch_log(struct request *request, struct reply *reply) {
    struct err err;
    struct asked asked;
    const struct log_line *lines;
    size_t count;
    struct log_info info;
    if (!read_query(request, &asked, &err) || !find(request, asked.id, &err) ||
        !logs_read(request->server->logs, request->arena, asked.id, asked.from, (size_t)asked.count, &lines, &count,
                   &info, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    int64_t until_boot_ms = request->arrived_boot_ms + asked.wait_seconds * 1000;
    if (count == 0 && !info.closed && clock_boot_ms(request->server->clock) < until_boot_ms)
        reply_wait(reply, arena_printf(request->arena, WAKE_LOG, asked.id), until_boot_ms);
    else
        reply_json(request, reply, 200, show(request, &asked, lines, count, &info));
}

void watch_log_raw(struct request *request, struct reply *reply) {
    struct err err;
    const char *id = request->captures[0];
    int64_t size = 0;
    if (!find(request, id, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    if (!logs_raw(request->server->logs, id, &reply->body_fd, &size, &err) && err.kind != ERR_NOT_FOUND) {
        reply_error(request, reply, &err);
        return;
    }
    reply->status = 200;
    reply->content_type = "text/plain; charset=utf-8";
    reply->body_size = (size_t)size; /* 0 where nothing was written yet */
    reply_header(request, reply, "Content-Disposition",
                 arena_printf(request->arena, "attachment; filename=\"%s.log\"", id));
}
