/*
 * What is found wrong with a file that a deployment reads: each with its place, all of them at once. A deploy says the
 * first, `penstock check` says them all, in the same words.
 */
#ifndef RUNNER_DEPLOYFILES_FINDINGS_H
#define RUNNER_DEPLOYFILES_FINDINGS_H

#include "common/json.h"

#define FINDINGS_MAX 50 /* of each sort; whoever has more has another file */

struct finding {
    enum err_kind kind;
    int line; /* 0: of no place */
    int column;
    const char *message;
};

struct findings {
    struct arena *arena;
    const char *file;   /* the name that sentences begin with */
    const char *reader; /* who takes what the file says, for sentences: "ECS", "CodeDeploy" */
    struct finding *errors;
    size_t error_count;
    bool more_errors;
    struct finding *notices; /* what harms nothing and is hardly meant so */
    size_t notice_count;
    bool more_notices;
};

struct findings findings_of(struct arena *arena, const char *file);

/* An error at a value; at its name, where that is what is wrong. `at` without a place (a tree that came from no file):
 * the sentence stands alone. Return false. */
bool findings_refuse(struct findings *findings, const struct json *at, const char *format, ...) PRINTF_LIKE(3, 4);
bool findings_refuse_name(struct findings *findings, const struct json *at, const char *format, ...) PRINTF_LIKE(3, 4);
void findings_note(struct findings *findings, const struct json *at, const char *format, ...) PRINTF_LIKE(3, 4);

/* Takes over what common/doc.h said: "file:line:column: text", whose kind stays. Returns false. */
bool findings_take(struct findings *findings, const struct err *err, const char *before);

/* Sorts by place. True where no error was found; else *err is the first one's text, code "ConfigurationError". */
bool findings_verdict(struct findings *findings, struct err *err);

/* "file:line:column: message" */
const char *finding_text(const struct findings *findings, const struct finding *finding);

#endif
