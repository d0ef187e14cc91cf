/*
 * The texts by which AWS, Docker and programs give a cause away, each with where it is known from.
 */
#ifndef RUNNER_DIAGNOSIS_PATTERNS_H
#define RUNNER_DIAGNOSIS_PATTERNS_H

#include "runner/diagnosis/causes.h"

enum pattern_place {
    PATTERN_STOP,    /* a task's stoppedReason, a container's reason, the error within an event */
    PATTERN_EVENT,   /* a service's event */
    PATTERN_ROLLOUT, /* rolloutStateReason */
    PATTERN_TARGET,  /* reason and description of a target's health */
    PATTERN_LOG,     /* what a container printed */
};

/* The first row that fits, or CAUSE_KINDS. *sure: it cannot be an accident, one sign is enough. */
enum cause_kind pattern_find(enum pattern_place place, const char *text, bool *sure);

/* Whether the pieces of `pattern`, which '*' divides, stand in the text in that order, whatever their case; with '='
 * before it, whether it is the text. */
bool pattern_fits(const char *pattern, const char *text);

#endif
