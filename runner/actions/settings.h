/*
 * An action's configuration, read value by value. A value that is there and empty is as if it were not there.
 * Errors: ERR_INVALID, with a sentence that names the key and what it may be.
 */
#ifndef RUNNER_ACTIONS_SETTINGS_H
#define RUNNER_ACTIONS_SETTINGS_H

#include "common/err.h"

#include <stdint.h>

struct job;

/* NULL where there is none. */
const char *settings_text(const struct job *job, const char *name);

/* From 1 to `most`; `usual` where nothing is said. `what`: "minutes", "a number". */
bool settings_number(const struct job *job, const char *name, const char *what, int64_t most, int64_t usual,
                     int64_t *out, struct err *err);

/* One of two words; `usual` is what holds where nothing is said. */
bool settings_choice(const struct job *job, const char *name, const char *usual, const char *other, bool *is_other,
                     struct err *err);

#endif
