/* What was released, in words. */
#ifndef CLI_RELEASES_H
#define CLI_RELEASES_H

#include "common/json.h"

#include <stdint.h>

/* "#9 (back to #7) for 2 h 10 min, 3f2a91c Say hello, started by ada, approved by bo": of a Release or an
 * EnvironmentTarget (docs/doors.md). `now_ms` is wall time. */
const char *release_words(struct arena *arena, const struct json *release, int64_t now_ms);

#endif
