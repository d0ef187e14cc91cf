/*
 * When a call is repeated, and after how long: AWS's "standard" way (three tries, a random pause that doubles, a bucket
 * of tokens so that an outage is not answered with a storm), and the "adaptive" one on top: after a first throttle each
 * service is asked no oftener than it has lately borne, which grows again as it bears it. Shared by all threads. Time
 * is given in milliseconds of a clock that runs on evenly; nothing here sleeps.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
#ifndef RUNNER_AWS_RETRY_H
#define RUNNER_AWS_RETRY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define RETRY_SERVICES_MAX 32
#define RETRY_PAUSE_MAX_MS 20000

/* How often one service in one region is asked. */
struct retry_rate {
    char service[64]; /* "ecs eu-west-1" */
    bool limited;     /* throttled once */
    double tokens;    /* calls that may be sent now; below 0: promised to who waits */
    double most_tokens;
    double per_second;
    double measured; /* calls a second, lately */
    double count;    /* since `measured_at` */
    double measured_at;
    double filled_at;
    double throttled_at;
    double rate_then; /* when it was throttled */
};

struct retry {
    pthread_mutex_t mutex;
    int bucket;
    int tries_max;
    struct retry_rate rates[RETRY_SERVICES_MAX];
    int rate_count;
};

enum retry_cause { RETRY_THROTTLED, RETRY_TIMED_OUT, RETRY_OTHER };

void retry_init(struct retry *retry, int tries_max);

/* May a call that failed `tries` times so far be repeated? Takes the price out of the bucket. */
bool retry_again(struct retry *retry, int tries, enum retry_cause cause);

/* A call went well after `tries`: what its last repetition cost comes back. */
void retry_done(struct retry *retry, int tries, enum retry_cause last_cause);

/* How long before the repetition after `tries`: full jitter, `random` from 0 to UINT32_MAX; what the service asked for
 * (`asked_ms`, or -1) where that is longer, within 5 s of what the pause could have been. */
int64_t retry_pause_ms(int tries, uint32_t random, int64_t asked_ms);

/* How long until this call's turn; it is then taken. 0 as long as the service has not throttled. */
int64_t retry_turn_ms(struct retry *retry, const char *service, int64_t boot_ms);

/* What became of a call: the rate follows. */
void retry_learn(struct retry *retry, const char *service, bool throttled, int64_t boot_ms);

#endif
