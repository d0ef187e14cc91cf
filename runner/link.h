/*
 * The runner's side of the /runner doors (docs/doors.md): one connection to the server, kept open, for one thread.
 * Repeats what the server did not answer where the caller asks for it; every write may be repeated, because the server
 * takes each of them once.
 */
#ifndef RUNNER_LINK_H
#define RUNNER_LINK_H

#include "common/json.h"
#include "runner/config.h"

struct link;

/* The account must outlive the link. */
struct link *link_new(const struct account *account);
void link_free(struct link *link);     /* accepts NULL */
void link_cleanup(struct link **link); /* for CLEANUP() */

/* Has the exchange that is under way, or the next one, ask `interrupted` now. From any thread. */
void link_wake(struct link *link);

/* True gives up waiting for a server that does not answer. */
typedef bool link_gives_up(void *context);

struct link_call {
    const char *method;
    const char *path; /* "/runner/lease" */
    const struct json *body;
    const void *bytes; /* instead of body: sent as they are */
    size_t byte_count;
    bool bytes_are_json;
    int wait_seconds;           /* how long the server may hold the question */
    int patience_ms;            /* how long beyond that an exchange may take; 0 means 30,000 */
    link_gives_up *repeat;      /* NULL: asked once. Else repeated until the server answers or this says true */
    link_gives_up *interrupted; /* or NULL: asked during the exchange, each second */
    bool until_woken;           /* ... or only after link_wake */
    void *context;
};

/* Where the server says when to come again (Retry-After), a repetition waits that long and up to a second more.
 * *status (or NULL) is 200 or 204; *answer (or NULL) is the decoded body, NULL where there is none. Errors:
 * ERR_CONFLICT (409: the job is no longer ours; for a log gap code "LogGapException" and *answer with its size),
 * ERR_DENIED, ERR_NOT_FOUND, ERR_LIMIT, ERR_INVALID, ERR_UNAVAILABLE (no answer, 5xx). */
bool link_send(struct link *link, struct arena *arena, const struct link_call *call, int *status,
               const struct json **answer, struct err *err);

/* Turns a join token into an account of this runner's own. */
bool link_join(struct arena *arena, const char *url, const char *token, const char *name, struct account *out,
               struct err *err);

/* Input artifact `name` of the job into a new file at `path`. Errors also ERR_INVALID where its hash is another. */
bool link_download(struct link *link, struct arena *arena, const char *path_on_server, const char *sha256,
                   const char *path, const struct link_call *rules, struct err *err);

/* The file at `path` as the job's output artifact. */
bool link_upload(struct link *link, struct arena *arena, const char *path_on_server, const char *path,
                 const struct link_call *rules, struct err *err);

/* Waits before the next try: longer each time, at a random point, at most 15 s; asks `give_up` several times a second.
 * *tries counts up. */
void link_back_off(int *tries, link_gives_up *give_up, void *context);

#endif
