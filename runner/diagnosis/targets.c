/*
 * What the load balancer shows of our tasks. Its other targets are somebody else's.
 */
#include "common/str.h"
#include "runner/diagnosis/patterns.h"
#include "runner/diagnosis/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKING_MS 15000 /* no check of a target is over sooner */

/* By IP; where tasks are behind their instance's ports, by port. */
static struct task_seen *find_task(struct diagnosis *diagnosis, const char *id, const char *port) {
    long number = strtol(port, NULL, 10);
    for (size_t i = diagnosis->task_count; i-- > 0;) {
        struct task_seen *task = &diagnosis->tasks[i];
        if (task->whose != WHOSE_OURS || task->ended_ms > 0)
            continue;
        if (*task->address && str_equal(task->address, id))
            return task;
        for (size_t j = 0; str_starts_with(id, "i-") && j < sizeof task->host_ports / sizeof *task->host_ports; j++)
            if (task->host_ports[j] != 0 && task->host_ports[j] == number)
                return task;
    }
    return NULL;
}

bool diagnosis_wants_targets(const struct diagnosis *diagnosis, int64_t now_ms) {
    for (size_t i = 0; diagnosis->has_balancer && i < diagnosis->task_count; i++) {
        const struct task_seen *task = &diagnosis->tasks[i];
        if (task->whose == WHOSE_OURS && task->started_ms > 0 && task->ended_ms == 0 && !task->target_good &&
            now_ms >= task->started_ms + diagnosis->grace_ms + CHECKING_MS)
            return true;
    }
    return false;
}

static void read_target(struct diagnosis *diagnosis, int64_t now_ms, struct task_seen *task,
                        const struct json *health) {
    const char *state = json_get_text_or(health, "State", "");
    const char *reason = json_get_text_or(health, "Reason", "");
    const char *description = json_get_text_or(health, "Description", "");
    struct sign sign = {.at_ms = now_ms};
    task->target_good = str_equal(state, "healthy");
    task->target_bad = str_equal(state, "unhealthy");
    if (!task->target_bad && !str_equal(state, "unused"))
        return;
    (void)snprintf(sign.text, sizeof sign.text, "target %s is %s: %.60s: %.300s", task->id, state, reason, description);
    enum cause_kind kind = pattern_find(PATTERN_TARGET, sign.text, &sign.sure);
    /* ECS looks away so long, and so do we. */
    bool graceful = kind == CAUSE_HEALTH_CHECK && now_ms < task->started_ms + diagnosis->grace_ms;
    if (kind == CAUSE_KINDS || graceful)
        return;
    NAME_COPY(sign.key, task->id);
    NAME_COPY(sign.task, task->id);
    NAME_COPY(sign.about, diagnosis->target_group);
    suspect(diagnosis, kind, &sign);
}

static void name_target_group(struct diagnosis *diagnosis, const char *arn) {
    const char *name = strstr(arn, "targetgroup/");
    name = name ? name + strlen("targetgroup/") : arn;
    (void)snprintf(diagnosis->target_group, sizeof diagnosis->target_group, "'%.*s'", (int)strcspn(name, "/"), name);
}

void diagnosis_add_targets(struct diagnosis *diagnosis, int64_t now_ms, const char *target_group,
                           const struct json *targets) {
    name_target_group(diagnosis, target_group);
    diagnosis->targets_known = true;
    json_each(each, targets) {
        const struct json *target = json_get(each, "Target");
        struct task_seen *task =
            find_task(diagnosis, json_get_text_or(target, "Id", ""), json_get_text_or(target, "Port", "0"));
        if (task)
            read_target(diagnosis, now_ms, task, json_get(each, "TargetHealth"));
    }
}

void diagnosis_target_group_gone(struct diagnosis *diagnosis, int64_t now_ms, const char *target_group,
                                 const char *message) {
    struct sign sign = {.at_ms = now_ms, .sure = true};
    name_target_group(diagnosis, target_group);
    NAME_COPY(sign.key, target_group);
    NAME_COPY(sign.text, message);
    NAME_COPY(sign.about, diagnosis->target_group);
    suspect(diagnosis, CAUSE_TARGET_GROUP, &sign);
}

void diagnosis_add_draining(struct diagnosis *diagnosis, int64_t seconds) {
    diagnosis->drain_limit_ms = seconds * 1000;
}
