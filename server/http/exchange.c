/*
 * The life of one request in libmicrohttpd's thread: its head is checked, its body taken, and in between it is
 * suspended while workers check who it is and run its handler. libmicrohttpd calls exchange_step again and again;
 * `phase` says where we are.
 */
#include "server/http/exchange.h"

#include "common/hash.h"
#include "server/http/guard.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADERS_MAX 128

struct exchange *exchange_new(struct connection *connection, struct MHD_Connection *mhd, const char *target) {
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->listener = connection->listener;
    exchange->connection = connection;
    exchange->mhd = mhd;
    exchange->raw_target = target;
    exchange->target = arena_strdup(&exchange->arena, target ? target : "");
    exchange->reply.body_fd = -1;
    hash_uuid(exchange->id);
    exchange->request = (struct request){
        .server = exchange->listener->settings.server,
        .arena = &exchange->arena,
        .id = exchange->id,
        .path = exchange->target,
        .query = "",
        .remote_address = connection->address,
        .body = "",
        .body_fd = -1,
        .arrived_boot_ms = listener_now(),
    };
    return exchange;
}

void exchange_free(struct exchange *exchange) {
    if (exchange->request.body_fd >= 0)
        close(exchange->request.body_fd);
    if (exchange->reply.body_fd >= 0)
        close(exchange->reply.body_fd);
    str_release(&exchange->body);
    str_release(&exchange->out);
    arena_release(&exchange->run_arena);
    arena_release(&exchange->arena);
    free(exchange);
}

void exchange_refuse(struct exchange *exchange, int status, const struct err *err) {
    if (exchange->reply.body_fd >= 0)
        close(exchange->reply.body_fd);
    exchange->reply = (struct reply){.body_fd = -1};
    if (exchange->route && exchange->route->refuse) {
        exchange->route->refuse(&exchange->request, &exchange->reply, status, err);
        return;
    }
    reply_error(&exchange->request, &exchange->reply, err);
    exchange->reply.status = status;
}

/* Who is turned away by a stopping server comes back to the next one: each after a time of its own. */
void exchange_turn_away(struct exchange *exchange) {
    struct err err;
    uint32_t random;
    hash_random(&random, sizeof random);
    err_set(&err, ERR_UNAVAILABLE, "the server is stopping; ask again in a moment");
    exchange_refuse(exchange, 503, &err);
    unsigned seconds = 1 + random % (unsigned)exchange->listener->spread_seconds;
    reply_header(&exchange->request, &exchange->reply, "Retry-After",
                 arena_printf(exchange->request.arena, "%u", seconds));
}

/* libmicrohttpd closes a connection whose reply comes with the head alone: right where a body is refused, wrong for a
 * request without one, which is answered in the next call. */
static enum MHD_Result answer_head(struct exchange *exchange) {
    if (exchange->close_after || exchange->phase != PHASE_HEAD)
        return answer_queue(exchange);
    exchange->phase = PHASE_ANSWER;
    return MHD_YES;
}

static enum MHD_Result refuse_now(struct exchange *exchange, int status, const struct err *err) {
    exchange_refuse(exchange, status, err);
    exchange->close_after |= exchange->request.has_body || status == 400;
    return answer_head(exchange);
}

static enum MHD_Result hand_over(struct exchange *exchange, enum exchange_phase phase) {
    exchange->phase = phase;
    MHD_suspend_connection(exchange->mhd); /* before the worker can resume it */
    pthread_mutex_lock(&exchange->listener->lock);
    deadline_set(exchange->connection, DEADLINE_NONE, 0);
    workers_enqueue(exchange);
    pthread_mutex_unlock(&exchange->listener->lock);
    return MHD_YES;
}

/* The head */

struct collected {
    struct exchange *exchange;
    struct http_header *headers;
    size_t count;
    const char *expected; /* where the next header's name must stand, were it sent as it looks */
    bool strict;
    bool odd;
};

static char *lower(struct arena *arena, const char *text, size_t length) {
    char *copy = arena_strndup(arena, text, length);
    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

/* libmicrohttpd 0.9.75 parses the head where it received it and tells nothing of what it forgave: it cuts a value at a
 * NUL byte, takes a lone line feed as a line's end, and glues a folded line to the header's name. But in an honest head
 * the parts lie one behind the other: one space apart in the request line, then each line two bytes (CR LF, now zeroed)
 * behind the one before, and the head's size ends with the empty line. None of those tricks keeps to that. */
static bool is_honest(struct exchange *exchange, const char *method, const char *version, const char *end) {
    const char *target = exchange->raw_target;
    size_t size = MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    return target && method + strlen(method) + 1 == target && target + strlen(exchange->target) + 1 == version &&
           method + size == end + 2;
}

static enum MHD_Result collect(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
                               const char *value, size_t value_size) {
    (void)kind;
    struct collected *collected = context;
    struct arena *arena = &collected->exchange->arena;
    if (!value)
        value = "";
    if (collected->strict && name != collected->expected)
        collected->odd = true;
    collected->expected = value + value_size + 2;
    if (collected->count < HEADERS_MAX) {
        collected->headers[collected->count].name = lower(arena, name, name_size);
        collected->headers[collected->count].value = arena_strndup(arena, value, value_size);
    }
    collected->count++;
    return MHD_YES;
}

static bool read_head(struct exchange *exchange, const char *method, const char *version, struct guard_verdict *verdict,
                      struct err *err) {
    struct collected collected = {
        .exchange = exchange,
        .headers = arena_array(&exchange->arena, struct http_header, HEADERS_MAX),
        .expected = version + strlen(version) + 2,
        .strict = str_equal(MHD_get_version(), "0.9.75"),
    };
    MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, collect, &collected);
    struct request *request = &exchange->request;
    request->method = arena_strdup(&exchange->arena, method);
    request->headers = collected.headers;
    request->header_count = collected.count < HEADERS_MAX ? collected.count : HEADERS_MAX;
    if (collected.strict && !is_honest(exchange, method, version, collected.expected))
        collected.odd = true;
    if (collected.odd || collected.count > HEADERS_MAX)
        return err_set(err, ERR_INVALID,
                       "the request's head is not as HTTP/1.1 wants it: a NUL byte, a folded line, a "
                       "line that ends without CR LF, or too many headers");
    struct guard_head head = {request->method, exchange->target, version, request->headers, request->header_count};
    if (!guard_check(&head, verdict, err))
        return false;
    char *question = strchr(exchange->target, '?');
    if (question) {
        *question = '\0';
        request->query = question + 1;
    }
    return true;
}

static enum MHD_Result refuse_unrouted(struct exchange *exchange, int status, const char *allow) {
    struct err err;
    if (status == 404)
        err_set_code(&err, ERR_NOT_FOUND, "NotFoundException", "there is no door '%s'", exchange->request.path);
    else
        err_set_code(&err, ERR_INVALID, "MethodNotAllowedException", "'%s' does not take %s", exchange->request.path,
                     exchange->request.method);
    exchange_refuse(exchange, status, &err);
    if (allow)
        reply_header(&exchange->request, &exchange->reply, "Allow", allow);
    exchange->close_after = exchange->request.has_body;
    return answer_head(exchange);
}

static void large_error(const struct exchange *exchange, struct err *err) {
    int64_t limit = exchange->route->body == HTTP_BODY_NONE ? 0 : exchange->route->body_limit;
    err_set_code(err, ERR_LIMIT, "RequestEntityTooLargeException", "the body is larger than this door's %lld bytes",
                 (long long)limit);
}

static enum MHD_Result refuse_large(struct exchange *exchange) {
    struct err err;
    large_error(exchange, &err);
    return refuse_now(exchange, 413, &err);
}

/* Files of senders who are known only when their body is whole, or never. */
static bool admit_stranger(struct exchange *exchange, struct err *err) {
    struct http_listener *listener = exchange->listener;
    if (exchange->request.principal.kind != PRINCIPAL_NONE)
        return true;
    pthread_mutex_lock(&listener->lock);
    bool room = listener->strangers_bodies < STRANGERS_BODIES_MAX;
    listener->strangers_bodies += room;
    pthread_mutex_unlock(&listener->lock);
    exchange->strangers_body = room;
    return room || err_set(err, ERR_UNAVAILABLE, "too many are sending at this moment; send it again in a minute");
}

static bool body_begin(struct exchange *exchange, struct err *err) {
    if (exchange->route->body == HTTP_BODY_MEMORY) {
        exchange->body = (struct str)STR_INIT((size_t)exchange->route->body_limit);
        return true;
    }
    if (!admit_stranger(exchange, err))
        return false;
    const char *directory = exchange->listener->settings.body_directory;
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) { /* some overlay file systems */
        char *path = arena_printf(&exchange->arena, "%s/bodyXXXXXX", directory);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        return err_set_errno(err, errno, "cannot make a file for the body in '%s'", directory);
    exchange->request.body_fd = fd;
    return true;
}

static enum MHD_Result begin(struct exchange *exchange, const char *method, const char *version) {
    struct err err;
    struct guard_verdict verdict;
    err_clear(&err);
    if (!read_head(exchange, method, version, &verdict, &err))
        return refuse_now(exchange, 400, &err);
    struct request *request = &exchange->request;
    request->has_body = verdict.has_body;
    exchange->content_length = verdict.content_length;
    exchange->head_only = str_equal(method, "HEAD");
    int status;
    const char *allow;
    const struct http_settings *settings = &exchange->listener->settings;
    exchange->route = route_find(settings->routes, settings->route_count, request, &status, &allow);
    if (!exchange->route)
        return refuse_unrouted(exchange, status, allow);
    pthread_mutex_lock(&exchange->listener->lock);
    bool closing = exchange->listener->closing;
    pthread_mutex_unlock(&exchange->listener->lock);
    if (closing) {
        exchange_turn_away(exchange);
        exchange->close_after = true;
        return answer_head(exchange);
    }
    if (request->has_body &&
        (exchange->route->body == HTTP_BODY_NONE || exchange->content_length > exchange->route->body_limit))
        return refuse_large(exchange);
    if (!request->has_body) {
        exchange->phase = exchange->route->check_head ? PHASE_CHECKING : PHASE_RUNNING;
        return MHD_YES; /* the next call hands it over: see answer_head */
    }
    if (exchange->route->check_head)
        return hand_over(exchange, PHASE_CHECKING);
    exchange->phase = PHASE_BODY;
    return exchange_step(exchange, method, version, NULL, &(size_t){0});
}

/* The body */

static bool write_whole(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* A chunked body tells no length before. libmicrohttpd takes no reply until such a body has ended, so this one goes
 * past it, straight to the socket; what still comes is dropped for a while, because closing at once would take the
 * reply away from a client that is sending, and then the connection is cut. */
static void refuse_large_now(struct exchange *exchange) {
    struct err err;
    struct str head CLEANUP(str_release) = STR_INIT(4096);
    large_error(exchange, &err);
    exchange_refuse(exchange, 413, &err);
    const struct reply *reply = &exchange->reply;
    str_printf(&head,
               "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
               reply->content_type, reply->body_size);
    str_printf(&head, "x-amzn-RequestId: %s\r\n", exchange->id);
    for (size_t i = 0; i < reply->header_count; i++)
        str_printf(&head, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
    str_append(&head, "\r\n");
    str_append_bytes(&head, reply->body, reply->body_size);
    int fd = exchange->connection->fd;
    (void)!send(fd, head.text, head.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
}

static enum MHD_Result body_take(struct exchange *exchange, const char *data, size_t size) {
    exchange->body_received += (int64_t)size;
    if (exchange->body_received > exchange->route->body_limit) {
        if (!exchange->refuse_large)
            refuse_large_now(exchange);
        exchange->refuse_large = true;
        return exchange->body_received > 2 * exchange->route->body_limit + 65536 ? MHD_NO : MHD_YES;
    }
    if (exchange->route->body == HTTP_BODY_MEMORY) {
        str_append_bytes(&exchange->body, data, size);
        return MHD_YES;
    }
    if (exchange->reply.status == 0 && !write_whole(exchange->request.body_fd, data, size)) {
        struct err err;
        err_set(&err, ERR_UNAVAILABLE, "the body cannot be kept: %s", strerrordesc_np(errno));
        exchange_refuse(exchange, 503, &err);
    }
    return MHD_YES;
}

static enum MHD_Result body_end(struct exchange *exchange) {
    struct request *request = &exchange->request;
    if (exchange->refuse_large)
        return MHD_NO; /* it was told while it still sent */
    if (exchange->reply.status != 0)
        return answer_queue(exchange);
    if (exchange->route->body == HTTP_BODY_FILE) {
        if (lseek(request->body_fd, 0, SEEK_SET) != 0) {
            struct err err;
            err_set_errno(&err, errno, "cannot rewind the body");
            return refuse_now(exchange, 500, &err);
        }
    } else {
        request->body = str_text(&exchange->body);
    }
    request->body_size = (size_t)exchange->body_received;
    return hand_over(exchange, PHASE_RUNNING);
}

static enum MHD_Result body_step(struct exchange *exchange, const char *data, size_t *data_size) {
    if (!exchange->body_begun) {
        /* The first call, or that call again after the worker's check: the head only. */
        struct err err;
        exchange->body_begun = true;
        if (!body_begin(exchange, &err))
            return refuse_now(exchange, reply_status_of(&err), &err);
        pthread_mutex_lock(&exchange->listener->lock);
        deadline_move(exchange->connection);
        pthread_mutex_unlock(&exchange->listener->lock);
        return MHD_YES;
    }
    if (!data)
        return body_end(exchange);
    size_t size = *data_size;
    *data_size = 0;
    return body_take(exchange, data, size);
}

enum MHD_Result exchange_step(struct exchange *exchange, const char *method, const char *version, const char *data,
                              size_t *data_size) {
    switch (exchange->phase) {
    case PHASE_HEAD:
        return begin(exchange, method, version);
    case PHASE_BODY:
        return body_step(exchange, data, data_size);
    case PHASE_ANSWER:
        return answer_queue(exchange);
    case PHASE_CHECKING:
    case PHASE_RUNNING:
        return hand_over(exchange, exchange->phase);
    case PHASE_PARKED:
    case PHASE_SENDING:
    case PHASE_FEEDING:
        break;
    }
    *data_size = 0;
    return MHD_YES;
}
