/*
 * The prober's thread and its numbers.
 */
#include "runner/actions/probe.h"

#include "common/http_client.h"
#include "common/str.h"
#include "runner/actions/probe_page.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define BETWEEN_MS 200
#define PATIENCE_MS 5000
#define PAGE_CEILING ((size_t)2 * 1024 * 1024)
#define REDIRECTS 3
#define SHOWN 5
#define LAST_ROUND_MS 1500 /* the result waits for it */

struct failure {
    const char *url;
    int status; /* 0: no answer */
    int count;
};

struct probe {
    struct arena arena; /* of the addresses; not touched by the thread */
    struct job *job;
    const char *page;
    const char **urls; /* the page and its files */
    size_t count;
    struct http_client *client; /* the thread's; after its end probe_end's */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ends;

    /* ---- under the mutex ---- */
    long asked;
    long failed_404;
    long failed_other;
    struct failure *failures; /* for each address */
};

/* ---- asking ---- */

static bool drop(void *context, const void *bytes, size_t size) {
    (void)context;
    (void)bytes;
    (void)size;
    return true;
}

static bool is_ending(void *context) {
    struct probe *probe = context;
    pthread_mutex_lock(&probe->mutex);
    const bool ends = probe->ends;
    pthread_mutex_unlock(&probe->mutex);
    return ends;
}

/* The status; 0: no answer. What a redirect leads to is asked for by the browser: it counts as an answer. */
static int ask(struct probe *probe, const char *url, int patience_ms, bool (*interrupted)(void *context)) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct http_request request = {.method = "GET",
                                         .url = url,
                                         .write_body = drop,
                                         .interrupted = interrupted,
                                         .context = probe,
                                         .connect_timeout_ms = patience_ms,
                                         .timeout_ms = patience_ms,
                                         .use_proxy = true};
    struct http_answer answer;
    return http_send(probe->client, &arena, &request, &answer, NULL) ? answer.status : 0;
}

static void count(struct probe *probe, size_t number, int status) {
    pthread_mutex_lock(&probe->mutex);
    probe->asked++;
    if (status < 200 || status > 399) {
        *(status == 404 ? &probe->failed_404 : &probe->failed_other) += 1;
        probe->failures[number].url = probe->urls[number];
        probe->failures[number].status = status;
        probe->failures[number].count++;
    }
    pthread_mutex_unlock(&probe->mutex);
}

/* Until `milliseconds` are over; false where it is to end. */
static bool pause_for(struct probe *probe, int milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)milliseconds * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&probe->mutex);
    while (!probe->ends && pthread_cond_timedwait(&probe->wake, &probe->mutex, &until) != ETIMEDOUT)
        ;
    bool goes_on = !probe->ends;
    pthread_mutex_unlock(&probe->mutex);
    return goes_on;
}

static void *go_round(void *context) {
    struct probe *probe = context;
    for (size_t number = 0; pause_for(probe, BETWEEN_MS); number = (number + 1) % probe->count) {
        const int status = ask(probe, probe->urls[number], PATIENCE_MS, is_ending);
        if (status || !is_ending(probe)) /* else we gave it up: that says nothing */
            count(probe, number, status);
    }
    return NULL;
}

/* ---- the page ---- */

static bool fetch(struct probe *probe, struct arena *arena, struct http_answer *answer, struct err *err) {
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    for (int redirects = 0;; redirects++) {
        const struct http_request request = {.method = "GET",
                                             .url = probe->page,
                                             .interrupted = job_is_stopped,
                                             .context = probe->job,
                                             .answer_ceiling = PAGE_CEILING,
                                             .connect_timeout_ms = PATIENCE_MS,
                                             .timeout_ms = PATIENCE_MS,
                                             .use_proxy = true};
        if (!http_send(client, arena, &request, answer, err))
            return false;
        const char *to = http_answer_header(answer, "location");
        to = answer->status / 100 == 3 && to ? probe_resolve(&probe->arena, probe->page, to) : NULL;
        if (!to || redirects == REDIRECTS)
            return answer->status == 200 || err_set(err, ERR_UNAVAILABLE, "it answers with %d", answer->status);
        probe->page = arena_strdup(&probe->arena, to);
    }
}

static bool read_page(struct probe *probe, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_answer answer;
    size_t files;
    if (!fetch(probe, &arena, &answer, err))
        return false;
    const char *const *found = probe_page_files(&arena, probe->page, answer.body, answer.body_size, &files);
    probe->urls = arena_array(&probe->arena, const char *, files + 1);
    probe->failures = arena_array(&probe->arena, struct failure, files + 1);
    probe->urls[0] = probe->page;
    for (size_t i = 0; i < files; i++)
        probe->urls[i + 1] = arena_strdup(&probe->arena, found[i]);
    probe->count = files + 1;
    return true;
}

static void free_probe(struct probe *probe) {
    http_client_free(probe->client);
    arena_release(&probe->arena);
    pthread_cond_destroy(&probe->wake);
    pthread_mutex_destroy(&probe->mutex);
    free(probe);
}

static struct probe *new_probe(struct job *job, const char *url) {
    struct probe *probe = calloc(1, sizeof *probe);
    pthread_condattr_t attributes;
    if (!probe)
        abort();
    probe->job = job;
    probe->page = arena_strdup(&probe->arena, url);
    probe->client = http_client_new();
    pthread_mutex_init(&probe->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&probe->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return probe;
}

struct probe *probe_start(struct job *job, const char *url) {
    struct err err = {0};
    if (!url || !*url)
        return NULL;
    struct probe *probe = new_probe(job, url);
    if (!read_page(probe, &err)) {
        job_log(job, "the page '%.500s' is not asked for while the rollout goes on: %s", url, err.message);
        free_probe(probe);
        return NULL;
    }
    if (pthread_create(&probe->thread, NULL, go_round, probe) != 0) {
        free_probe(probe);
        return NULL;
    }
    job_log(job, "'%.500s' and the %zu files that it wants are asked for while the rollout goes on", url,
            probe->count - 1);
    return probe;
}

/* ---- the numbers ---- */

void probe_tell(struct probe *probe, struct deployment_report *report) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    if (!probe || !report)
        return;
    struct json *numbers = json_object(&arena);
    pthread_mutex_lock(&probe->mutex);
    json_set_text(&arena, numbers, "url", probe->page);
    json_set_integer(&arena, numbers, "asked", probe->asked);
    json_set_integer(&arena, numbers, "failed404", probe->failed_404);
    json_set_integer(&arena, numbers, "failedOther", probe->failed_other);
    pthread_mutex_unlock(&probe->mutex);
    deployment_set(report, "probe", numbers);
}

static void log_failures(const struct probe *probe) {
    int shown = 0;
    for (size_t i = 0; i < probe->count && shown < SHOWN; i++) {
        const struct failure *failure = &probe->failures[i];
        if (failure->count == 0)
            continue;
        shown++;
        if (failure->status)
            job_log(probe->job, "'%.500s' failed %d times, the last time with %d", failure->url, failure->count,
                    failure->status);
        else
            job_log(probe->job, "'%.500s' failed %d times, the last time without an answer", failure->url,
                    failure->count);
    }
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What has no answer when that time is over is not counted: nobody knows what it would have been. */
static void ask_once_more(struct probe *probe) {
    const int64_t until_ms = now_ms() + LAST_ROUND_MS;
    for (size_t i = 0; i < probe->count && job_stop_reason(probe->job) == STOP_NONE; i++) {
        const int64_t left_ms = until_ms - now_ms();
        const int status = left_ms > 0 ? ask(probe, probe->urls[i], (int)left_ms, NULL) : 0;
        if (status || now_ms() < until_ms)
            count(probe, i, status);
        if (now_ms() >= until_ms)
            break;
    }
}

void probe_end(struct probe *probe, struct deployment_report *report) {
    if (!probe)
        return;
    pthread_mutex_lock(&probe->mutex);
    probe->ends = true;
    pthread_cond_signal(&probe->wake);
    pthread_mutex_unlock(&probe->mutex);
    http_client_wake(probe->client);
    (void)pthread_join(probe->thread, NULL);
    ask_once_more(probe);
    probe_tell(probe, report);
    log_failures(probe);
    job_log(probe->job, "of %ld requests for the old page's files %ld got 404, and %ld failed otherwise", probe->asked,
            probe->failed_404, probe->failed_other);
    free_probe(probe);
}
