/*
 * The HTTP listener: the only room that knows libmicrohttpd. A request is read whole (into memory or into an unnamed
 * file, up to its route's limit), then its handler runs as an ordinary blocking function in one of a few worker threads
 * and fills in a reply. No thread is held by somebody who waits: a long poll asks to be parked on a topic and its
 * handler runs again when the topic is woken or the wait is over; an event stream is fed by wakes.
 */
#ifndef SERVER_HTTP_HTTP_H
#define SERVER_HTTP_HTTP_H

#include "common/arena.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/http_client.h" /* struct http_header */
#include "common/json.h"

#include <stdint.h>

struct server; /* server/server.h: what handlers work on */
struct str;    /* common/str.h */
struct http_listener;

/* A refusal with this code is answered 401 and asks a browser or git for Basic credentials. */
#define HTTP_CODE_BASIC "UnauthorizedException"

enum principal_kind { PRINCIPAL_NONE, PRINCIPAL_USER, PRINCIPAL_RUNNER, PRINCIPAL_WORKER };

/* Who asks; filled in by auth before the handler runs. */
struct principal {
    enum principal_kind kind;
    const char *id;         /* runner id; access key id or session id of a user; id of a job worker's job */
    const char *name;       /* user name or runner name */
    const char *arn;        /* a user's, as AWS's answers show who did something; else NULL */
    const char *service;    /* SigV4 scope's service, NULL for a session */
    bool by_session;        /* a browser: writes need Origin and CSRF token */
    const char *csrf_token; /* a session's, else NULL */
    const char *nonce;      /* a job worker's: of the offer that it got its job with; else NULL */
};

struct request {
    struct server *server;
    struct arena *arena; /* lives until the reply was sent; a long poll's second run gets a new one */
    const char *id;      /* UUID, sent back as x-amzn-RequestId */
    const char *method;
    const char *path;  /* as sent, without query; checked: no NUL, no "..", no encoded slash or dot segments */
    const char *query; /* as sent, "" for none */
    const struct http_header *headers; /* names in lower case, each at most once where HTTP says so */
    size_t header_count;
    const char *remote_address;
    bool has_body;
    const char *body; /* memory bodies: terminated; "" for none */
    size_t body_size;
    int body_fd;                 /* file bodies: an unnamed file at offset 0, closed after the reply; else -1 */
    const char *const *captures; /* what the route's `*` segments matched, percent-decoded */
    size_t capture_count;
    struct principal principal;
    int64_t arrived_boot_ms; /* long polls count their wait from here */
};

/* The first header of that lower-case name, or NULL. */
const char *request_header(const struct request *request, const char *name);
/* A query parameter, percent-decoded, in the request's arena; NULL where absent. */
const char *request_query(const struct request *request, const char *name);
/* The body as JSON. Errors: ERR_INVALID, code "SerializationException". */
bool request_json(const struct request *request, const struct json **out, struct err *err);

struct reply {
    int status; /* 0 until set */
    const char *content_type;
    struct http_header headers[16];
    size_t header_count;
    const char *body;
    size_t body_size;
    int body_fd; /* >= 0: the body is body_size bytes of this file from body_offset; closed by the listener */
    int64_t body_offset;
    /* A long poll: no reply yet. Run the handler again when `wait_topic` is woken or at wait_until_boot_ms. */
    const char *wait_topic;
    int64_t wait_until_boot_ms;
    /* An event stream: `feed` is called with a worker's thread, at the start, after each wake of wait_topic, and
     * again and again until it has nothing to add, always when all that it gave before was sent. It appends what is
     * new, at most 1 MiB at a time, and returns false to end the stream. The listener sends a comment each 15 seconds.
     */
    bool (*feed)(struct server *server, void *context, struct arena *arena, struct str *out);
    void *feed_context; /* lives in the request's arena */
};

/* Replies; all texts are copied into the request's arena or static. */
void reply_json(const struct request *request, struct reply *reply, int status, const struct json *body);
void reply_text(const struct request *request, struct reply *reply, int status, const char *content_type,
                const char *text);
void reply_header(const struct request *request, struct reply *reply, const char *name, const char *value);
/* The kind becomes the status, the code (or a name made from the kind) the "__type". */
void reply_error(const struct request *request, struct reply *reply, const struct err *err);
/* Parks the request. The handler must not have side effects before it asks to wait. */
void reply_wait(struct reply *reply, const char *topic, int64_t until_boot_ms);

typedef void http_handler(struct request *request, struct reply *reply);

/* In a file: of senders whom no check has named only a few at a time, the others get 503. */
enum http_body { HTTP_BODY_NONE, HTTP_BODY_MEMORY, HTTP_BODY_FILE };

/* A door: one row of server/routes.c. `*` in the path matches one segment, a final `**` the rest. */
struct http_route {
    const char *method;
    const char *path;
    /* Checked when the head has arrived, before a byte of the body is taken; fills in request->principal. False with
     * *err refuses. SigV4 needs the body's hash: `check_body` runs when it is there. Either may be NULL. */
    bool (*check_head)(struct request *request, struct err *err);
    bool (*check_body)(struct request *request, struct err *err);
    enum http_body body;
    int64_t body_limit;
    http_handler *handler;
    bool slow; /* may take seconds: only half of the workers do such at a time, so that the others go on */
    /* Where set: the row is only for requests of which this is true, for the others it is not there. It sees the head.
     */
    bool (*wants)(const struct request *request);
    /* How a refusal of the listener's or the checks' looks on this door, with the status that it would have; NULL: as
     * reply_error makes it. */
    void (*refuse)(const struct request *request, struct reply *reply, int status, const struct err *err);
};

/* How long a client may take, in milliseconds; 0 means the default. */
struct http_deadlines {
    int head; /* for a request's head: 10,000 */
    int idle; /* between requests: 30,000 */
    int body; /* for a body, and to take a reply: 30,000, and as long again where 64 KiB moved in that time */
    int beat; /* a quiet event stream gets a comment: 15,000 */
};

struct http_settings {
    int listen_fd; /* from http_bind; the listener closes it */
    int workers;
    int connection_limit;
    struct http_deadlines deadlines;
    const char *body_directory; /* where file bodies go (O_TMPFILE) */
    const struct http_route *routes;
    size_t route_count;
    struct server *server;
};

/* Takes an address ("127.0.0.1", "::1") and port (0: any free one); nobody is answered before http_open. Errors:
 * ERR_CONFLICT the port is taken, ERR_DENIED, ERR_INVALID no such address here. */
bool http_bind(const char *address, int port, int *out_fd, int *out_port, struct err *err);

/* Starts answering; *out is set before the first handler runs. The settings' texts and routes must live as long as the
 * listener. */
bool http_open(const struct http_settings *settings, struct http_listener **out, struct err *err);
/* Wakes everybody who is parked on the topic; from any thread, never blocks. */
void http_wake(struct http_listener *listener, const char *topic);
/* Answers parked requests with 503 and a Retry-After that spreads their return, lets those under way finish, closes.
 * False where one did not finish in `patience_ms`: the listener then goes on existing and the program must end. Accepts
 * NULL. */
bool http_close(struct http_listener *listener, int patience_ms);

#endif
