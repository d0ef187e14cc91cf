/*
 * RunTask, DescribeTasks, ListTasks, StopTask.
 */
#include "runner/aws/ecs_tasks.h"

#include "common/str.h"

#include <string.h>

static bool call(const struct ecs *ecs, struct arena *arena, const char *operation, const struct json *body,
                 const struct json **answer, struct err *err) {
    const struct aws_request request = {.service = "ecs",
                                        .host_prefix = "ecs",
                                        .region = ecs->region,
                                        .target = "AmazonEC2ContainerServiceV20141113",
                                        .operation = operation,
                                        .body = body,
                                        .interrupted = ecs->interrupted,
                                        .context = ecs->context};
    if (ecs->calls)
        (*ecs->calls)++;
    return aws_call(ecs->aws, arena, &request, answer, err);
}

/* With a status of 200. */
static bool refuse(const struct json *answer, struct err *err) {
    const struct json *failure = json_first(json_get(answer, "failures"));
    const char *reason = json_get_text_or(failure, "reason", "no reason given");
    const char *detail = json_get_text(failure, "detail");
    const char *mend = str_starts_with(reason, "RESOURCE:") || strstr(reason, "apacity")
                           ? "; give the cluster more of it, or ask for less with Cpu and Memory"
                           : "";
    return err_set_code(err, ERR_LIMIT, "JobFailed", "ECS started no task: %.200s%s%.300s%s", reason,
                        detail ? ": " : "", detail ? detail : "", mend);
}

bool ecs_run_task(const struct ecs *ecs, struct arena *arena, const struct json *body, const struct json **task,
                  struct err *err) {
    const struct json *answer = NULL;
    if (!call(ecs, arena, "RunTask", body, &answer, err))
        return false;
    *task = json_first(json_get(answer, "tasks"));
    return (*task && json_get_text(*task, "taskArn")) || refuse(answer, err);
}

bool ecs_describe_task(const struct ecs *ecs, struct arena *arena, const char *arn, const struct json **task,
                       struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "cluster", ecs->cluster);
    json_append_text(arena, json_set_array(arena, body, "tasks"), arn);
    if (!call(ecs, arena, "DescribeTasks", body, &answer, err))
        return false;
    *task = json_first(json_get(answer, "tasks"));
    return true;
}

bool ecs_find_task(const struct ecs *ecs, struct arena *arena, const char *started_by, const char **arn,
                   struct err *err) {
    static const char *const statuses[] = {"RUNNING", "STOPPED"};
    *arn = NULL;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses && !*arn; i++) {
        struct json *body = json_object(arena);
        const struct json *answer = NULL;
        json_set_text(arena, body, "cluster", ecs->cluster);
        json_set_text(arena, body, "startedBy", started_by);
        json_set_text(arena, body, "desiredStatus", statuses[i]);
        if (!call(ecs, arena, "ListTasks", body, &answer, err))
            return false;
        const struct json *first = json_first(json_get(answer, "taskArns"));
        *arn = first ? first->text : NULL;
    }
    return true;
}

bool ecs_stop_task(const struct ecs *ecs, struct arena *arena, const char *arn, const char *reason, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "cluster", ecs->cluster);
    json_set_text(arena, body, "task", arn);
    json_set_text(arena, body, "reason", reason);
    return call(ecs, arena, "StopTask", body, &answer, err);
}
