/*
 * Files by people: types, places, caps, and the exact words about every file in tests/data/doc/bad.
 */
#include "common/doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct json *must_parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    struct err err = {0};
    if (!doc_parse(arena, "shop.yml", text, strlen(text), &value, &err))
        fail_msg("%s", err.message);
    return value;
}

static void scalars_keep_their_text(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *doc = must_parse(&arena, "a: no\nb: 1.10\nc: 0755\nd: true\ne: ~\nf: 'true'\ng: 12\nh:\n");
    static const struct {
        const char *name, *text;
        enum json_type type;
    } expected[] = {
        {"a", "no", JSON_TEXT}, {"b", "1.10", JSON_NUMBER}, {"c", "0755", JSON_NUMBER}, {"d", "true", JSON_BOOL},
        {"e", "~", JSON_NULL},  {"f", "true", JSON_TEXT},   {"g", "12", JSON_NUMBER},   {"h", "", JSON_NULL},
    };
    size_t i = 0;
    json_each(member, doc) {
        assert_string_equal(member->name, expected[i].name);
        assert_string_equal(member->text, expected[i].text);
        assert_int_equal(member->type, expected[i].type);
        assert_int_equal(member->name_line, (int)i + 1);
        assert_int_equal(member->column, i == 7 ? 3 : 4);
        i++;
    }
    assert_int_equal(i, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_keep_their_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
