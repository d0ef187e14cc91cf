/* A bench to try jobs on: a database in memory, clocks moved by hand, one action with a job, two runners. No engine. */
#ifndef TESTS_JOBS_BENCH_H
#define TESTS_JOBS_BENCH_H

#include "server/jobs/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RUNNER_A "00000000-0000-4000-8000-00000000000a"
#define RUNNER_B "00000000-0000-4000-8000-00000000000b"
#define CLAIM_1 "00000000-0000-4000-9000-000000000001"
#define CLAIM_2 "00000000-0000-4000-9000-000000000002"

struct bench {
    struct db *db;
    struct clock clock;
    int64_t wall_ms;
    int64_t boot_ms;
    struct arena arena;
    struct tx *tx; /* the transaction under way */
    int64_t execution_id;
    int64_t action_run_id;
    char topics[4096];
};

typedef void bench_body(struct bench *bench, struct err *err);

/* Runs the body in one transaction on a new bench. */
void bench_run(bench_body *body);

/* Queues a job of that provider for the action; its id. */
const char *bench_queue(struct bench *bench, const char *provider, int most_attempts);
/* Leases with a claim; NULL where there is nothing. */
const char *bench_lease(struct bench *bench, const char *runner, const char *claim, const char *provider);
/* Takes back every job whose time is over; how many ended, the last of them in *last (or NULL). */
size_t bench_expire(struct bench *bench, struct queue_ending *last);
struct job_row bench_job(struct bench *bench, const char *id);
struct queue_fence bench_fence(struct bench *bench, const char *id, const char *runner);
void bench_refused(const struct err *err, const char *code);

#endif
