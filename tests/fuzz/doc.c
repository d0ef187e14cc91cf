/*
 * Files by people: each value has a place, what is read can be written as JSON, what is refused is refused with a
 * place.
 */
#include "common/doc.h"
#include "common/str.h"
#include "common/utf8.h"
#include "tests/fuzz/target.h"

#include <string.h>

static void check_places(const struct json *value) {
    TARGET_CHECK(value->line >= 1 && value->column >= 1);
    json_each(member, value) {
        TARGET_CHECK((value->type == JSON_OBJECT) == (member->name != NULL));
        TARGET_CHECK(!member->name || (member->name_line >= 1 && member->name_column >= 1));
        check_places(member);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *value = NULL;
    struct err err = {0};
    if (!doc_parse(&arena, "file.yml", (const char *)bytes, size, &value, &err)) {
        TARGET_CHECK(!value && str_starts_with(err.message, "file.yml:"));
        return 0;
    }
    check_places(value);
    const char *printed = json_print(&arena, value);
    const struct json *again;
    TARGET_CHECK(json_parse(&arena, printed, strlen(printed), &again, &err));
    TARGET_CHECK(json_equal(value, again));
    return 0;
}
