/*
 * The event stream. Its place is the sequence of the last event that was sent, and the events are read from the store
 * each time: a browser that comes back says where it was, and a restart of the server is no gap.
 */
#include "server/api/watch/watch.h"

#include "common/log.h"
#include "common/str.h"
#include "server/api/penstock/event.h"
#include "server/auth/auth.h"
#include "server/server.h"
#include "server/store/events.h"
#include "server/store/sessions.h"
#include "server/wake.h"

#define EVENTS_A_TIME 50
#define EVENT_BYTES_MAX (64 * 1024) /* the end of a longer one would be cut off */

struct place {
    long long sequence;
    uint8_t session[SHA256_BYTES];
};

struct reading {
    struct arena *arena;
    const struct place *place;
    struct event_row *events;
    size_t count;
};

static bool read_events(struct tx *tx, void *context, struct err *err) {
    struct reading *reading = context;
    struct session_row session;
    return sessions_find(tx, reading->arena, reading->place->session, &session, err) &&
           events_list(tx, reading->arena, reading->place->sequence, EVENTS_A_TIME, &reading->events, &reading->count,
                       err);
}

static bool read_last(struct tx *tx, void *context, struct err *err) {
    int64_t last;
    if (!events_last(tx, &last, err))
        return false;
    ((struct place *)context)->sequence = last;
    return true;
}

/* False where there is no room any more: it goes out with the next. What an event says beside its names has no limit
 * in the store; one that is far too long goes without it. */
static bool append(struct arena *arena, const struct event_row *event, struct str *out) {
    struct str text = STR_INIT(EVENT_BYTES_MAX);
    struct event_row shown = *event;
    for (int attempt = 0; attempt < 2; attempt++) {
        str_clear(&text);
        str_printf(&text, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)shown.sequence, shown.type,
                   json_print(arena, event_show(arena, &shown)));
        if (!text.cut)
            break;
        shown.detail = NULL;
    }
    bool fits = out->length + text.length <= out->ceiling;
    if (fits && !text.cut)
        str_append_bytes(out, text.text, text.length);
    str_release(&text);
    return fits;
}

static bool feed(struct server *server, void *context, struct arena *arena, struct str *out) {
    struct err err;
    struct place *place = context;
    struct reading reading = {.arena = arena, .place = place};
    if (!db_read(server->db, read_events, &reading, &err)) {
        if (err.kind != ERR_NOT_FOUND) /* signed out, or the session is over */
            LOG_WARNING("event stream ended", "err", err.message);
        return false; /* the browser comes back with its place */
    }
    for (size_t i = 0; i < reading.count && append(arena, &reading.events[i], out); i++)
        place->sequence = reading.events[i].sequence;
    return true;
}

void watch_events(struct request *request, struct reply *reply) {
    struct err err;
    struct place *place = arena_new(request->arena, struct place);
    const char *last = request_header(request, "last-event-id");
    if (!auth_session_hash(request, place->session)) {
        err_set_code(&err, ERR_DENIED, "MissingAuthenticationTokenException", "the event stream needs a session");
        reply_error(request, reply, &err);
        return;
    }
    if (!last || !str_to_int64(last, 0, INT64_MAX, &place->sequence)) {
        if (!db_read(request->server->db, read_last, place, &err)) {
            reply_error(request, reply, &err);
            return;
        }
    }
    reply->status = 200;
    reply->content_type = "text/event-stream";
    reply_header(request, reply, "X-Accel-Buffering", "no"); /* nginx would keep events back */
    reply->feed = feed;
    reply->feed_context = place;
    reply->wait_topic = WAKE_EVENTS;
}
