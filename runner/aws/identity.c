/*
 * The cache of one identity's keys.
 */
#include "runner/aws/identity.h"

#include "common/clock.h"
#include "common/str.h"

#include <string.h>

#define ADVISORY_MS (INT64_C(15) * 60 * 1000)
#define MANDATORY_MS (INT64_C(2) * 60 * 1000)
#define NONE_MS (INT64_C(5) * 60 * 1000)
#define RENEWAL_MS 5000
#define FAILED_MS (INT64_C(30) * 1000)

void identity_init(struct aws *aws, struct aws_shared *shared,
                   bool (*provide)(struct aws *, struct arena *, struct credentials_found *, struct err *)) {
    *aws = (struct aws){.shared = shared, .provide = provide};
    pthread_mutex_init(&aws->mutex, NULL);
    pthread_mutex_init(&aws->renewing, NULL);
}

void identity_release(struct aws *aws) {
    pthread_mutex_destroy(&aws->mutex);
    pthread_mutex_destroy(&aws->renewing);
    arena_release(&aws->arena);
}

enum freshness { GONE, LAST, ENDING, FRESH };

/* With the mutex held. */
static enum freshness freshness(const struct aws *aws) {
    if (!aws->has_found)
        return GONE;
    if (aws->found.expires_ms == 0)
        return FRESH;
    const int64_t left = aws->found.expires_ms - clock_wall_ms(&clock_system);
    const int64_t life = aws->found.expires_ms - aws->found_ms;
    const int64_t advisory = life / 4 < ADVISORY_MS ? life / 4 : ADVISORY_MS;
    const int64_t mandatory = life / 30 < MANDATORY_MS ? life / 30 : MANDATORY_MS;
    if (left <= 0)
        return GONE;
    return left <= mandatory ? LAST : left <= advisory ? ENDING : FRESH;
}

static void take(const struct aws *aws, struct arena *arena, struct aws_credentials *out) {
    const struct aws_credentials *kept = &aws->found.credentials;
    *out = (struct aws_credentials){.access_key = arena_strdup(arena, kept->access_key),
                                    .secret_key = arena_strdup(arena, kept->secret_key),
                                    .session_token = arena_strdup(arena, kept->session_token)};
}

/* With the mutex held, which is not held while somebody is asked. */
static bool renew(struct aws *aws, struct err *err) {
    struct arena fresh = ARENA_INIT;
    struct credentials_found found = {0};
    struct err own = {0};
    pthread_mutex_unlock(&aws->mutex);
    const bool good = aws->provide(aws, &fresh, &found, &own);
    const int64_t boot = clock_boot_ms(&clock_system);
    pthread_mutex_lock(&aws->mutex);
    if (good) {
        arena_release(&aws->arena);
        aws->arena = fresh;
        aws->found = found;
        aws->found_ms = clock_wall_ms(&clock_system);
        aws->has_found = true;
        aws->renew_not_before_ms = 0;
        return true;
    }
    arena_release(&fresh);
    aws->renew_not_before_ms = boot + FAILED_MS;
    if (freshness(aws) != GONE) /* the old ones still hold */
        return true;
    if (aws->remembers_none && own.kind == ERR_NOT_FOUND) {
        own.kind = ERR_DENIED;
        aws->none = own;
        aws->none_until_ms = boot + NONE_MS;
    }
    if (err)
        *err = own;
    return false;
}

/* With both held: somebody else may have renewed while we waited. */
static bool renew_where_needed(struct aws *aws, enum freshness enough, struct err *err) {
    const int64_t boot = clock_boot_ms(&clock_system);
    const enum freshness now = freshness(aws);
    if (now >= enough || (now != GONE && boot < aws->renew_not_before_ms))
        return true;
    if (!aws->has_found && boot < aws->none_until_ms) {
        if (err)
            *err = aws->none;
        return false;
    }
    return renew(aws, err);
}

int identity_patience_ms(struct aws *aws) {
    pthread_mutex_lock(&aws->mutex);
    const bool hold = freshness(aws) != GONE;
    pthread_mutex_unlock(&aws->mutex);
    return hold ? RENEWAL_MS : 0;
}

bool identity_keys(struct aws *aws, struct arena *arena, struct aws_credentials *out, struct err *err) {
    pthread_mutex_lock(&aws->mutex);
    enum freshness now = freshness(aws);
    pthread_mutex_unlock(&aws->mutex);
    bool good = true;
    const bool ours = now == FRESH    ? false
                      : now == ENDING ? pthread_mutex_trylock(&aws->renewing) == 0
                                      : pthread_mutex_lock(&aws->renewing) == 0;
    pthread_mutex_lock(&aws->mutex);
    if (ours)
        good = renew_where_needed(aws, now == ENDING ? FRESH : ENDING, err);
    if (good)
        take(aws, arena, out);
    pthread_mutex_unlock(&aws->mutex);
    if (ours)
        pthread_mutex_unlock(&aws->renewing);
    return good;
}

void identity_expire(struct aws *aws, const char *access_key) {
    pthread_mutex_lock(&aws->mutex);
    if (aws->has_found && str_equal(aws->found.credentials.access_key, access_key)) {
        aws->has_found = false;
        aws->renew_not_before_ms = 0;
    }
    pthread_mutex_unlock(&aws->mutex);
}

bool aws_credentials(struct aws *aws, struct arena *arena, struct aws_credentials *out, struct err *err) {
    return identity_keys(aws, arena, out, err);
}
