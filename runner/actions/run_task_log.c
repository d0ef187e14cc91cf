/*
 * What the task's container writes, in the job's log as it comes. Only a help: the verdict does not hang on it.
 */
#include "common/str.h"
#include "runner/actions/run_task.h"

#include <string.h>

static const char *id_of(const char *arn) {
    const char *slash = strrchr(arn, '/');
    return slash ? slash + 1 : arn;
}

void run_task_log_begin(struct run_task *task) {
    task->log = (struct log_stream){.aws = job_aws(task->job),
                                    .region = task->job->message->region,
                                    .interrupted = job_is_lost,
                                    .context = task->job};
    task->has_log = logs_of_container(task->arena, task->container, id_of(task->arn), &task->log);
    if (!task->has_log)
        job_log(task->job,
                "container '%s' has no awslogs driver with awslogs-stream-prefix: its output is not shown here",
                task->wish.container);
}

bool run_task_log_copy(struct run_task *task) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct log_event *events;
    size_t count = 0;
    struct err err = {0};
    if (!task->has_log || task->log_failed)
        return false;
    if (!logs_follow(&task->log, &arena, task->arena, &task->position, &events, &count, &err)) {
        task->log_failed = err.kind != ERR_UNAVAILABLE;
        if (task->log_failed)
            job_log(task->job, "the output of container '%s' is not shown: %s", task->wish.container, err.message);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        job_log(task->job, "%s", events[i].text);
    return count > 0;
}
