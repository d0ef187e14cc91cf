/*
 * What the files of the preflight share: a check, how it ended, and what it may ask.
 */
#ifndef RUNNER_ACTIONS_PREFLIGHT_CHECK_H
#define RUNNER_ACTIONS_PREFLIGHT_CHECK_H

#include "runner/actions/ecs_preflight.h"
#include "runner/aws/ecr_image.h"

enum preflight_status { PREFLIGHT_OK, PREFLIGHT_FAILED, PREFLIGHT_SKIPPED };

struct preflight_check {
    struct preflight *preflight;
    const char *name;                           /* "image", "role", "secret": what the dashboard puts it under */
    void (*ask)(struct preflight_check *check); /* in a thread of its own; NULL: there is nothing to ask */
    struct arena arena;                         /* of that thread */
    const char *subject;                        /* what it is about: a role's ARN, a group's name … */
    const char *key;                            /* which member of the definition names it, or NULL */
    const char *container;                      /* or NULL: of the whole definition */
    const char *region;
    const struct json *list; /* several subjects that are asked for together, or NULL */
    enum preflight_status status;
    const char *sentence;
    const char *digest; /* of an image that is there */
};

struct preflight {
    const struct preflight_wish *wish;
    struct arena *arena; /* the job's: for the thread that adds checks, and where sentences end up */
    const char *account; /* the service's, or "" */
    bool fargate;        /* the service runs there, or the definition says so */
    int64_t end_ms;      /* boot time: who has no answer then gets none */
    struct preflight_check *checks;
    size_t count;
    size_t capacity;
    _Atomic size_t next; /* the first that no thread has taken */
};

/* For callbacks named `interrupted`, with the struct preflight as the context. */
bool preflight_is_over(void *preflight);

/* A new check; where `ask` is NULL its sentence is given at once. */
struct preflight_check *preflight_add(struct preflight *preflight, const char *name,
                                      void (*ask)(struct preflight_check *check), const char *subject);

/* How it ended. */
void preflight_ok(struct preflight_check *check, const char *format, ...) PRINTF_LIKE(2, 3);
void preflight_fail(struct preflight_check *check, const char *format, ...) PRINTF_LIKE(2, 3);
void preflight_skip(struct preflight_check *check, const char *format, ...) PRINTF_LIKE(2, 3);

/* A question that was not answered with yes or no: no right to ask, no answer in time. `what`: "image 'x'". */
void preflight_unanswered(struct preflight_check *check, const char *what, const struct err *err);

/* "arn:aws:iam::123456789012:role/x" -> "123456789012"; "" where it is no ARN or names none. */
const char *preflight_account_of(struct arena *arena, const char *arn);

/* The parts: they add their checks. */
void preflight_add_images(struct preflight *preflight);
void preflight_add_roles(struct preflight *preflight);
void preflight_add_secrets(struct preflight *preflight);
void preflight_add_logs(struct preflight *preflight);
void preflight_add_service(struct preflight *preflight);
void preflight_add_balancers(struct preflight *preflight);
void preflight_add_capacity(struct preflight *preflight);

#endif
