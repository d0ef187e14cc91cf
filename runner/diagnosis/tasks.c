/*
 * What DescribeTasks shows of tasks: whose they are, how far they came, and of ours that ended by themselves, by what.
 */
#include "common/str.h"
#include "runner/diagnosis/patterns.h"
#include "runner/diagnosis/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_KILLED 137 /* SIGKILL, which nobody but the kernel for want of memory sends to a task that may run */
#define EXIT_NO_COMMAND 126
#define PLACING_MS 20000 /* a task may be PENDING before it is found that it cannot be placed */

struct task_seen *task_find(struct diagnosis *diagnosis, const char *id) {
    const char *name = name_short(id);
    for (size_t i = diagnosis->task_count; i-- > 0;)
        if (str_equal(diagnosis->tasks[i].id, name))
            return &diagnosis->tasks[i];
    return NULL;
}

static struct task_seen *task_note(struct diagnosis *diagnosis, const char *arn) {
    struct task_seen *known = task_find(diagnosis, arn);
    if (known)
        return known;
    if (diagnosis->task_count == TASKS_MAX) {
        memmove(diagnosis->tasks, diagnosis->tasks + 1, (TASKS_MAX - 1) * sizeof *diagnosis->tasks);
        diagnosis->task_count--;
    } else if (diagnosis->task_count == diagnosis->task_capacity) {
        diagnosis->tasks =
            arena_grow(diagnosis->arena, diagnosis->tasks, sizeof *diagnosis->tasks, &diagnosis->task_capacity);
    }
    struct task_seen *task = &diagnosis->tasks[diagnosis->task_count++];
    *task = (struct task_seen){0};
    NAME_COPY(task->id, name_short(arn));
    NAME_COPY(task->arn, arn);
    return task;
}

static enum whose whose_is(const struct diagnosis *diagnosis, const struct json *task) {
    const char *by = json_get_text(task, "startedBy");
    bool service_says = by && str_starts_with(by, "ecs-svc/");
    if (diagnosis->deployment && service_says)
        return str_equal(by, diagnosis->deployment) ? WHOSE_OURS : WHOSE_OTHERS;
    bool same = str_equal(json_get_text(task, "taskDefinitionArn"), diagnosis->task_definition);
    return same && time_of(task, "createdAt") >= diagnosis->began_ms ? WHOSE_OURS : WHOSE_OTHERS;
}

bool diagnosis_is_ours(const struct diagnosis *diagnosis, const struct json *task) {
    return whose_is(diagnosis, task) == WHOSE_OURS;
}

static bool is_one_of(const char *text, const char *const *names) {
    for (; text && *names; names++)
        if (str_equal(text, *names))
            return true;
    return false;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The moment at which it ended for its users: ECS writes STOPPED only when all is cleaned up. */
static int64_t end_of(const struct json *task, int64_t now_ms) {
    static const char *const ending[] = {"DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED", NULL};
    int64_t at_ms =
        earlier(earlier(time_of(task, "executionStoppedAt"), time_of(task, "stoppingAt")), time_of(task, "stoppedAt"));
    return at_ms == 0 && is_one_of(json_get_text(task, "lastStatus"), ending) ? now_ms : at_ms;
}

static void read_places(struct task_seen *task, const struct json *json) {
    int count = 0;
    json_each(attachment, json_get(json, "attachments")) {
        json_each(detail, json_get(attachment, "details")) {
            if (str_equal(json_get_text(detail, "name"), "privateIPv4Address"))
                NAME_COPY(task->address, json_get_text(detail, "value"));
        }
    }
    json_each(container, json_get(json, "containers")) {
        json_each(interface, json_get(container, "networkInterfaces")) {
            if (!*task->address)
                NAME_COPY(task->address, json_get_text(interface, "privateIpv4Address"));
        }
        json_each(binding, json_get(container, "networkBindings")) {
            if (count < (int)(sizeof task->host_ports / sizeof *task->host_ports))
                task->host_ports[count++] = (int)json_get_integer(binding, "hostPort", 0);
        }
    }
}

static void read_life(struct task_seen *task, int64_t now_ms, const struct json *json) {
    static const char *const placed[] = {"PENDING", "ACTIVATING", "RUNNING", NULL};
    const char *health = json_get_text_or(json, "healthStatus", "");
    task->created_ms = time_of(json, "createdAt");
    task->started_ms = time_of(json, "startedAt");
    task->placed_ms = earlier(time_of(json, "pullStartedAt"), task->started_ms);
    if (task->placed_ms == 0 && now_ms - task->created_ms >= PLACING_MS &&
        is_one_of(json_get_text(json, "lastStatus"), placed))
        task->placed_ms = task->created_ms;
    if (task->started_ms == 0 && str_equal(json_get_text(json, "lastStatus"), "RUNNING"))
        task->started_ms = now_ms;
    if (task->ended_ms == 0)
        task->ended_ms = end_of(json, now_ms);
    task->checked = str_equal(health, "HEALTHY");
    task->unhealthy = str_equal(health, "UNHEALTHY");
    read_places(task, json);
}

/* ---- why one of ours ended ---- */

struct end {
    enum cause_kind kind;
    bool sure;
    const struct json *container; /* that it is about, or NULL */
    bool exited;                  /* by itself: then its exit code says something */
};

static bool ends_by_itself(const struct json *task) {
    return str_equal(json_get_text(task, "stopCode"), "EssentialContainerExited") ||
           pattern_fits("essential container in task exited", json_get_text_or(task, "stoppedReason", ""));
}

/* The one whose image the text names, or the only one. */
static const struct json *container_of(const struct json *task, const char *text) {
    const struct json *containers = json_get(task, "containers");
    json_each(container, containers) {
        const char *image = json_get_text(container, "image");
        if (text && image && strstr(text, image))
            return container;
    }
    return containers && containers->count == 1 ? containers->first : NULL;
}

/* The container that ended the task: the first that says why, else that failed, else that ended. */
static const struct json *culprit(const struct json *task) {
    const struct json *best = NULL;
    int best_worth = 0;
    json_each(container, json_get(task, "containers")) {
        const struct json *code = json_get(container, "exitCode");
        int worth = json_get(container, "reason")                                      ? 4
                    : str_equal(json_get_text(container, "healthStatus"), "UNHEALTHY") ? 3
                    : code && code->integer != 0                                       ? 2
                                                                                       : code != NULL;
        if (worth > best_worth) {
            best = container;
            best_worth = worth;
        }
    }
    return best;
}

static struct end end_by_exit(const struct json *container) {
    int64_t code = json_get_integer(container, "exitCode", -1);
    return (struct end){.kind = code == EXIT_KILLED ? CAUSE_OUT_OF_MEMORY : CAUSE_CRASH_LOOP,
                        .sure = code == EXIT_NO_COMMAND || code == EXIT_NO_COMMAND + 1,
                        .container = container,
                        .exited = true};
}

/* CAUSE_KINDS: somebody wanted it to end, or the machine under it went away: that says nothing about the rollout. */
static struct end why_ended(const struct json *task) {
    static const char *const wanted[] = {"UserInitiated",     "ServiceSchedulerInitiated", "SpotInterruption",
                                         "TerminationNotice", "InfrastructureHealth",      NULL};
    const struct json *container = culprit(task);
    const char *reason = json_get_text(task, "stoppedReason");
    struct end end = {.container = container ? container : container_of(task, reason)};
    const char *code = json_get_text(task, "stopCode");
    end.kind = pattern_find(PATTERN_STOP, reason, &end.sure);
    if (is_one_of(code, wanted)) {
        if (end.kind != CAUSE_HEALTH_CHECK && end.kind != CAUSE_CONTAINER_HEALTH)
            end.kind = CAUSE_KINDS;
        return end;
    }
    json_each(each, json_get(task, "containers")) {
        enum cause_kind kind = pattern_find(PATTERN_STOP, json_get_text(each, "reason"), &end.sure);
        if (kind != CAUSE_KINDS)
            return (struct end){.kind = kind, .sure = end.sure, .container = each};
    }
    if (end.kind != CAUSE_KINDS)
        return end;
    if (ends_by_itself(task))
        return end_by_exit(container);
    if (str_equal(code, "TaskFailedToStart"))
        end.kind = CAUSE_START_UNKNOWN;
    return end;
}

static bool is_about_image(enum cause_kind kind) {
    return kind == CAUSE_IMAGE_MISSING || kind == CAUSE_IMAGE_PLATFORM || kind == CAUSE_PULL_DENIED ||
           kind == CAUSE_PULL_LIMIT || kind == CAUSE_PULL_NETWORK;
}

static void say_about(const struct end *end, char *out, size_t size) {
    const char *name = json_get_text(end->container, "name");
    const char *image = json_get_text(end->container, "image");
    const struct json *code = json_get(end->container, "exitCode");
    if (is_about_image(end->kind))
        (void)snprintf(out, size, image ? "the image '%.100s'" : "an image%.0s", image ? image : "");
    else if (!name)
        (void)snprintf(out, size, "the task");
    else if (end->exited && code)
        (void)snprintf(out, size, "container '%.80s' (exit code %lld)", name, (long long)code->integer);
    else
        (void)snprintf(out, size, "container '%.100s'", name);
}

void diagnosis_say_stop(const struct json *task, char *out, size_t size) {
    size_t length = (size_t)snprintf(out, size, "%.300s", json_get_text_or(task, "stoppedReason", "no reason given"));
    json_each(container, json_get(task, "containers")) {
        const char *name = json_get_text_or(container, "name", "?");
        const char *reason = json_get_text(container, "reason");
        const struct json *code = json_get(container, "exitCode");
        if (length >= size || (!reason && !code))
            continue;
        if (code)
            length += (size_t)snprintf(out + length, size - length, "; container '%.60s' ended with exit code %lld",
                                       name, (long long)code->integer);
        else
            length += (size_t)snprintf(out + length, size - length, "; container '%.60s'", name);
        if (reason && length < size)
            length += (size_t)snprintf(out + length, size - length, ": %.300s", reason);
    }
}

static void note_end(struct diagnosis *diagnosis, struct task_seen *task, const struct json *json) {
    const struct end end = why_ended(json);
    if (end.kind == CAUSE_KINDS)
        return;
    struct sign sign = {.at_ms = task->ended_ms, .sure = end.sure};
    NAME_COPY(sign.key, task->id);
    NAME_COPY(sign.task, task->id);
    say_about(&end, sign.about, sizeof sign.about);
    diagnosis_say_stop(json, sign.text, sizeof sign.text);
    suspect(diagnosis, end.kind, &sign);
    task->failed = true;
    task->failed_by = end.kind;
    task->log_wanted = task->started_ms > 0 || end.exited;
    NAME_COPY(task->container, json_get_text(end.container, "name"));
    if (end.exited && task->started_ms > 0 && task->ended_ms - task->started_ms > diagnosis->longest_life_ms)
        diagnosis->longest_life_ms = task->ended_ms - task->started_ms;
}

static void note_unhealthy(struct diagnosis *diagnosis, const struct task_seen *task, int64_t now_ms,
                           const struct json *json) {
    struct sign sign = {.at_ms = now_ms};
    NAME_COPY(sign.key, task->id);
    NAME_COPY(sign.task, task->id);
    NAME_COPY(sign.text, "ECS says that the container is UNHEALTHY");
    say_about(&(struct end){.kind = CAUSE_CONTAINER_HEALTH, .container = culprit(json)}, sign.about, sizeof sign.about);
    suspect(diagnosis, CAUSE_CONTAINER_HEALTH, &sign);
}

void diagnosis_add_tasks(struct diagnosis *diagnosis, int64_t now_ms, const struct json *tasks) {
    diagnosis->tasks_known = true;
    diagnosis->wants_tasks = false;
    diagnosis->tasks_to_ms = now_ms;
    json_each(json, tasks) {
        const char *arn = json_get_text(json, "taskArn");
        if (!arn)
            continue;
        struct task_seen *task = task_note(diagnosis, arn);
        task->whose = whose_is(diagnosis, json);
        read_life(task, now_ms, json);
        if (task->whose != WHOSE_OURS)
            continue;
        if (task->ended_ms > 0 && !task->failed)
            note_end(diagnosis, task, json);
        else if (task->ended_ms == 0 && task->unhealthy)
            note_unhealthy(diagnosis, task, now_ms, json);
    }
}
