/*
 * From a finished reply to libmicrohttpd's response. A body in memory goes out with its head in one send: with two,
 * Go's client (Terraform) sometimes closes after the head and sends the request again. Small files are therefore read
 * first.
 */
#include "server/http/exchange.h"

#include <errno.h>
#include <strings.h>
#include <unistd.h>

#define SMALL_FILE_BYTES (64 * 1024)

static bool has_header(const struct reply *reply, const char *name) {
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add_headers(struct MHD_Response *response, const struct exchange *exchange) {
    const struct reply *reply = &exchange->reply;
    if (reply->content_type)
        MHD_add_response_header(response, "Content-Type", reply->content_type);
    MHD_add_response_header(response, "x-amzn-RequestId", exchange->id);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (!has_header(reply, "Cache-Control"))
        MHD_add_response_header(response, "Cache-Control", "no-store");
    for (size_t i = 0; i < reply->header_count; i++)
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    if (exchange->close_after)
        MHD_add_response_header(response, "Connection", "close");
}

/* Reads a small file's part into memory; false leaves it to be sent as a file. */
static bool read_small(struct exchange *exchange) {
    struct reply *reply = &exchange->reply;
    if (reply->body_size > SMALL_FILE_BYTES)
        return false;
    char *bytes = arena_alloc(&exchange->run_arena, reply->body_size + 1);
    size_t filled = 0;
    while (filled < reply->body_size) {
        ssize_t got =
            pread(reply->body_fd, bytes + filled, reply->body_size - filled, reply->body_offset + (int64_t)filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        filled += (size_t)got;
    }
    close(reply->body_fd);
    reply->body_fd = -1;
    reply->body = bytes;
    return true;
}

static struct MHD_Response *make_response(struct exchange *exchange) {
    struct reply *reply = &exchange->reply;
    if (reply->feed)
        return stream_response(exchange);
    if (reply->body_fd >= 0 && !read_small(exchange)) {
        int fd = reply->body_fd;
        reply->body_fd = -1; /* the response closes it */
        return MHD_create_response_from_fd_at_offset64(reply->body_size, fd, (uint64_t)reply->body_offset);
    }
    return MHD_create_response_from_buffer(reply->body_size, (void *)(uintptr_t)(reply->body ? reply->body : ""),
                                           MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result answer_queue(struct exchange *exchange) {
    struct http_listener *listener = exchange->listener;
    pthread_mutex_lock(&listener->lock);
    if (listener->closing)
        exchange->close_after = true;
    deadline_move(exchange->connection);
    pthread_mutex_unlock(&listener->lock);
    exchange->phase = PHASE_SENDING;
    struct MHD_Response *response = make_response(exchange);
    if (!response)
        return MHD_NO;
    add_headers(response, exchange);
    enum MHD_Result result = MHD_queue_response(exchange->mhd, (unsigned)exchange->reply.status, response);
    MHD_destroy_response(response);
    return result;
}
