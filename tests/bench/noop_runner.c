/*
 * A runner whose every action is done the moment it gets it, and the one who starts its executions: what is left of the
 * time is the server's. It joins like any runner and speaks its protocol through runner/link: lease (long poll),
 * acknowledge, the artifact that a source action owes, result. Nothing is faked on the server's side.
 *
 *   noop-runner throughput URL JOIN_TOKEN PIPELINE EXECUTIONS UNDER_WAY SLOTS
 *   noop-runner transitions URL JOIN_TOKEN PIPELINE EXECUTIONS
 *
 * `throughput` keeps UNDER_WAY executions going until EXECUTIONS have ended and prints one JSON object with the seconds
 * from the first start to the last result. `transitions` runs one execution at a time with two slots: the one sends a
 * result while the other waits in its long poll; it prints the microseconds from the one's sending to the other's
 * having the next job, one line each. Starts are signed calls of PENSTOCK_CONFIG's user. An execution has ended with
 * the result of the action named "Last".
 */
#include "cli/client.h"
#include "common/hash.h"
#include "common/http_client.h"
#include "common/log.h"
#include "common/str.h"
#include "common/wire.h"
#include "runner/link.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_SECONDS 25
#define SLOTS_MAX 64
#define TARGETS 64 /* services to deploy to: more than are under way, so that nobody waits for a target */

/* How long a slot that sends a result first gives the other to be seen waiting. */
#define UNTIL_PARKED_MS 4

struct bench {
    const char *pipeline;
    struct account account;
    int executions;
    bool transitions;
    sem_t room; /* for one more execution */
    atomic_int ended;
    atomic_int asking;
    _Atomic int64_t result_sent_us; /* 0: no transition is under way */
    pthread_mutex_t mutex;
    pthread_cond_t over;
};

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void die(const char *what, const struct err *err) {
    (void)fprintf(stderr, "noop-runner: %s: %s\n", what, err->message);
    exit(1);
}

/* ---- executions ---- */

static void start_one(const struct bench *bench, struct client *client, int number) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *answer;
    struct err err = {0};
    struct json *input = json_object(&arena);
    json_set_text(&arena, input, "name", bench->pipeline);
    struct json *variable = json_append_object(&arena, json_set_array(&arena, input, "variables"));
    json_set_text(&arena, variable, "name", "Service");
    json_set_text(&arena, variable, "value", arena_printf(&arena, "service-%d", number % TARGETS));
    if (!client_call(client, &arena, "CodePipeline.StartPipelineExecution", input, &answer, &err))
        die("StartPipelineExecution", &err);
}

static void *start_all(void *context) {
    struct bench *bench = context;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct client *client = NULL;
    struct err err = {0};
    if (!client_open(&arena, &client, &err))
        die("PENSTOCK_CONFIG", &err);
    for (int i = 0; i < bench->executions; i++) {
        while (sem_wait(&bench->room) != 0)
            ;
        start_one(bench, client, i);
    }
    return NULL;
}

static void note_end(struct bench *bench) {
    sem_post(&bench->room);
    if (atomic_fetch_add(&bench->ended, 1) + 1 < bench->executions)
        return;
    pthread_mutex_lock(&bench->mutex);
    pthread_cond_signal(&bench->over);
    pthread_mutex_unlock(&bench->mutex);
}

/* ---- one job ---- */

static bool never(void *context) {
    (void)context;
    return false;
}

/* False where the job is not ours any more: after a machine stood still for longer than an offer lasts. */
static bool tell(struct link *link, struct arena *arena, const struct wire_job *job, const char *door,
                 const struct json *body) {
    struct err err = {0};
    const struct link_call call = {.method = "POST",
                                   .path = arena_printf(arena, "/runner/jobs/%s/%s", job->id, door),
                                   .body = body,
                                   .repeat = never};
    if (link_send(link, arena, &call, NULL, NULL, &err))
        return true;
    if (err.kind != ERR_CONFLICT)
        die(door, &err);
    (void)fprintf(stderr, "noop-runner: %s: %s\n", door, err.message);
    return false;
}

static bool acknowledge(struct link *link, struct arena *arena, const struct wire_job *job) {
    struct json *body = json_object(arena);
    json_set_integer(arena, body, "token", job->token);
    return tell(link, arena, job, "acknowledge", body);
}

/* Each artifact has bytes of its own, as those of real sources have. */
static void upload(struct link *link, struct arena *arena, const struct wire_job *job, const char *name) {
    struct err err = {0};
    const struct link_call rules = {.repeat = never};
    char path[] = "/tmp/noop-artifact-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || dprintf(fd, "the source of %s\n", job->execution_id) < 0 || close(fd) != 0)
        abort();
    if (!link_upload(
            link, arena,
            arena_printf(arena, "/runner/jobs/%s/artifacts/%s?token=%lld", job->id, name, (long long)job->token), path,
            &rules, &err))
        die("artifact", &err);
    (void)unlink(path);
}

static bool finish(struct link *link, struct arena *arena, const struct wire_job *job) {
    struct wire_result result = {.token = job->token, .outcome = WIRE_SUCCEEDED};
    if (job->source) {
        char hex[SHA256_HEX_SIZE];
        hash_sha256_hex(job->execution_id, strlen(job->execution_id), hex);
        result.revision_id = arena_strndup(arena, hex, 40);
        result.revision_summary = "A change";
    }
    return tell(link, arena, job, "result", wire_result_encode(arena, &result));
}

/* The other slot is in its long poll, as far as one can see from here. */
static void let_other_park(const struct bench *bench) {
    while (atomic_load(&bench->asking) == 0)
        sched_yield();
    (void)nanosleep(&(struct timespec){.tv_nsec = UNTIL_PARKED_MS * 1000000L}, NULL);
}

static void do_job(struct bench *bench, struct link *link, struct arena *arena, const struct wire_job *job) {
    bool last = str_equal(job->action, "Last");
    if (!acknowledge(link, arena, job))
        return;
    for (size_t i = 0; i < job->output_count; i++)
        upload(link, arena, job, job->outputs[i]);
    if (bench->transitions) {
        let_other_park(bench);
        atomic_store(&bench->result_sent_us, last ? 0 : now_us());
    }
    if (finish(link, arena, job) && last)
        note_end(bench);
}

/* ---- slots ---- */

static bool lease(struct bench *bench, struct link *link, struct arena *arena, struct wire_job *out) {
    static const char *const providers[] = {"CodeCommit", "Commands", "ECS"};
    char claim_id[UUID_SIZE];
    hash_uuid(claim_id);
    const struct wire_lease question = {
        .claim_id = claim_id, .providers = providers, .provider_count = 3, .wait_seconds = WAIT_SECONDS};
    const struct link_call call = {.method = "POST",
                                   .path = "/runner/lease",
                                   .body = wire_lease_encode(arena, &question),
                                   .wait_seconds = WAIT_SECONDS,
                                   .repeat = never};
    const struct json *answer = NULL;
    int status = 0;
    struct err err = {0};
    atomic_fetch_add(&bench->asking, 1);
    if (!link_send(link, arena, &call, &status, &answer, &err))
        die("lease", &err);
    bool got = answer != NULL;
    if (got && !wire_job_decode(arena, answer, out, &err))
        die("job", &err);
    atomic_fetch_sub(&bench->asking, 1);
    int64_t sent_us = got ? atomic_exchange(&bench->result_sent_us, 0) : 0;
    if (sent_us)
        (void)printf("%lld\n", (long long)(now_us() - sent_us));
    return got;
}

static void *run_slot(void *context) {
    struct bench *bench = context;
    struct link *link = link_new(&bench->account);
    for (;;) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct wire_job job;
        if (lease(bench, link, &arena, &job))
            do_job(bench, link, &arena, &job);
    }
    return NULL;
}

static void begin(void *(*run)(void *), struct bench *bench) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, bench) != 0)
        abort();
}

static int number(const char *text) {
    long long value;
    if (!str_to_int64(text, 1, 10000000, &value))
        exit(2);
    return (int)value;
}

int main(int argument_count, char **arguments) {
    static struct bench bench = {.mutex = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    bench.transitions = argument_count == 6 && str_equal(arguments[1], "transitions");
    if (!bench.transitions && argument_count != 8) {
        (void)fputs("usage: noop-runner throughput URL JOIN_TOKEN PIPELINE EXECUTIONS UNDER_WAY SLOTS\n"
                    "       noop-runner transitions URL JOIN_TOKEN PIPELINE EXECUTIONS\n",
                    stderr);
        return 2;
    }
    hash_init();
    log_init("noop-runner", LOG_LEVEL_WARNING);
    bench.pipeline = arguments[4];
    bench.executions = number(arguments[5]);
    sem_init(&bench.room, 0, bench.transitions ? 1 : (unsigned)number(arguments[6]));
    if (!http_client_global_init(&err) || !link_join(&arena, arguments[2], arguments[3], "noop", &bench.account, &err))
        die("join", &err);
    int slots = bench.transitions ? 2 : number(arguments[7]);
    for (int i = 0; i < slots && i < SLOTS_MAX; i++)
        begin(run_slot, &bench);
    int64_t began_us = now_us();
    begin(start_all, &bench);
    pthread_mutex_lock(&bench.mutex);
    while (atomic_load(&bench.ended) < bench.executions)
        pthread_cond_wait(&bench.over, &bench.mutex);
    pthread_mutex_unlock(&bench.mutex);
    if (!bench.transitions)
        (void)printf("{\"seconds\": %.6f}\n", (double)(now_us() - began_us) / 1e6);
    (void)fflush(stdout);
    _exit(0); /* the slots are in their long polls */
}
