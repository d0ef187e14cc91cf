/*
 * Event streams. libmicrohttpd asks for bytes; when there are none the connection is suspended and the stream parks on
 * its topic like a long poll. A wake has a worker ask the feed for what is new, which reads the database from where it
 * was; so a slow viewer costs nothing but its own delay, and is cut when it takes nothing for half a minute.
 */
#include "server/http/exchange.h"

#include <string.h>

/* With the lock: waits for the topic, or asks the feed at once where it was woken since. */
static void rest(struct exchange *exchange) {
    if (!exchange->fed || park_missed(exchange)) {
        exchange->phase = PHASE_FEEDING;
        deadline_set(exchange->connection, DEADLINE_NONE, 0);
        workers_enqueue(exchange);
        return;
    }
    exchange->phase = PHASE_FEEDING;
    park_add(exchange);
    deadline_set(exchange->connection, DEADLINE_BEAT, exchange->beat_ms);
}

static void send_out(struct exchange *exchange) {
    exchange->phase = PHASE_SENDING;
    exchange->beat_ms = listener_now() + exchange->listener->settings.deadlines.beat;
    deadline_set(exchange->connection, DEADLINE_CUT, listener_now() + exchange->listener->settings.deadlines.body);
    MHD_resume_connection(exchange->mhd);
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t room) {
    (void)position;
    struct exchange *exchange = context;
    size_t rest_size = exchange->out.length - exchange->out_sent;
    if (rest_size > 0) {
        size_t size = rest_size < room ? rest_size : room;
        memcpy(buffer, exchange->out.text + exchange->out_sent, size);
        exchange->out_sent += size;
        return (ssize_t)size;
    }
    str_clear(&exchange->out);
    exchange->out_sent = 0;
    pthread_mutex_lock(&exchange->listener->lock);
    if (exchange->listener->closing)
        exchange->ended = true;
    bool ended = exchange->ended;
    if (!ended) {
        MHD_suspend_connection(exchange->mhd); /* before a worker can resume it */
        rest(exchange);
    }
    pthread_mutex_unlock(&exchange->listener->lock);
    return ended ? MHD_CONTENT_READER_END_OF_STREAM : 0;
}

struct MHD_Response *stream_response(struct exchange *exchange) {
    exchange->out = (struct str)STR_INIT(STREAM_BYTES_MAX);
    str_append(&exchange->out, ": stream\n\n"); /* the head goes out at once, with something behind it */
    exchange->beat_ms = listener_now() + exchange->listener->settings.deadlines.beat;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 8192, read_stream, exchange, NULL);
}

void stream_feed(struct exchange *exchange) {
    struct http_listener *listener = exchange->listener;
    struct reply *reply = &exchange->reply;
    pthread_mutex_lock(&listener->lock);
    exchange->seen = listener->wakes;
    exchange->fed = true;
    pthread_mutex_unlock(&listener->lock);
    struct arena arena = ARENA_INIT;
    bool goes_on = reply->feed(listener->settings.server, reply->feed_context, &arena, &exchange->out);
    arena_release(&arena);
    pthread_mutex_lock(&listener->lock);
    if (!goes_on || listener->closing)
        exchange->ended = true;
    if (exchange->out.length > 0)
        exchange->fed = false; /* there may be more than had room: ask again when this was sent */
    if (exchange->ended || exchange->out.length > 0)
        send_out(exchange);
    else
        rest(exchange);
    pthread_mutex_unlock(&listener->lock);
}

void stream_beat(struct exchange *exchange) {
    park_remove(exchange);
    str_append(&exchange->out, ":\n\n");
    send_out(exchange);
}

void stream_end(struct exchange *exchange) {
    park_remove(exchange);
    exchange->ended = true;
    send_out(exchange);
}
