/*
 * What a deployment is doing, as a document: targets, strategy and stage, tasks, where the time went, evidence, the
 * cause that it hangs on, a pause that waits for somebody, how a cancel went. It goes to the server with the job's
 * progress and with its result (docs/doors.md says its members), which keeps the latest.
 *
 * A job has one report, of whatever action; deployments that move together are several targets of it. It belongs to the
 * job's thread.
 */
#ifndef RUNNER_ACTIONS_DEPLOYMENT_H
#define RUNNER_ACTIONS_DEPLOYMENT_H

#include "runner/job.h"

#define DEPLOYMENT_TIMELINE_MAX 200
#define DEPLOYMENT_EVIDENCE_MAX 200
#define DEPLOYMENT_SIZE_MAX (256 * 1024)

struct deployment_report {
    struct job *job;
    struct json *document;
    const char *external_id;  /* set by the action: go with each progress */
    const char *external_url; /* or NULL */
    int percent;              /* 0..100, -1 unknown */
    struct arena memory;      /* the document's */
    struct arena spare;
    const char *summary; /* the latest that was sent, or NULL */
    char sent[65];       /* the hash of what was sent last */
};

/* Makes it the job's report: its document goes with the result by itself, and is freed with the job. `kind`: "ECS",
 * "CODE_DEPLOY", "RUN_TASK", … */
void deployment_begin(struct deployment_report *report, struct job *job, const char *kind);

/* What goes where: "ecs/eu-west-1/prod/shop", "shop:11", "shop:12". One of the same name gets what is not NULL. Returns
 * the target, for members of its own (values of deployment_memory()); good until the next call. */
struct json *deployment_target(struct deployment_report *report, const char *name, const char *from, const char *to);
struct arena *deployment_memory(struct deployment_report *report);

/* The text without what must not be shown: the job's secrets, and what looks like a credential. NULL: NULL. */
const char *deployment_shown(struct deployment_report *report, struct arena *arena, const char *text);

/* Members of the document. The value is copied; NULL removes the member. */
void deployment_set(struct deployment_report *report, const char *member, const struct json *value);
/* What stands in the list is put behind what the member has: each member of a release adds its own. */
void deployment_extend(struct deployment_report *report, const char *member, const struct json *list);
void deployment_set_text(struct deployment_report *report, const char *member, const char *text);
void deployment_set_integer(struct deployment_report *report, const char *member, int64_t number);

/* A line of the timeline, and of the log. */
void deployment_note(struct deployment_report *report, const char *format, ...) PRINTF_LIKE(2, 3);

/* A line of evidence: `source` is "EVENT", "TASK", "TARGET" or "LOG", `subject` a task, a container, a target. */
void deployment_evidence(struct deployment_report *report, const char *source, const char *subject, const char *text);

/* ... of a moment before this one, where AWS says when it was; 0: now. */
void deployment_evidence_at(struct deployment_report *report, int64_t at_ms, const char *source, const char *subject,
                            const char *text);

/* How what was begun is taken back: the document's `cancel`. It takes the place of a pause. */
struct deployment_cancel {
    const char *by;   /* who asked for it, or NULL */
    int64_t asked_ms; /* when */
    bool ended;       /* now; else it goes on */
    const char *from; /* for people; members that are NULL are left out */
    const char *to;
    const char *how; /* the operation: "StopDeployment", "nothing to undo" */
    const char *sentence;
};

void deployment_cancel(struct deployment_report *report, const struct deployment_cancel *cancel);

/* Sends what there is with that sentence (NULL: the one before), unless just that was sent last. */
void deployment_send(struct deployment_report *report, const char *summary);

/* By job.c: the document as it goes with the result; and its end. Both accept NULL. */
const struct json *deployment_document(struct deployment_report *report);
void deployment_release(struct deployment_report *report);

#endif
