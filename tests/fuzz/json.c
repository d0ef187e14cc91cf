/*
 * JSON: whatever is read prints as JSON that means the same.
 */
#include "common/json.h"
#include "tests/fuzz/target.h"

#include <string.h>

static void must_mean_the_same(struct arena *arena, const struct json *value, const char *printed) {
    const struct json *again;
    struct err err;
    TARGET_CHECK(json_parse(arena, printed, strlen(printed), &again, &err));
    TARGET_CHECK(json_equal(value, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *value = NULL;
    struct err err = {0};
    if (!json_parse(&arena, (const char *)bytes, size, &value, &err)) {
        TARGET_CHECK(!value && err.kind != ERR_NONE && err.message[0]);
        return 0;
    }
    must_mean_the_same(&arena, value, json_print(&arena, value));
    must_mean_the_same(&arena, value, json_print_pretty(&arena, value));
    TARGET_CHECK(json_equal(value, json_copy(&arena, value)));
    return 0;
}
