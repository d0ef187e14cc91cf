/*
 * The listener's insides, for the files of this room only. One `struct connection` per socket, on it at most one
 * `struct exchange` (a request and its reply) at a time.
 *
 * Who may touch an exchange: libmicrohttpd's thread while the connection is not suspended; otherwise whoever took it
 * from the queue of runnable ones, or, while it is parked, the holder of the listener's lock. The lock also guards the
 * queues, the topics and every connection's deadline; nothing blocks while holding it.
 */
#ifndef SERVER_HTTP_EXCHANGE_H
#define SERVER_HTTP_EXCHANGE_H

#include "common/str.h"
#include "server/http/http.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>

#define PROGRESS_BYTES (64 * 1024) /* in one deadline, so that the next begins */
#define STREAM_BYTES_MAX (1024 * 1024)
#define PARK_SLOTS 1024
#define STRANGERS_BODIES_MAX 16 /* in files, at a time: what nobody vouches for must not fill the disk */

enum deadline_kind {
    DEADLINE_NONE,
    DEADLINE_CUT,   /* the client is too slow: cut the connection */
    DEADLINE_MOVE,  /* cut it where too few bytes of a body or reply have moved */
    DEADLINE_AGAIN, /* a long poll's wait is over: run the handler again */
    DEADLINE_BEAT,  /* a quiet event stream: send a comment */
};

struct connection {
    struct connection *next, *previous;
    struct http_listener *listener;
    struct exchange *exchange;
    int fd;
    char address[INET6_ADDRSTRLEN];
    enum deadline_kind deadline_kind;
    int64_t deadline_ms;
    uint64_t moved; /* bytes, both ways, when DEADLINE_MOVE was set */
    bool used;      /* had a request before */
};

enum exchange_phase {
    PHASE_HEAD,     /* being looked at for the first time */
    PHASE_CHECKING, /* a worker checks who it is */
    PHASE_BODY,     /* the body is arriving */
    PHASE_RUNNING,  /* a worker runs the handler, or will */
    PHASE_PARKED,   /* waits for a topic */
    PHASE_ANSWER,   /* the reply is ready */
    PHASE_SENDING,  /* the reply was handed to libmicrohttpd */
    PHASE_FEEDING,  /* an event stream: a worker asks its feed, or will */
};

struct exchange {
    struct exchange *next, *previous; /* in a queue or in a topic's list */
    struct http_listener *listener;
    struct connection *connection;
    struct MHD_Connection *mhd;
    const struct http_route *route;
    enum exchange_phase phase;
    struct arena arena;     /* the head and what the checks found */
    struct arena run_arena; /* one run of the handler */
    struct request request;
    struct reply reply;
    char *target;           /* as sent, path and query */
    const char *raw_target; /* where libmicrohttpd keeps it */
    char id[37];
    bool head_only; /* HEAD: the reply goes without its body */
    bool body_checked;
    bool refuse_large; /* the body grew past the limit: 413 was sent, the rest is dropped */
    bool close_after;
    int64_t content_length; /* -1: chunked */
    int64_t body_received;
    bool body_begun;
    bool strangers_body; /* counted in the listener's strangers_bodies */
    struct str body;
    uint64_t seen; /* the wakes counted before the handler looked */
    /* Event streams. */
    struct str out;
    size_t out_sent;
    bool fed;
    bool ended;
    int64_t beat_ms;
};

struct exchange_list {
    struct exchange *first, *last;
};

struct http_listener {
    struct http_settings settings;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    /* Runnable exchanges and who runs them: workers.c. */
    struct exchange_list quick, slow;
    int slow_running;
    pthread_cond_t runnable;
    pthread_t *workers;
    int worker_count;
    /* Parked exchanges: park.c. */
    uint64_t wakes;             /* all wakes so far */
    uint64_t woken[PARK_SLOTS]; /* by topic's hash: the value of `wakes` at its last wake */
    struct exchange_list parked[PARK_SLOTS];
    /* Deadlines: deadline.c. */
    struct connection *connections;
    int connection_count;
    pthread_cond_t timer_changed;
    int64_t timer_due_ms;
    int64_t trim_due_ms; /* when memory is given back; INT64_MAX: it was */
    pthread_t timer;
    /* The end. */
    bool closing;       /* new requests and waits are answered 503 */
    int spread_seconds; /* ... and are to come again within so many, not all at once */
    bool stopped;       /* threads end */
    int exchange_count;
    int strangers_bodies; /* file bodies of requests whose sender is not known (yet) */
    pthread_cond_t exchange_gone;
};

/* exchange.c: the life of one request, in libmicrohttpd's thread. */
struct exchange *exchange_new(struct connection *connection, struct MHD_Connection *mhd, const char *target);
void exchange_free(struct exchange *exchange);
enum MHD_Result exchange_step(struct exchange *exchange, const char *method, const char *version, const char *data,
                              size_t *data_size);
/* The reply becomes an error's; the connection is closed after it where the request was not understood. */
void exchange_refuse(struct exchange *exchange, int status, const struct err *err);

/* ... 503: the server is stopping, come again. */
void exchange_turn_away(struct exchange *exchange);

/* answer.c: a finished reply goes to libmicrohttpd. */
enum MHD_Result answer_queue(struct exchange *exchange);

/* workers.c. */
bool workers_start(struct http_listener *listener, struct err *err);
void workers_join(struct http_listener *listener);
void workers_enqueue(struct exchange *exchange); /* with the lock */

/* park.c; all with the lock. */
void park_add(struct exchange *exchange);
void park_remove(struct exchange *exchange);
/* True where the topic was woken after the exchange looked. */
bool park_missed(const struct exchange *exchange);
/* True where nobody is there any more to take the answer; without the lock. */
bool park_is_abandoned(const struct exchange *exchange);
void park_wake_all(struct http_listener *listener);

/* deadline.c. */
bool deadline_start(struct http_listener *listener, struct err *err);
void deadline_join(struct http_listener *listener);
void deadline_set(struct connection *connection, enum deadline_kind kind, int64_t boot_ms); /* with the lock */
void deadline_move(struct connection *connection);                                          /* with the lock */
void deadline_trim_later(struct http_listener *listener);                                   /* with the lock */
void deadline_cut_idle(struct http_listener *listener);                                     /* with the lock */

/* stream.c: event streams. */
struct MHD_Response *stream_response(struct exchange *exchange);
void stream_feed(struct exchange *exchange); /* in a worker */
void stream_beat(struct exchange *exchange); /* with the lock */
void stream_end(struct exchange *exchange);  /* with the lock, parked */

/* route.c */
/* The route of that method and path; fills in captures. Without one: *out_status is 404 or 405, and *out_allow names
 * the methods that the path has. */
const struct http_route *route_find(const struct http_route *routes, size_t count, struct request *request,
                                    int *out_status, const char **out_allow);

/* reply.c */
int reply_status_of(const struct err *err);

/* list.c: an exchange is in at most one list. */
void list_append(struct exchange_list *list, struct exchange *exchange);
void list_remove(struct exchange_list *list, struct exchange *exchange);

/* Now, on the clock of every deadline here. */
int64_t listener_now(void);

#endif
