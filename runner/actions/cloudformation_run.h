/*
 * One CloudFormation action under way: what the files actions/cloudformation*.c share. Every order carries a token that
 * follows from the action's execution, and every event of a stack names the token it comes from: so an order that is
 * sent twice is carried out once, and who comes after a crash sees in the events whether it was.
 */
#ifndef RUNNER_ACTIONS_CLOUDFORMATION_RUN_H
#define RUNNER_ACTIONS_CLOUDFORMATION_RUN_H

#include "runner/actions/deployment.h"
#include "runner/actions/poll_pace.h"
#include "runner/aws/cloudformation.h"
#include "runner/job.h"

struct stack_run {
    struct job *job;
    struct arena *arena; /* the job's */
    struct cloudformation client;
    struct deployment_report report;
    struct poll_pace pace;
    const char *mode;
    const char *name;     /* of the stack */
    const char *role_arn; /* CloudFormation's, or NULL */
    int64_t began_ms;
    const char *operation; /* what was sent, or was about to be: "UpdateStack"; NULL: nothing yet */
    bool accepted;         /* CloudFormation answered it, in this process */
    int64_t undo_until_ms; /* 0: not being undone */
    const char *id;        /* the stack's; NULL: not known yet */
    const char *cause;     /* the first failure among its events, or NULL */
};

/* Puts what is known on the server's disk. Errors: the job is lost. */
bool stack_run_mark(struct stack_run *run, struct err *err);

/* The token of an order: "penstock-EXECUTION-update". */
const char *stack_run_token(const struct stack_run *run, const char *step);

/* The id where it is known, else the name. */
const char *stack_run_subject(const struct stack_run *run);

/* ---- cloudformation_watch.c ---- */

/* The stack, asked for again while CloudFormation is busy and the job is not stopped with `until`. *stack NULL: none.
 */
bool stack_run_look(struct stack_run *run, enum stop_reason until, struct arena *arena, const struct json **stack,
                    struct err *err);

/* Whether the events have one with that token; *latest (or NULL): the newest of all is of that token. */
bool stack_run_was_sent(struct stack_run *run, const char *token, bool *sent, bool *latest, struct err *err);

/* The same, looked for as long as events may take to come. */
bool stack_run_find_sent(struct stack_run *run, const char *token, bool *sent, struct err *err);

/* False once the undo is not wanted any more, or its time is up. */
bool stack_run_undo_goes_on(const struct stack_run *run, struct err *err);

/* Follows what began with that token to its end: the stack is at rest. *stack: as it is then, in the job's arena; NULL:
 * it is gone. False where the job's stop reason is `until` or more. */
bool stack_run_watch(struct stack_run *run, const char *token, enum stop_reason until, const struct json **stack,
                     struct err *err);

/* ---- cloudformation_undo.c ---- */

/* Cancelled. */
bool stack_run_undo(struct stack_run *run, struct wire_result *result, struct err *err);

#endif
