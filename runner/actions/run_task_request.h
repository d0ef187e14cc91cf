/*
 * RunTask's texts: what is asked of ECS, and what became of the task. Pure.
 */
#ifndef RUNNER_ACTIONS_RUN_TASK_REQUEST_H
#define RUNNER_ACTIONS_RUN_TASK_REQUEST_H

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"

struct run_task_wish {
    const char *cluster;
    const char *revision;           /* ARN of the task definition */
    const char *container;          /* the one whose command it is, and whose exit code counts */
    const struct json *command;     /* list of texts, or NULL: the container's own */
    const struct json *environment; /* [{name, value}], or NULL */
    const char *cpu;                /* of the whole task, or NULL: the definition's */
    const char *memory;
    const char *token; /* the same for the same run, always */
};

/* A JSON list of texts; any other text is run by `sh -c`. NULL or "": *out is NULL. Errors: ERR_INVALID. */
bool run_task_command(struct arena *arena, const char *text, const struct json **out, struct err *err);

/* {"NAME": "value"} or [{"name", "value"}] as the latter. NULL or "": *out is NULL. Errors: ERR_INVALID. */
bool run_task_environment(struct arena *arena, const char *text, const struct json **out, struct err *err);

/* The container of that name; NULL or "": the first essential one. Errors: ERR_INVALID, naming those there are. */
bool run_task_container(struct arena *arena, const struct json *definition, const char *name, const struct json **out,
                        struct err *err);

/* RunTask's input, where and how the service runs its own tasks. Errors: ERR_LIMIT: overrides past 8192 characters. */
bool run_task_body(struct arena *arena, const struct run_task_wish *wish, const struct json *service,
                   const struct json **out, struct err *err);

struct run_task_end {
    bool good;
    bool has_code;
    int64_t code;         /* of the container */
    const char *sentence; /* "container 'web' ended with exit code 1: …" */
};

/* Of a task that is STOPPED. Only an exit code of 0 is good: a container that never started has none. */
struct run_task_end run_task_end(struct arena *arena, const struct json *task, const char *container);

#endif
