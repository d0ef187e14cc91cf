/*
 * Inside of an undo: where it goes, and the calls that send a service back. For actions/ecs_undo*.c alone.
 */
#ifndef RUNNER_ACTIONS_ECS_UNDO_H
#define RUNNER_ACTIONS_ECS_UNDO_H

#include "runner/actions/ecs_watch.h"

/* What an undo has seen and done so far. */
struct undo {
    bool stop_sent;       /* our service deployment was stopped */
    bool stop_failed;     /* ... or cannot be: the update back is what is left */
    int looks_after_stop; /* that did not show what became of it */
    int until_send;       /* looks to come before the service is sent back again */
    bool sent;            /* back, by UpdateService */
    const char *sent_as;  /* the deployment that UpdateService made of it, or NULL */
    bool seen;            /* ours was in an answer since the undo began: it is not from before our update */
    int back;             /* looks, one after another, in which it was back */
    bool chosen;          /* it was asked what to go back to */
    const char *stuck;    /* the revision before ours, where an older one is gone back to; or NULL */
    const char *sentence; /* once it is back: how it looks */
    const char *other;    /* the revision that somebody else deployed meanwhile, or NULL */
};

/* What could be seen of a service deployment. */
enum undo_seen {
    UNDO_SEEN,
    UNDO_SEEN_LATER, /* ECS was busy, or it does not show yet */
    UNDO_HIDDEN,     /* no right to see it, or no such thing here */
};

/* False when nobody wants the undo any more. */
bool undo_goes_on(const struct deploy *deploy);

/* The document's `cancel`. `ended`: now. */
void undo_show(struct deploy *deploy, const char *to, const char *how, const char *sentence, bool ended);

/* The first call, without a look, where it can hit nothing but ours. Errors: the mark could not be written. */
bool undo_begin(struct deploy *deploy, struct undo *undo, struct err *err);

bool undo_can_stop(const struct deploy *deploy, const struct undo *undo);

/* StopServiceDeployment. Where it cannot be had, undo->stop_failed; busy: neither. Errors: the job is lost. */
bool undo_stop(struct deploy *deploy, struct undo *undo, struct err *err);

/* UpdateService to the previous revision. True also where ECS was busy: the next look shows whether it is to be sent
 * again. Errors: what the service was left on, and why. */
bool undo_send_back(struct deploy *deploy, struct undo *undo, struct arena *arena, struct err *err);

enum undo_seen undo_read_shift(struct deploy *deploy, struct arena *arena, const char *arn, struct ecs_shift *shift);

/* Where traffic was shifted: whether it is back, by the counts alone (and *sentence says so) where that cannot be seen.
 * Pauses on the way back are passed. */
bool undo_traffic_is_back(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service,
                          const char **sentence);

/* ---- ecs_undo_target.c ---- */

/* Before anything is sent: where the revision before ours was not complete, looks for one that was, and makes it what
 * is gone back to (deploy->previous). Errors: the mark could not be written. */
bool undo_choose(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service,
                 struct err *err);

/* What is to be said of the revision that is gone back to, behind its name; or "". */
const char *undo_reserve(const struct deploy *deploy, const struct undo *undo);

#endif
