/*
 * What DescribeServices shows: how our deployment stands, what ECS says in its events, and what follows from counts and
 * percents alone.
 */
#include "common/str.h"
#include "runner/diagnosis/patterns.h"
#include "runner/diagnosis/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json *find_ours(const struct diagnosis *diagnosis, const struct json *service) {
    json_each(deployment, json_get(service, "deployments")) {
        if (diagnosis->deployment ? str_equal(json_get_text(deployment, "id"), diagnosis->deployment)
                                  : str_equal(json_get_text(deployment, "taskDefinition"), diagnosis->task_definition))
            return deployment;
    }
    return NULL;
}

static const char *find_after(const char *text, const char *prefix) {
    const char *found = strstr(text, prefix);
    return found ? found + strlen(prefix) : NULL;
}

/* What stands in "(task 0a1b…)", "(port 8080)". */
static void take_bracket(const char *text, const char *prefix, char *out, size_t size) {
    const char *begin = find_after(text, prefix);
    out[0] = '\0';
    if (!begin)
        return;
    size_t length = strcspn(begin, ") ");
    if (length < size) {
        memcpy(out, begin, length);
        out[length] = '\0';
    }
}

/* ".../targetgroup/shop/6d0ecf831eec9f09" is 'shop'. */
static void take_target_group(const char *text, char *out, size_t size) {
    const char *begin = find_after(text, "targetgroup/");
    size_t length = begin ? strcspn(begin, "/) ") : 0;
    out[0] = '\0';
    if (length > 0 && length + 3 < size) {
        out[0] = '\'';
        memcpy(out + 1, begin, length);
        memcpy(out + 1 + length, "'", 2);
    }
}

static void read_event(struct diagnosis *diagnosis, int64_t at_ms, const char *id, const char *message) {
    struct sign sign = {.at_ms = at_ms};
    char task[NAME_MAX_SIZE];
    char port[16];
    enum cause_kind kind = pattern_find(PATTERN_EVENT, message, &sign.sure);
    if (kind == CAUSE_KINDS && (strstr(message, "(error ") || strstr(message, "failed to launch")))
        kind = pattern_find(PATTERN_STOP, message, &sign.sure);
    if (kind == CAUSE_KINDS)
        return;
    take_bracket(message, "(task ", task, sizeof task);
    NAME_COPY(sign.task, name_short(task));
    NAME_COPY(sign.key, *sign.task ? sign.task : id);
    NAME_COPY(sign.text, message);
    take_target_group(message, sign.about, sizeof sign.about);
    take_bracket(message, "(port ", port, sizeof port);
    if (!*task && strstr(message, "(instance "))
        sign.host_port = (int)strtol(port, NULL, 10);
    suspect(diagnosis, kind, &sign);
    diagnosis->wants_tasks = diagnosis->wants_tasks || (kind == CAUSE_HELD_BACK && at_ms > diagnosis->tasks_to_ms);
    diagnosis->failed = diagnosis->failed || kind == CAUSE_CIRCUIT_BREAKER || kind == CAUSE_ALARM;
}

static void read_events(struct diagnosis *diagnosis, const struct json *service) {
    json_each(event, json_get(service, "events")) {
        const char *id = json_get_text(event, "id");
        const char *message = json_get_text(event, "message");
        int64_t at_ms = time_of(event, "createdAt");
        if (!id || !message || at_ms < diagnosis->began_ms)
            continue;
        if (at_ms > diagnosis->draining_ms && strstr(message, "has begun draining")) {
            diagnosis->draining_ms = at_ms;
            NAME_COPY(diagnosis->drain_text, message);
        }
        read_event(diagnosis, at_ms, id, message);
    }
}

static void read_rollout(struct diagnosis *diagnosis, int64_t now_ms, const struct json *ours) {
    const char *state = json_get_text_or(ours, "rolloutState", "");
    const char *reason = json_get_text_or(ours, "rolloutStateReason", "");
    struct sign sign = {.at_ms = now_ms};
    diagnosis->failed = diagnosis->failed || str_equal(state, "FAILED");
    diagnosis->over = str_equal(state, "COMPLETED");
    enum cause_kind kind = pattern_find(PATTERN_ROLLOUT, reason, &sign.sure);
    if (kind == CAUSE_KINDS || !diagnosis->failed)
        return;
    NAME_COPY(sign.key, "rollout");
    NAME_COPY(sign.text, reason);
    suspect(diagnosis, kind, &sign);
}

/* A condition that lasts: since when, or 0. */
static void note_since(int64_t *since_ms, bool holds, int64_t now_ms) {
    if (!holds)
        *since_ms = 0;
    else if (*since_ms == 0)
        *since_ms = now_ms;
}

/* ECS may start a task where fewer run or come than maximumPercent allows (rounded down), and stop one where more are
 * well than minimumHealthyPercent demands (rounded up). */
static bool percents_lock(struct diagnosis *diagnosis, const struct json *service) {
    const struct json *configuration = json_get(service, "deploymentConfiguration");
    int64_t least_percent = json_get_integer(configuration, "minimumHealthyPercent", 100);
    int64_t most_percent = json_get_integer(configuration, "maximumPercent", 200);
    int64_t desired = json_get_integer(service, "desiredCount", 0);
    int64_t all = json_get_integer(service, "runningCount", 0) + json_get_integer(service, "pendingCount", 0);
    int64_t least = (desired * least_percent + 99) / 100;
    int64_t most = desired * most_percent / 100;
    (void)snprintf(diagnosis->percents, sizeof diagnosis->percents,
                   "%lld desired: at least %lld, at most %lld, %lld there", (long long)desired, (long long)least,
                   (long long)most, (long long)all);
    return desired > 0 && !diagnosis->daemon && !diagnosis->gradual && all >= most && all <= least &&
           diagnosis->pending == 0 && diagnosis->running < desired && diagnosis->others_running > 0;
}

static void read_counts(struct diagnosis *diagnosis, int64_t now_ms, const struct json *service,
                        const struct json *ours) {
    int64_t before = diagnosis->running + diagnosis->pending;
    int64_t failed_before = diagnosis->failed_tasks;
    diagnosis->desired = json_get_integer(service, "desiredCount", 0);
    diagnosis->running = json_get_integer(ours, "runningCount", 0);
    diagnosis->pending = json_get_integer(ours, "pendingCount", 0);
    diagnosis->failed_tasks = json_get_integer(ours, "failedTasks", 0);
    diagnosis->others_running = 0;
    bool others = false;
    json_each(deployment, json_get(service, "deployments")) {
        if (deployment == ours)
            continue;
        others = true;
        diagnosis->others_running += json_get_integer(deployment, "runningCount", 0);
    }
    if (diagnosis->running + diagnosis->pending < before || diagnosis->failed_tasks > failed_before)
        diagnosis->wants_tasks = true;
    note_since(&diagnosis->deadlock_ms, percents_lock(diagnosis, service), now_ms);
    note_since(&diagnosis->settled_ms,
               others && !diagnosis->gradual && diagnosis->desired > 0 && diagnosis->pending == 0 &&
                   diagnosis->running >= diagnosis->desired,
               now_ms);
}

void diagnosis_add_service(struct diagnosis *diagnosis, int64_t now_ms, const struct json *service) {
    const struct json *ours = find_ours(diagnosis, service);
    const struct json *configuration = json_get(service, "deploymentConfiguration");
    const char *strategy = json_get_text_or(configuration, "strategy", "ROLLING");
    if (ours) {
        int64_t created_ms = time_of(ours, "createdAt");
        if (created_ms > 0)
            diagnosis->began_ms = created_ms;
        diagnosis->gradual = !str_equal(strategy, "ROLLING");
        diagnosis->daemon = str_equal(json_get_text(service, "schedulingStrategy"), "DAEMON");
        diagnosis->has_balancer = json_first(json_get(service, "loadBalancers")) != NULL;
        diagnosis->grace_ms = json_get_integer(service, "healthCheckGracePeriodSeconds", 0) * 1000;
        read_counts(diagnosis, now_ms, service, ours);
        read_rollout(diagnosis, now_ms, ours);
    }
    read_events(diagnosis, service);
}
