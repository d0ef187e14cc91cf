/* Regular expressions as people write them for Java and Perl. The only user of PCRE2. */
#ifndef COMMON_PATTERN_H
#define COMMON_PATTERN_H

#include "common/err.h"

#include <stdbool.h>

/* Whether the whole text matches (Java's String.matches). The work is bounded: a pattern that would try for ever is an
 * error. Errors: ERR_INVALID, a sentence about the pattern. */
bool pattern_matches(const char *pattern, const char *text, bool *out, struct err *err);

#endif
