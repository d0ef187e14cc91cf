/*
 * The checks, side by side, and what becomes of their answers.
 */
#include "runner/actions/ecs_preflight.h"

#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/preflight_check.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#define LONGEST_MS 10000
#define THREADS_MAX 8
#define SENTENCE_MAX 600

bool preflight_is_over(void *context) {
    const struct preflight *preflight = context;
    return job_is_lost(preflight->wish->job) || clock_boot_ms(&clock_system) >= preflight->end_ms;
}

struct preflight_check *preflight_add(struct preflight *preflight, const char *name,
                                      void (*ask)(struct preflight_check *check), const char *subject) {
    if (preflight->count == preflight->capacity)
        preflight->checks =
            arena_grow(preflight->arena, preflight->checks, sizeof *preflight->checks, &preflight->capacity);
    struct preflight_check *check = &preflight->checks[preflight->count++];
    *check = (struct preflight_check){
        .preflight = preflight, .name = name, .ask = ask, .subject = subject, .region = preflight->wish->region};
    return check;
}

/* ---- how a check ends ---- */

static void end(struct preflight_check *check, enum preflight_status status, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

static void end(struct preflight_check *check, enum preflight_status status, const char *format, va_list arguments) {
    check->status = status;
    check->sentence = arena_vprintf(&check->arena, format, arguments);
}

void preflight_ok(struct preflight_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    end(check, PREFLIGHT_OK, format, arguments);
    va_end(arguments);
}

void preflight_fail(struct preflight_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    end(check, PREFLIGHT_FAILED, format, arguments);
    va_end(arguments);
}

void preflight_skip(struct preflight_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    end(check, PREFLIGHT_SKIPPED, format, arguments);
    va_end(arguments);
}

void preflight_unanswered(struct preflight_check *check, const char *what, const struct err *err) {
    if (clock_boot_ms(&clock_system) >= check->preflight->end_ms)
        preflight_skip(check, "%s: not checked, there was no answer within %d seconds", what, LONGEST_MS / 1000);
    else
        preflight_skip(check, "%s: not checked: %.500s", what, err->message);
}

const char *preflight_account_of(struct arena *arena, const char *arn) {
    if (!str_starts_with(arn, "arn:"))
        return "";
    for (int i = 0; i < 4; i++) {
        arn = strchr(arn, ':');
        if (!arn)
            return "";
        arn++;
    }
    return arena_strndup(arena, arn, strcspn(arn, ":"));
}

/* ---- asking ---- */

static void *ask_some(void *context) {
    struct preflight *preflight = context;
    for (size_t i; (i = atomic_fetch_add(&preflight->next, 1)) < preflight->count;)
        if (preflight->checks[i].ask)
            preflight->checks[i].ask(&preflight->checks[i]);
    return NULL;
}

static void ask_all(struct preflight *preflight) {
    pthread_t threads[THREADS_MAX];
    size_t asking = 0, started = 0;
    for (size_t i = 0; i < preflight->count; i++)
        asking += preflight->checks[i].ask != NULL;
    for (; started + 1 < asking && started < THREADS_MAX; started++)
        if (pthread_create(&threads[started], NULL, ask_some, preflight) != 0)
            break;
    (void)ask_some(preflight);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
}

/* ---- telling ---- */

static const char *status_word(enum preflight_status status) {
    switch (status) {
    case PREFLIGHT_OK:
        return "OK";
    case PREFLIGHT_FAILED:
        return "FAILED";
    case PREFLIGHT_SKIPPED:
        break;
    }
    return "SKIPPED";
}

/* The target's images show which bytes their tags meant. */
static void show_digest(const struct preflight *preflight, const struct preflight_check *check) {
    const struct preflight_wish *wish = preflight->wish;
    if (!check->digest || !wish->target)
        return;
    struct json *target = deployment_target(wish->report, wish->target, NULL, NULL);
    struct json *member = target->first;
    while (member && !str_equal(member->name, "images"))
        member = member->next;
    for (struct json *image = member ? member->first : NULL; image; image = image->next)
        if (str_equal(json_get_text(image, "container"), check->container))
            json_set_text(deployment_memory(wish->report), image, "digest", check->digest);
}

/* Sentences leave their threads' arenas here. */
static const struct json *collect(struct preflight *preflight) {
    struct json *list = json_array(preflight->arena);
    for (size_t i = 0; i < preflight->count; i++) {
        struct preflight_check *check = &preflight->checks[i];
        struct json *entry = json_append_object(preflight->arena, list);
        json_set_text(preflight->arena, entry, "check", check->name);
        json_set_text(preflight->arena, entry, "status", status_word(check->status));
        json_set_text(preflight->arena, entry, "sentence", check->sentence ? check->sentence : "");
        show_digest(preflight, check);
        check->sentence = NULL;
        arena_release(&check->arena);
    }
    return list;
}

/* What is good is seen in the report; the log tells what is not. Returns how many failed. */
static size_t tell(const struct preflight *preflight, const struct json *results, const char **first) {
    size_t good = 0, failed = 0;
    struct job *job = preflight->wish->job;
    json_each(entry, results) {
        const char *status = json_get_text_or(entry, "status", "");
        const char *sentence = json_get_text_or(entry, "sentence", "");
        good += str_equal(status, "OK");
        if (str_equal(status, "FAILED") && failed++ == 0)
            *first = sentence;
        if (!str_equal(status, "OK"))
            job_log(job, "preflight: %s%.*s", str_equal(status, "FAILED") ? "FAILED: " : "", SENTENCE_MAX, sentence);
    }
    if (good > 0)
        job_log(job, "preflight: %zu of %zu checks are good", good, results->count);
    return failed;
}

bool preflight(const struct preflight_wish *wish, struct err *err) {
    struct preflight preflight = {
        .wish = wish,
        .arena = wish->job->arena,
        .end_ms = clock_boot_ms(&clock_system) + LONGEST_MS,
        .account = preflight_account_of(wish->job->arena, json_get_text_or(wish->service, "serviceArn", ""))};
    preflight_add_service(&preflight);
    preflight_add_images(&preflight);
    preflight_add_roles(&preflight);
    preflight_add_secrets(&preflight);
    preflight_add_logs(&preflight);
    preflight_add_balancers(&preflight);
    preflight_add_capacity(&preflight);
    ask_all(&preflight);
    const struct json *results = collect(&preflight);
    const char *first = "";
    deployment_extend(wish->report, "preflight", results);
    const size_t failed = tell(&preflight, results, &first);
    deployment_send(wish->report, NULL);
    if (failed == 0)
        return true;
    return err_set_code(err, ERR_INVALID, "ConfigurationError", "%.*s%s", SENTENCE_MAX, first,
                        failed > 1 ? arena_printf(preflight.arena, " (and %zu more; nothing was changed)", failed - 1)
                                   : " (nothing was changed)");
}

bool ecs_preflight(struct deploy *deploy, const struct json *service, const struct json *running,
                   struct preflight_images *images, struct err *err) {
    const struct preflight_wish wish = {.job = deploy->job,
                                        .aws = deploy->ecs.aws,
                                        .region = deploy->ecs.region,
                                        .cluster = deploy->ecs.cluster,
                                        .service = service,
                                        .definition = deploy->definition,
                                        .running = running,
                                        .target = deploy->target,
                                        .images = images,
                                        .report = deploy->report};
    return preflight(&wish, err);
}
