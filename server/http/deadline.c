/*
 * Deadlines of connections. libmicrohttpd only knows how long a client was silent, so a byte now and then would hold a
 * connection for ever; here each phase has an absolute end. One thread sleeps exactly until the earliest of them, and
 * with none until there is one.
 */
#include "server/http/exchange.h"

#include <errno.h>
#include <linux/tcp.h> /* not <netinet/tcp.h>, whose tcp_info does not count bytes */
#include <malloc.h>
#include <sys/socket.h>

#define THREAD_STACK_BYTES (128 * 1024)
#define TRIM_AFTER_MS 3000

int64_t listener_now(void) {
    return clock_boot_ms(&clock_system);
}

void deadline_set(struct connection *connection, enum deadline_kind kind, int64_t boot_ms) {
    struct http_listener *listener = connection->listener;
    connection->deadline_kind = kind;
    connection->deadline_ms = boot_ms;
    if (kind != DEADLINE_NONE && boot_ms < listener->timer_due_ms) {
        listener->timer_due_ms = boot_ms;
        pthread_cond_signal(&listener->timer_changed);
    }
}

static void cut(struct connection *connection) {
    connection->deadline_kind = DEADLINE_NONE;
    shutdown(connection->fd, SHUT_RDWR); /* libmicrohttpd sees the end and closes it */
}

/* How many bytes the other side has sent or acknowledged. */
static uint64_t count_moved(const struct connection *connection) {
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_received + info.tcpi_bytes_acked;
}

void deadline_move(struct connection *connection) {
    connection->moved = count_moved(connection);
    deadline_set(connection, DEADLINE_MOVE, listener_now() + connection->listener->settings.deadlines.body);
}

static void cut_unless_moved(struct connection *connection) {
    if (count_moved(connection) - connection->moved >= PROGRESS_BYTES)
        deadline_move(connection);
    else
        cut(connection);
}

static void fire(struct connection *connection) {
    switch (connection->deadline_kind) {
    case DEADLINE_CUT:
        cut(connection);
        break;
    case DEADLINE_MOVE:
        cut_unless_moved(connection);
        break;
    case DEADLINE_AGAIN:
        connection->deadline_kind = DEADLINE_NONE;
        park_remove(connection->exchange);
        workers_enqueue(connection->exchange);
        break;
    case DEADLINE_BEAT:
        connection->deadline_kind = DEADLINE_NONE;
        stream_beat(connection->exchange);
        break;
    case DEADLINE_NONE:
        break;
    }
}

/* Fires what is due; returns when the next one is. */
static int64_t fire_due(struct http_listener *listener, int64_t now) {
    int64_t earliest = INT64_MAX;
    for (struct connection *connection = listener->connections; connection; connection = connection->next) {
        if (connection->deadline_kind != DEADLINE_NONE && connection->deadline_ms <= now)
            fire(connection);
        if (connection->deadline_kind != DEADLINE_NONE && connection->deadline_ms < earliest)
            earliest = connection->deadline_ms;
    }
    return earliest;
}

/* What a burst of requests took goes back to the system a moment after it is over, once: glibc alone keeps it. */
static void trim_if_due(struct http_listener *listener, int64_t now) {
    if (listener->trim_due_ms > now)
        return;
    listener->trim_due_ms = INT64_MAX;
    pthread_mutex_unlock(&listener->lock);
    malloc_trim(0);
    pthread_mutex_lock(&listener->lock);
}

void deadline_trim_later(struct http_listener *listener) {
    if (listener->trim_due_ms != INT64_MAX)
        return;
    listener->trim_due_ms = listener_now() + TRIM_AFTER_MS;
    if (listener->trim_due_ms < listener->timer_due_ms) {
        listener->timer_due_ms = listener->trim_due_ms;
        pthread_cond_signal(&listener->timer_changed);
    }
}

static void sleep_until(struct http_listener *listener, int64_t due_ms) {
    if (due_ms == INT64_MAX) {
        pthread_cond_wait(&listener->timer_changed, &listener->lock);
        return;
    }
    int64_t rest_ms = due_ms - listener_now();
    if (rest_ms < 0)
        return;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    rest_ms += 1; /* the clocks are read a moment apart, and a deadline must have passed when we look */
    until.tv_sec += rest_ms / 1000;
    until.tv_nsec += rest_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&listener->timer_changed, &listener->lock, &until);
}

static void *timer_main(void *context) {
    struct http_listener *listener = context;
    pthread_setname_np(pthread_self(), "http-timer");
    pthread_mutex_lock(&listener->lock);
    while (!listener->stopped) {
        /* While the list is walked, deadlines that are set compare with this, so none is slept through. */
        listener->timer_due_ms = INT64_MAX;
        trim_if_due(listener, listener_now());
        int64_t earliest = fire_due(listener, listener_now());
        if (listener->trim_due_ms < earliest)
            earliest = listener->trim_due_ms;
        if (earliest < listener->timer_due_ms)
            listener->timer_due_ms = earliest;
        if (listener->timer_due_ms > listener_now())
            sleep_until(listener, listener->timer_due_ms);
    }
    pthread_mutex_unlock(&listener->lock);
    return NULL;
}

bool deadline_start(struct http_listener *listener, struct err *err) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    int failure = pthread_create(&listener->timer, &attributes, timer_main, listener);
    pthread_attr_destroy(&attributes);
    return !failure || err_set_errno(err, failure, "cannot start a thread");
}

void deadline_join(struct http_listener *listener) {
    pthread_join(listener->timer, NULL);
}

void deadline_cut_idle(struct http_listener *listener) {
    for (struct connection *connection = listener->connections; connection; connection = connection->next) {
        if (!connection->exchange)
            cut(connection);
    }
}
