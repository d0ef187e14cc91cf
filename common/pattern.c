/*
 * PCRE2, with limits: patterns come from pipelines, texts from builds.
 */
#include "common/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_MAX 1000000
#define HEAP_KIB_MAX 4096
#define MESSAGE_SIZE 200

static bool match(const pcre2_code *code, const char *text, bool *out, struct err *err) {
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    int found = PCRE2_ERROR_NOMEMORY;
    if (data && limits) {
        pcre2_set_match_limit(limits, STEPS_MAX);
        pcre2_set_heap_limit(limits, HEAP_KIB_MAX);
        found = pcre2_match(code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, data, limits);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    if (found >= 0 || found == PCRE2_ERROR_NOMATCH) {
        *out = found >= 0;
        return true;
    }
    PCRE2_UCHAR message[MESSAGE_SIZE] = "";
    (void)pcre2_get_error_message(found, message, sizeof message);
    return err_set(err, ERR_INVALID, "the pattern could not be matched, make it simpler: %s", (const char *)message);
}

bool pattern_matches(const char *pattern, const char *text, bool *out, struct err *err) {
    int number = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C, &number, &offset, NULL);
    if (!code) {
        PCRE2_UCHAR message[MESSAGE_SIZE] = "";
        (void)pcre2_get_error_message(number, message, sizeof message);
        return err_set(err, ERR_INVALID, "the pattern '%s' cannot be read at character %zu: %s", pattern, offset + 1,
                       (const char *)message);
    }
    bool ok = match(code, text, out, err);
    pcre2_code_free(code);
    return ok;
}
