/*
 * Bucket, pauses, and the rate after CUBIC (RFC 8312) that AWS's clients share.
 */
#include "runner/aws/retry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BUCKET_FULL 500
#define PRICE 5
#define PRICE_OF_TIMEOUT 10
#define FIRST_PAUSE_MS 1000
#define ASKED_BEYOND_MS 5000
#define SHRINK 0.7  /* CUBIC's beta */
#define GROWTH 0.4  /* and its C */
#define SMOOTH 0.8  /* weight of the latest half second */
#define SLOWEST 0.5 /* calls a second */
#define WINDOW_SECONDS 0.5
#define FORGOTTEN_SECONDS 60.0 /* AWS's clients never do; but a runner that idles has no rate worth keeping to */

void retry_init(struct retry *retry, int tries_max) {
    *retry = (struct retry){.bucket = BUCKET_FULL, .tries_max = tries_max};
    pthread_mutex_init(&retry->mutex, NULL);
}

static int price(enum retry_cause cause) {
    return cause == RETRY_TIMED_OUT ? PRICE_OF_TIMEOUT : PRICE;
}

bool retry_again(struct retry *retry, int tries, enum retry_cause cause) {
    if (tries >= retry->tries_max)
        return false;
    pthread_mutex_lock(&retry->mutex);
    const bool enough = retry->bucket >= price(cause);
    if (enough)
        retry->bucket -= price(cause);
    pthread_mutex_unlock(&retry->mutex);
    return enough;
}

void retry_done(struct retry *retry, int tries, enum retry_cause last_cause) {
    pthread_mutex_lock(&retry->mutex);
    retry->bucket += tries > 1 ? price(last_cause) : 1;
    if (retry->bucket > BUCKET_FULL)
        retry->bucket = BUCKET_FULL;
    pthread_mutex_unlock(&retry->mutex);
}

int64_t retry_pause_ms(int tries, uint32_t random, int64_t asked_ms) {
    int64_t ceiling = RETRY_PAUSE_MAX_MS;
    if (tries < 6 && (FIRST_PAUSE_MS << (tries - 1)) < ceiling)
        ceiling = FIRST_PAUSE_MS << (tries - 1);
    int64_t pause = (int64_t)((double)random / (double)UINT32_MAX * (double)ceiling);
    if (asked_ms > pause)
        pause = asked_ms < ceiling + ASKED_BEYOND_MS ? asked_ms : ceiling + ASKED_BEYOND_MS;
    return pause;
}

/* ---- the rate ---- */

/* With the mutex held. NULL where there are too many services, which nobody has. */
static struct retry_rate *find(struct retry *retry, const char *service) {
    for (int i = 0; i < retry->rate_count; i++)
        if (strcmp(retry->rates[i].service, service) == 0)
            return &retry->rates[i];
    if (retry->rate_count == RETRY_SERVICES_MAX)
        return NULL;
    struct retry_rate *rate = &retry->rates[retry->rate_count++];
    *rate = (struct retry_rate){0};
    (void)snprintf(rate->service, sizeof rate->service, "%s", service);
    return rate;
}

static void fill(struct retry_rate *rate, double now) {
    if (now > rate->filled_at)
        rate->tokens = fmin(rate->most_tokens, rate->tokens + (now - rate->filled_at) * rate->per_second);
    rate->filled_at = fmax(now, rate->filled_at);
}

static void measure(struct retry_rate *rate, double now) {
    const double window = floor(now / WINDOW_SECONDS) * WINDOW_SECONDS;
    rate->count++;
    if (rate->measured_at <= 0.0)
        rate->measured_at = window;
    if (window > rate->measured_at) {
        rate->measured = rate->count / (window - rate->measured_at) * SMOOTH + rate->measured * (1.0 - SMOOTH);
        rate->count = 0;
        rate->measured_at = window;
    }
}

static double cubic(const struct retry_rate *rate, double now) {
    const double window = cbrt(rate->rate_then * (1.0 - SHRINK) / GROWTH);
    const double since = now - rate->throttled_at - window;
    return GROWTH * since * since * since + rate->rate_then;
}

static void set_rate(struct retry_rate *rate, double wanted, double now) {
    const double bounded = fmin(wanted, 2.0 * rate->measured);
    fill(rate, now);
    rate->per_second = fmax(bounded, SLOWEST);
    rate->most_tokens = fmax(bounded, 1.0);
    rate->tokens = fmin(rate->tokens, rate->most_tokens);
}

void retry_learn(struct retry *retry, const char *service, bool throttled, int64_t boot_ms) {
    const double now = (double)boot_ms / 1000.0;
    pthread_mutex_lock(&retry->mutex);
    struct retry_rate *rate = find(retry, service);
    if (rate) {
        measure(rate, now);
        if (throttled) {
            rate->rate_then = rate->limited ? fmin(rate->measured, rate->per_second) : rate->measured;
            rate->throttled_at = now;
            if (!rate->limited) {
                rate->filled_at = now;
                rate->tokens = 0.0;
            }
            rate->limited = true;
            set_rate(rate, rate->rate_then * SHRINK, now);
        } else if (rate->limited) {
            set_rate(rate, cubic(rate, now), now);
        }
    }
    pthread_mutex_unlock(&retry->mutex);
}

int64_t retry_turn_ms(struct retry *retry, const char *service, int64_t boot_ms) {
    const double now = (double)boot_ms / 1000.0;
    double seconds = 0.0;
    pthread_mutex_lock(&retry->mutex);
    struct retry_rate *rate = find(retry, service);
    if (rate && rate->limited && now - rate->throttled_at > FORGOTTEN_SECONDS)
        rate->limited = false;
    if (rate && rate->limited) {
        fill(rate, now);
        rate->tokens -= 1.0; /* who comes next waits behind us */
        if (rate->tokens < 0.0)
            seconds = -rate->tokens / rate->per_second;
    }
    pthread_mutex_unlock(&retry->mutex);
    return (int64_t)(seconds * 1000.0);
}
