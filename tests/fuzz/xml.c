/*
 * AWS's XML: whatever is taken is a tree of objects, lists and texts that can be printed and read again.
 */
#include "runner/aws/xml.h"

#include "tests/fuzz/target.h"

#include <string.h>

static void check_tree(const struct json *value) {
    TARGET_CHECK(value->type == JSON_OBJECT || value->type == JSON_ARRAY || value->type == JSON_TEXT);
    json_each(member, value) check_tree(member);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *tree;
    const struct json *again;
    if (!xml_parse(&arena, (const char *)bytes, size, &tree, NULL))
        return 0;
    check_tree(tree);
    const char *text = json_print(&arena, tree);
    TARGET_CHECK(json_parse(&arena, text, strlen(text), &again, NULL));
    TARGET_CHECK(json_equal(tree, again));
    return 0;
}
