/*
 * Whose keys calls are signed with: found once, kept, and renewed before they end. What finds them is the identity's
 * own (the chain of credentials.c, a role of assume_role.c). For the files of this room that make calls, and their
 * tests.
 *
 * Renewal as AWS's clients do it: in the last 15 minutes one caller renews while the others go on with what there is,
 * in the last 2 (theirs: 10; but an undo must not wait for an STS that hangs while there are keys that hold) everybody
 * waits for the new ones; where that fails, the old ones serve until they are over. Sessions shorter than an hour have
 * these times cut in proportion.
 */
#ifndef RUNNER_AWS_IDENTITY_H
#define RUNNER_AWS_IDENTITY_H

#include "runner/aws/call.h"
#include "runner/aws/retry.h"

#include <pthread.h>
#include <stdint.h>

struct credentials_found {
    struct aws_credentials credentials;
    int64_t expires_ms; /* wall time; 0: never */
};

/* What the runner and the roles that it takes on have in common. */
struct aws_shared {
    struct retry retry;
    _Atomic int64_t skew_ms; /* AWS's clock minus ours */
};

struct aws {
    struct aws_shared *shared;
    /* Texts of *out live in the arena. Errors: ERR_DENIED, ERR_UNAVAILABLE, ERR_INVALID. */
    bool (*provide)(struct aws *aws, struct arena *arena, struct credentials_found *out, struct err *err);
    bool remembers_none; /* an ERR_NOT_FOUND of `provide` is not asked for again for five minutes */

    pthread_mutex_t mutex;    /* guards what is found */
    pthread_mutex_t renewing; /* held by who looks for new ones; taken before `mutex` */
    struct arena arena;       /* of `found` */
    struct credentials_found found;
    int64_t found_ms;            /* when */
    int64_t none_until_ms;       /* boot time */
    int64_t renew_not_before_ms; /* boot time: a renewal failed, the old ones still hold */
    bool has_found;
    struct err none;

    /* Of a role, else NULL: assume_role.c. */
    struct aws *source;
    const char *role_arn;
    const char *session_name;
    const char *region;
    struct aws *next_role; /* the list of `source`, under its `mutex` */
    struct aws *roles;
};

/* The clock of clock_system, but for tests. */
void identity_init(struct aws *aws, struct aws_shared *shared,
                   bool (*provide)(struct aws *, struct arena *, struct credentials_found *, struct err *));
void identity_release(struct aws *aws);

/* Keys that hold now; texts live in the arena. */
bool identity_keys(struct aws *aws, struct arena *arena, struct aws_credentials *out, struct err *err);

/* For `provide`: how long one attempt at finding new keys may take, as aws_request.timeout_ms: little while there are
 * keys that hold. */
int identity_patience_ms(struct aws *aws);

/* AWS says that this key is over: the next caller looks for another. Nothing where it is not the one in use. */
void identity_expire(struct aws *aws, const char *access_key);

#endif
