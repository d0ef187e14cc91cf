/*
 * Values of an action's configuration.
 */
#include "runner/actions/settings.h"

#include "common/str.h"
#include "runner/job.h"

const char *settings_text(const struct job *job, const char *name) {
    const char *value = job_setting(job, name);
    return value && *value ? value : NULL;
}

bool settings_number(const struct job *job, const char *name, const char *what, int64_t most, int64_t usual,
                     int64_t *out, struct err *err) {
    const char *text = settings_text(job, name);
    long long value = usual;
    if (text && !str_to_int64(text, 1, most, &value))
        return err_set(err, ERR_INVALID, "%s must be %s from 1 to %lld, not '%.50s'", name, what, (long long)most,
                       text);
    *out = value;
    return true;
}

bool settings_choice(const struct job *job, const char *name, const char *usual, const char *other, bool *is_other,
                     struct err *err) {
    const char *text = settings_text(job, name);
    const bool found = str_equal(text, other);
    if (text && !found && !str_equal(text, usual))
        return err_set(err, ERR_INVALID, "%s must be %s or %s, not '%.50s'", name, usual, other, text);
    *is_other = found;
    return true;
}
