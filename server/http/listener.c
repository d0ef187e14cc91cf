/*
 * Opening and closing the listener, and libmicrohttpd's callbacks about connections. One of its threads does all the
 * reading and writing; it never blocks.
 */
#include "common/log.h"
#include "server/http/exchange.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIBRARY_STACK_BYTES (256 * 1024)
#define CONNECTION_MEMORY_BYTES (32 * 1024)
#define RETURNS_A_SECOND 100       /* of those who were turned away at the end, to the next server */
#define REMOTE_CONNECTIONS_MAX 512 /* of one address other than this machine's */

/* Addresses */

static bool bind_socket(const struct addrinfo *info, int *out_fd, struct err *err) {
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot make a socket");
    int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
        int failure = errno;
        close(fd);
        errno = failure;
        return false;
    }
    *out_fd = fd;
    return true;
}

static int port_of(int fd) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

bool http_bind(const char *address, int port, int *out_fd, int *out_port, struct err *err) {
    char service[8];
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    if (getaddrinfo(address, service, &hints, &info) != 0)
        return err_set(err, ERR_INVALID, "'%s' is not an IP address of this machine", address);
    err_clear(err);
    int fd = -1;
    bool bound = bind_socket(info, &fd, err);
    int failure = errno;
    freeaddrinfo(info);
    if (bound) {
        *out_fd = fd;
        *out_port = port_of(fd);
        return true;
    }
    if (failure == EADDRINUSE)
        return err_set(err, ERR_CONFLICT, "port %d of %s is taken; stop what listens there or choose another", port,
                       address);
    return err_set_errno(err, failure, "cannot listen on %s:%d", address, port);
}

/* Connections */

static void name_address(struct connection *connection, const struct sockaddr *address) {
    const void *bytes = NULL;
    if (address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
    if (!bytes || !inet_ntop(address->sa_family, bytes, connection->address, sizeof connection->address))
        snprintf(connection->address, sizeof connection->address, "unknown");
}

static bool is_too_many(const struct connection *connection) {
    if (str_starts_with(connection->address, "127.") || str_equal(connection->address, "::1"))
        return false;
    int count = 0;
    for (const struct connection *other = connection->listener->connections; other; other = other->next)
        count += str_equal(other->address, connection->address);
    return count >= REMOTE_CONNECTIONS_MAX;
}

static void connection_add(struct http_listener *listener, struct MHD_Connection *mhd, void **out) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    connection->fd = info->connect_fd;
    connection->listener = listener;
    name_address(connection, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    int yes = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    pthread_mutex_lock(&listener->lock);
    if (is_too_many(connection) || listener->closing)
        shutdown(connection->fd, SHUT_RDWR);
    connection->next = listener->connections;
    if (listener->connections)
        listener->connections->previous = connection;
    listener->connections = connection;
    listener->connection_count++;
    deadline_set(connection, DEADLINE_CUT, listener_now() + listener->settings.deadlines.head);
    pthread_mutex_unlock(&listener->lock);
    *out = connection;
}

static void connection_remove(struct connection *connection) {
    struct http_listener *listener = connection->listener;
    pthread_mutex_lock(&listener->lock);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        listener->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    listener->connection_count--;
    pthread_mutex_unlock(&listener->lock);
    free(connection);
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_add(context, mhd, socket_context);
    else if (*socket_context)
        connection_remove(*socket_context);
}

/* Requests */

/* The request line has come: the only place where the target is still as it was sent. */
static void *on_target(void *context, const char *target, struct MHD_Connection *mhd) {
    struct http_listener *listener = context;
    struct connection *connection = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct exchange *exchange = connection ? exchange_new(connection, mhd, target) : NULL;
    if (!exchange)
        return NULL;
    pthread_mutex_lock(&listener->lock);
    connection->exchange = exchange;
    listener->exchange_count++;
    if (connection->used) /* the first request's ten seconds began with the connection */
        deadline_set(connection, DEADLINE_CUT, listener_now() + listener->settings.deadlines.head);
    connection->used = true;
    pthread_mutex_unlock(&listener->lock);
    return exchange;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **request_context) {
    (void)context;
    (void)mhd;
    (void)url;
    if (!*request_context)
        return MHD_NO;
    return exchange_step(*request_context, method, version, data, data_size);
}

static void on_completed(void *context, struct MHD_Connection *mhd, void **request_context,
                         enum MHD_RequestTerminationCode code) {
    (void)mhd;
    (void)code;
    struct http_listener *listener = context;
    struct exchange *exchange = *request_context;
    if (!exchange)
        return;
    *request_context = NULL;
    pthread_mutex_lock(&listener->lock);
    exchange->connection->exchange = NULL;
    deadline_set(exchange->connection, DEADLINE_CUT, listener_now() + listener->settings.deadlines.idle);
    if (listener->closing)
        shutdown(exchange->connection->fd, SHUT_RD);
    listener->exchange_count--;
    listener->strangers_bodies -= exchange->strangers_body;
    deadline_trim_later(listener);
    pthread_cond_broadcast(&listener->exchange_gone);
    pthread_mutex_unlock(&listener->lock);
    exchange_free(exchange);
}

/* Open and close */

static void on_panic(void *context, const char *file, unsigned line, const char *reason) {
    (void)context;
    (void)file;
    (void)line;
    LOG_ERROR("libmicrohttpd gave up", "reason", reason);
    abort();
}

static void fill_in(struct http_deadlines *deadlines) {
    deadlines->head = deadlines->head ? deadlines->head : 10000;
    deadlines->idle = deadlines->idle ? deadlines->idle : 30000;
    deadlines->body = deadlines->body ? deadlines->body : 30000;
    deadlines->beat = deadlines->beat ? deadlines->beat : 15000;
}

static struct http_listener *listener_new(const struct http_settings *settings) {
    struct http_listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return NULL;
    listener->settings = *settings;
    fill_in(&listener->settings.deadlines);
    listener->workers = calloc((size_t)settings->workers, sizeof *listener->workers);
    listener->timer_due_ms = INT64_MAX;
    listener->trim_due_ms = INT64_MAX;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&listener->lock, NULL);
    pthread_cond_init(&listener->runnable, NULL);
    pthread_cond_init(&listener->timer_changed, &monotonic);
    pthread_cond_init(&listener->exchange_gone, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return listener;
}

static void listener_free(struct http_listener *listener) {
    pthread_mutex_destroy(&listener->lock);
    pthread_cond_destroy(&listener->runnable);
    pthread_cond_destroy(&listener->timer_changed);
    pthread_cond_destroy(&listener->exchange_gone);
    free(listener->workers);
    free(listener);
}

static void stop_threads(struct http_listener *listener) {
    pthread_mutex_lock(&listener->lock);
    listener->stopped = true;
    pthread_cond_broadcast(&listener->runnable);
    pthread_cond_broadcast(&listener->timer_changed);
    pthread_mutex_unlock(&listener->lock);
}

static struct MHD_Daemon *start_library(struct http_listener *listener) {
    MHD_set_panic_func(on_panic, NULL);
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, listener,
        MHD_OPTION_LISTEN_SOCKET, listener->settings.listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)listener->settings.connection_limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)LIBRARY_STACK_BYTES, MHD_OPTION_URI_LOG_CALLBACK, on_target, listener, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener, MHD_OPTION_END);
}

bool http_open(const struct http_settings *settings, struct http_listener **out, struct err *err) {
    struct http_listener *listener = listener_new(settings);
    if (!listener)
        return err_set(err, ERR_INTERNAL, "no memory for the listener");
    if (!deadline_start(listener, err)) {
        listener_free(listener);
        return false;
    }
    *out = listener; /* before the first request: its handler may want to wake somebody */
    bool started = workers_start(listener, err);
    if (started && !(listener->daemon = start_library(listener)))
        started = err_set(err, ERR_INTERNAL, "libmicrohttpd does not start: %s", strerrordesc_np(errno));
    if (!started) {
        stop_threads(listener);
        workers_join(listener);
        deadline_join(listener);
        listener_free(listener);
        *out = NULL;
        return false;
    }
    return true;
}

/* With the lock: waits until every request under way was answered. */
static bool drain(struct http_listener *listener, int patience_ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += patience_ms / 1000;
    until.tv_nsec += patience_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    while (listener->exchange_count > 0) {
        if (pthread_cond_timedwait(&listener->exchange_gone, &listener->lock, &until) == ETIMEDOUT)
            return listener->exchange_count == 0;
    }
    return true;
}

bool http_close(struct http_listener *listener, int patience_ms) {
    if (!listener)
        return true;
    MHD_socket fd = MHD_quiesce_daemon(listener->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    pthread_mutex_lock(&listener->lock);
    listener->closing = true;
    listener->spread_seconds = 1 + listener->exchange_count / RETURNS_A_SECOND;
    park_wake_all(listener);
    deadline_cut_idle(listener);
    bool drained = drain(listener, patience_ms);
    pthread_mutex_unlock(&listener->lock);
    if (!drained) /* stopping libmicrohttpd with a suspended connection is an abort() */
        return false;
    stop_threads(listener);
    workers_join(listener);
    deadline_join(listener);
    MHD_stop_daemon(listener->daemon);
    listener_free(listener);
    return true;
}
