/*
 * Which phase comes after which: CodeBuild's table, pure. And the record of the phases that a build went through, as
 * BatchGetBuilds shows it.
 */
#ifndef RUNNER_BUILDSPEC_PHASES_H
#define RUNNER_BUILDSPEC_PHASES_H

#include "runner/buildspec/buildspec.h"

enum next_step { NEXT_PHASE, NEXT_UPLOAD, NEXT_FINALIZING };

/* What follows phase `phase`, of which `failed` says how it ended. NEXT_PHASE: the one after it. */
enum next_step phase_next(enum build_phase phase, bool failed, enum on_failure on_failure);

struct phase_record {
    struct arena *arena;
    struct json *phases; /* list of {phaseType, phaseStatus?, startTime, endTime?, durationInSeconds?, contexts} */
    struct json *open;   /* the one that runs, or NULL */
    int64_t opened_ms;
    const char *current;       /* its name */
    const char *status;        /* of the phase that the build's status is of; NULL: all have succeeded so far */
    bool failed;               /* some phase did not succeed */
    const char *first_failure; /* "BUILD: Error while executing command: …", or NULL */
};

/* `before`: the phases that the server has already (SUBMITTED, QUEUED), or NULL. */
void phase_record_init(struct phase_record *record, struct arena *arena, const struct json *before, int64_t now_ms);

void phase_record_begin(struct phase_record *record, const char *name, int64_t now_ms);

/* status: "SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT", "FAULT". code and message: NULL or the phase's context. */
void phase_record_end(struct phase_record *record, const char *status, const char *code, const char *message,
                      int64_t now_ms);

#endif
