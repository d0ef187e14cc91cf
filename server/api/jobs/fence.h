/*
 * What every message about a job carries: which job (the path), under which token (the body or the query), from which
 * runner (its credentials, never its words).
 */
#ifndef SERVER_API_JOBS_FENCE_H
#define SERVER_API_JOBS_FENCE_H

#include "server/http/http.h"
#include "server/jobs/queue.h"

/* The fence of a JSON message with member `token`; *message is the body. Errors: ERR_INVALID. */
bool fence_of_message(const struct request *request, const struct json **message, struct queue_fence *out,
                      struct err *err);

/* The fence of a request with `?token=`. Errors: ERR_INVALID. */
bool fence_of_query(const struct request *request, struct queue_fence *out, struct err *err);

/* A whole number of the query. Errors: ERR_INVALID. */
bool fence_query_number(const struct request *request, const char *name, int64_t least, int64_t *out, struct err *err);

/* True where the fence holds now: to look before bytes are taken. *log_id is the job's log. */
bool fence_look(const struct request *request, const struct queue_fence *fence, const char **log_id, struct err *err);

/* The answer that says no more than "taken": {}. */
void fence_reply_taken(const struct request *request, struct reply *reply);

#endif
