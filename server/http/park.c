/*
 * Who waits for what. A wake that comes between a handler's look at the database and its parking must not be lost: each
 * wake gets a number, the last one is kept per topic, and an exchange remembers the number that it saw before it
 * looked. Topics share slots by their hash; a wake of a topic in the same slot makes a handler look once more than
 * needed, which is harmless, and the table never grows.
 */
#include "server/http/exchange.h"

#include <errno.h>
#include <sys/socket.h>

static size_t slot_of(const char *topic) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *topic; topic++)
        hash = (hash ^ (unsigned char)*topic) * 1099511628211u;
    return hash % PARK_SLOTS;
}

bool park_missed(const struct exchange *exchange) {
    return exchange->listener->woken[slot_of(exchange->reply.wait_topic)] > exchange->seen;
}

void park_add(struct exchange *exchange) {
    list_append(&exchange->listener->parked[slot_of(exchange->reply.wait_topic)], exchange);
}

void park_remove(struct exchange *exchange) {
    list_remove(&exchange->listener->parked[slot_of(exchange->reply.wait_topic)], exchange);
}

/* libmicrohttpd does not watch a suspended connection, so its end is only seen by asking. Who ends its own sending half
 * is gone, too: no client of a long poll does that and then waits. */
bool park_is_abandoned(const struct exchange *exchange) {
    char byte;
    ssize_t got = recv(exchange->connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static void run_again(struct exchange *exchange) {
    park_remove(exchange);
    deadline_set(exchange->connection, DEADLINE_NONE, 0);
    workers_enqueue(exchange);
}

void http_wake(struct http_listener *listener, const char *topic) {
    size_t slot = slot_of(topic);
    pthread_mutex_lock(&listener->lock);
    listener->woken[slot] = ++listener->wakes;
    struct exchange *next;
    for (struct exchange *exchange = listener->parked[slot].first; exchange; exchange = next) {
        next = exchange->next;
        if (str_equal(exchange->reply.wait_topic, topic))
            run_again(exchange);
    }
    pthread_mutex_unlock(&listener->lock);
}

/* At the end: streams end, long polls run once more and find that the listener is closing. */
void park_wake_all(struct http_listener *listener) {
    for (size_t slot = 0; slot < PARK_SLOTS; slot++) {
        struct exchange *exchange;
        while ((exchange = listener->parked[slot].first)) {
            if (exchange->phase == PHASE_FEEDING)
                stream_end(exchange);
            else
                run_again(exchange);
        }
    }
}
