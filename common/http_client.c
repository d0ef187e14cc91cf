/*
 * HTTP by libcurl's easy interface. A client is one handle, reset before each request: its connections stay open.
 *
 * Bodies always go through the read callback. For POST and PATCH it cannot be rewound, so that libcurl, which silently
 * repeats a request when a kept connection turns out dead, never sends one of those twice: whether a request may be
 * repeated is for the caller to know.
 */
#include "common/http_client.h"

#include "common/http_text.h"
#include "common/str.h"

#include <assert.h>
#include <curl/curl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_CEILING_DEFAULT ((size_t)16 * 1024 * 1024)
#define HEADERS_MAX 256
#define HEADERS_CEILING ((size_t)128 * 1024)
#define CONNECT_TIMEOUT_MS 5000
#define TIMEOUT_MS 60000
#define INTERRUPTED_EVERY_MS 1000

struct http_client {
    CURL *easy;
    CURLM *multi; /* keeps the connections between requests */
    bool reached; /* the latest request may have arrived */
};

/* One request under way. */
struct exchange {
    CURL *easy;
    struct arena *arena;
    const struct http_request *request;
    size_t body_sent;
    int status; /* of the answer whose headers came last: 1xx answers come before the real one */
    struct http_header *headers;
    size_t header_count;
    size_t header_capacity;
    size_t header_bytes;
    struct str body;
    const char *gave_up; /* why a callback stopped the exchange: a sentence, or NULL */
    enum err_kind gave_up_kind;
};

bool http_client_global_init(struct err *err) {
    /* CURLOPT_NOSIGNAL leaves broken connections under TLS to the program. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "libcurl cannot start");
    return true;
}

void http_client_global_release(void) {
    curl_global_cleanup();
}

struct http_client *http_client_new(void) {
    struct http_client *client = calloc(1, sizeof *client);
    if (!client || !(client->easy = curl_easy_init()) || !(client->multi = curl_multi_init())) {
        (void)fputs("out of memory\n", stderr);
        abort();
    }
    return client;
}

void http_client_free(struct http_client *client) {
    if (!client)
        return;
    curl_easy_cleanup(client->easy);
    curl_multi_cleanup(client->multi);
    free(client);
}

void http_client_cleanup(struct http_client **client) {
    http_client_free(*client);
}

void http_client_wake(struct http_client *client) {
    (void)curl_multi_wakeup(client->multi);
}

static void free_list(struct curl_slist **list) {
    curl_slist_free_all(*list);
}

static void release_body(struct exchange *exchange) {
    str_release(&exchange->body);
}

static bool give_up(struct exchange *exchange, enum err_kind kind, const char *why) {
    exchange->gave_up_kind = kind;
    exchange->gave_up = why;
    return false;
}

static bool goes_on(struct exchange *exchange) {
    if (exchange->request->interrupted && exchange->request->interrupted(exchange->request->context))
        return give_up(exchange, ERR_UNAVAILABLE, "interrupted");
    return true;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    struct exchange *exchange = context;
    return goes_on(exchange) ? 0 : 1;
}

static size_t on_read(char *buffer, size_t size, size_t count, void *context) {
    struct exchange *exchange = context;
    const struct http_request *request = exchange->request;
    size_t room = size * count;
    if (request->read_body) {
        ptrdiff_t got = request->read_body(request->context, buffer, room);
        if (got >= 0 && (size_t)got <= room)
            return (size_t)got;
        (void)give_up(exchange, ERR_UNAVAILABLE, "the request's body could not be read");
        return CURL_READFUNC_ABORT;
    }
    size_t left = request->body_size - exchange->body_sent;
    if (left < room)
        room = left;
    if (room > 0)
        memcpy(buffer, (const char *)request->body + exchange->body_sent, room);
    exchange->body_sent += room;
    return room;
}

static int on_seek(void *context, curl_off_t offset, int origin) {
    struct exchange *exchange = context;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > exchange->request->body_size)
        return CURL_SEEKFUNC_FAIL;
    exchange->body_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    struct exchange *exchange = context;
    const struct http_request *request = exchange->request;
    size_t length = size * count;
    if (!goes_on(exchange))
        return 0;
    if (request->write_body && exchange->status / 100 == 2) {
        if (request->write_body(request->context, bytes, length))
            return length;
        (void)give_up(exchange, ERR_UNAVAILABLE, "the answer was not taken to its end");
        return 0;
    }
    str_append_bytes(&exchange->body, bytes, length);
    if (!exchange->body.cut)
        return length;
    (void)give_up(exchange, ERR_LIMIT, "the answer is too large");
    return 0;
}

static void begin_answer(struct exchange *exchange) {
    long status = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    exchange->status = (int)status;
    exchange->header_count = 0;
}

static void add_header(struct exchange *exchange, const char *line, size_t length) {
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return;
    if (exchange->header_count == exchange->header_capacity)
        exchange->headers =
            arena_grow(exchange->arena, exchange->headers, sizeof *exchange->headers, &exchange->header_capacity);
    char *name = arena_strndup(exchange->arena, line, (size_t)(colon - line));
    for (char *letter = name; *letter; letter++)
        if (*letter >= 'A' && *letter <= 'Z')
            *letter = (char)(*letter - 'A' + 'a');
    const char *value = colon + 1;
    const char *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr(" \t\r\n", end[-1]))
        end--;
    exchange->headers[exchange->header_count++] =
        (struct http_header){.name = name, .value = arena_strndup(exchange->arena, value, (size_t)(end - value))};
}

static size_t on_header(char *line, size_t size, size_t count, void *context) {
    struct exchange *exchange = context;
    size_t length = size * count;
    exchange->header_bytes += length;
    if (exchange->header_bytes > HEADERS_CEILING || exchange->header_count >= HEADERS_MAX) {
        (void)give_up(exchange, ERR_LIMIT, "the answer has too many headers");
        return 0;
    }
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
        begin_answer(exchange);
    else
        add_header(exchange, line, length);
    return length;
}

static bool append_header(struct arena *arena, struct curl_slist **list, const char *name, const char *value) {
    /* libcurl sends a header without value only when it is written with ';'. */
    const char *line = *value ? arena_printf(arena, "%s: %s", name, value) : arena_printf(arena, "%s;", name);
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool make_headers(struct arena *arena, const struct http_request *request, struct curl_slist **list) {
    *list = curl_slist_append(NULL, "Expect:"); /* never wait for a "100 Continue" */
    bool good = *list != NULL;
    bool accept = false;
    for (size_t i = 0; good && i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        /* libcurl writes the length itself; a second one would be a smuggling attempt to the other side. */
        if (strcasecmp(header->name, "Content-Length") == 0 || !header->value)
            continue;
        accept = accept || strcasecmp(header->name, "Accept") == 0;
        good = append_header(arena, list, header->name, header->value);
    }
    if (good && !accept) {
        struct curl_slist *longer = curl_slist_append(*list, "Accept:");
        good = longer != NULL;
    }
    return good;
}

#define SET(option, value) (result = result ? result : curl_easy_setopt(easy, option, value))

static CURLcode set_safety(CURL *easy, const struct http_request *request) {
    CURLcode result = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_PATH_AS_IS, 1L); /* the path is signed as it stands */
    SET(CURLOPT_USERAGENT, "penstock/" PENSTOCK_VERSION);
    if (!request->use_proxy)
        SET(CURLOPT_PROXY, "");
    if (request->unix_socket)
        SET(CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    long connect_ms = request->connect_timeout_ms ? request->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    long whole_ms = request->timeout_ms ? request->timeout_ms : TIMEOUT_MS;
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    SET(CURLOPT_TIMEOUT_MS, whole_ms < 0 ? 0L : whole_ms);
    return result;
}

static CURLcode set_callbacks(CURL *easy, struct exchange *exchange) {
    CURLcode result = CURLE_OK;
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, exchange);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, exchange);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, exchange);
    SET(CURLOPT_NOPROGRESS, 0L);
    return result;
}

static CURLcode set_method(CURL *easy, struct exchange *exchange) {
    const struct http_request *request = exchange->request;
    CURLcode result = CURLE_OK;
    bool once = str_equal(request->method, "POST") || str_equal(request->method, "PATCH");
    bool has_body = request->read_body || request->body_size > 0;
    if (str_equal(request->method, "HEAD")) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (has_body || once || str_equal(request->method, "PUT")) {
        bool chunked = request->read_body && request->body_size == 0;
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_INFILESIZE_LARGE, chunked ? (curl_off_t)-1 : (curl_off_t)request->body_size);
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, exchange);
        if (!once && !request->read_body) {
            SET(CURLOPT_SEEKFUNCTION, on_seek);
            SET(CURLOPT_SEEKDATA, exchange);
        }
        /* Nothing to rewind, so nothing to stop the silent repetition but a connection of its own. */
        if (once && !has_body)
            SET(CURLOPT_FRESH_CONNECT, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    return result;
}

static bool is_before_sending(CURLcode result) {
    switch ((int)result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
        return true;
    default:
        return false;
    }
}

bool http_client_reached(const struct http_client *client) {
    return client->reached;
}

static bool refuse_result(const struct exchange *exchange, CURLcode result, const char *words, struct err *err) {
    const char *where = http_destination(exchange->arena, exchange->request);
    if (exchange->gave_up && str_equal(exchange->gave_up, "interrupted"))
        return err_set(err, ERR_UNAVAILABLE, "interrupted");
    if (exchange->gave_up)
        return err_set(err, exchange->gave_up_kind, "request to '%s': %s", where, exchange->gave_up);
    if (!*words)
        words = curl_easy_strerror(result);
    switch ((int)result) {
    case CURLE_URL_MALFORMAT:
        return err_set(err, ERR_INVALID, "the URL is wrong: %s", words);
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_NOT_BUILT_IN:
        return err_set(err, ERR_INTERNAL, "request to '%s': %s", where, words);
    default:
        return err_set(err, ERR_UNAVAILABLE, "no answer from '%s': %s", where, words);
    }
}

/* curl_easy_perform wakes up each second whether or not anybody wants to be asked, which a program that sits in a long
 * poll all day would pay for. This one sleeps until something comes, or curl's own timers say so. */
static CURLcode perform(struct http_client *client, struct exchange *exchange) {
    const struct http_request *request = exchange->request;
    const int patience_ms = request->interrupted && !request->until_woken ? INTERRUPTED_EVERY_MS : INT_MAX;
    int running = 1, left;
    CURLcode result = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(client->multi, client->easy) != CURLM_OK)
        return result;
    while (curl_multi_perform(client->multi, &running) == CURLM_OK && running)
        if (curl_multi_poll(client->multi, NULL, 0, patience_ms, NULL) != CURLM_OK ||
            (request->until_woken && !goes_on(exchange)))
            break;
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left));)
        if (message->msg == CURLMSG_DONE)
            result = message->data.result;
    curl_multi_remove_handle(client->multi, client->easy);
    return result;
}

bool http_send(struct http_client *client, struct arena *arena, const struct http_request *request,
               struct http_answer *out, struct err *err) {
    client->reached = false;
    if (!http_check_request(request, err))
        return false;
    char words[CURL_ERROR_SIZE] = "";
    size_t ceiling = request->answer_ceiling ? request->answer_ceiling : ANSWER_CEILING_DEFAULT;
    struct exchange exchange CLEANUP(release_body) = {
        .easy = client->easy, .arena = arena, .request = request, .body = STR_INIT(ceiling)};
    struct curl_slist *headers CLEANUP(free_list) = NULL;
    CURL *easy = client->easy;
    curl_easy_reset(easy);
    CURLcode result = make_headers(arena, request, &headers) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_ERRORBUFFER, words);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_HTTPHEADER, headers);
    result = result ? result : set_safety(easy, request);
    result = result ? result : set_callbacks(easy, &exchange);
    result = result ? result : set_method(easy, &exchange);
    if (!result) {
        result = perform(client, &exchange);
        client->reached = !is_before_sending(result);
    }
    curl_easy_reset(easy); /* no pointer to this frame may stay in the handle */
    if (result != CURLE_OK)
        return refuse_result(&exchange, result, words, err);
    *out = (struct http_answer){
        .status = exchange.status,
        .headers = exchange.headers,
        .header_count = exchange.header_count,
        .body = arena_strndup(arena, str_text(&exchange.body), exchange.body.length),
        .body_size = exchange.body.length,
    };
    return true;
}
