/*
 * Messages: whatever one of the decoders takes is encoded to something that decodes to the same.
 */
#include "common/wire.h"

#include "tests/fuzz/target.h"

#include <string.h>

static struct json *job(struct arena *arena, const struct json *message) {
    struct wire_job decoded;
    return wire_job_decode(arena, message, &decoded, NULL) ? wire_job_encode(arena, &decoded) : NULL;
}

static struct json *lease(struct arena *arena, const struct json *message) {
    struct wire_lease decoded;
    return wire_lease_decode(arena, message, &decoded, NULL) ? wire_lease_encode(arena, &decoded) : NULL;
}

static struct json *result(struct arena *arena, const struct json *message) {
    struct wire_result decoded;
    return wire_result_decode(arena, message, &decoded, NULL) ? wire_result_encode(arena, &decoded) : NULL;
}

static struct json *progress(struct arena *arena, const struct json *message) {
    struct wire_progress decoded;
    return wire_progress_decode(arena, message, &decoded, NULL) ? wire_progress_encode(arena, &decoded) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct json *(*const messages[])(struct arena *, const struct json *) = {job, lease, result, progress};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *message;
    if (!json_parse(&arena, (const char *)bytes, size, &message, NULL))
        return 0;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        const struct json *once = messages[i](&arena, message);
        if (!once)
            continue;
        const struct json *twice = messages[i](&arena, once);
        TARGET_CHECK(twice);
        TARGET_CHECK(strcmp(json_print(&arena, once), json_print(&arena, twice)) == 0);
    }
    return 0;
}
