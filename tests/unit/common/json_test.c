/*
 * JSON: what is read, what is refused and where, what is built and printed.
 */
#include "common/json.h"

#include "common/str.h"

#include <math.h>
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
    if (!json_parse(arena, text, strlen(text), &value, &err))
        fail_msg("%s: %s", text, err.message);
    return value;
}

/* ---- reading ---- */

static void what_is_read_prints_the_same(void **state) {
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9007199254740993",
        "1700000000123400",
        "1.5",
        "0.1",
        "1e+300",
        "1763876220.123",
        "\"\"",
        "\"a\\\"\\\\\\n\\t\\r\\b\\f\\u0001\"",
        "[]",
        "{}",
        "[[],{}]",
        "[1,[2,{\"a\":null}],\"x\"]",
        "{\"b\":1,\"a\":{\"c\":[true,false]}}",
        "{\"\":0}",
        "{\"a\":1,\"A\":2}",
        "\"\xf0\x9f\x98\x80\"",
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(json_print(&arena, must_parse(&arena, texts[i])), texts[i]);
}

static void other_writings_mean_the_same(void **state) {
    (void)state;
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {" \t\r\n[ 1 , 2 ]\n", "[1,2]"},
        {"{ \"a\" : { } }", "{\"a\":{}}"},
        {"\"\\ud83d\\ude00\\u00e9\\/\"", "\"\xf0\x9f\x98\x80\xc3\xa9/\""},
        {"[-0,1.0,1e3,1E-2]", "[0,1,1000,0.01]"},
        {"\"\\uDBFF\\uDFFF\"", "\"\xf4\x8f\xbf\xbf\""},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(json_print(&arena, must_parse(&arena, cases[i].text)), cases[i].printed);
}

static void whole_numbers_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_integer;
        int64_t integer;
    } cases[] = {
        {"9007199254740993", true, 9007199254740993},
        {"-9223372036854775808", true, INT64_MIN},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"9007199254740992.0", true, 9007199254740992},
        {"1e16", false, 0},
        {"-1e16", false, 0},
        {"1.5", false, 0},
        {"-0", true, 0},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *value = must_parse(&arena, cases[i].text);
        assert_int_equal(value->is_integer, cases[i].is_integer);
        assert_true(value->integer == cases[i].integer);
    }
}

static void numbers_keep_their_value_beside_each_other(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *value = must_parse(
        &arena, "{\"1\":1,\"x\":{\"2\":[\"3\",3,{\"4\":4}],\"t\":true},\"5\":\"6\",\"n\":null,\"7\":9007199254740993}");
    assert_int_equal(json_get_integer(value, "1", 0), 1);
    assert_int_equal(json_get(json_get(value, "x"), "2")->first->next->integer, 3);
    assert_true(json_get_integer(value, "7", 0) == 9007199254740993);
}

static void what_parsers_disagree_about_is_refused(void **state) {
    (void)state;
#define NO_NUMBER "not a number as JSON writes it (no leading 0 or '+', digits on both sides of '.')"
#define NO_WORD "a word that is not true, false or null; put texts in double quotes"
#define NO_VALUE "no value begins like this; put texts in double quotes"
    static const struct {
        const char *text;
        size_t offset;
        const char *problem;
    } cases[] = {
        {"", 0, "the end came where a value should stand"},
        {"  ", 2, "the end came where a value should stand"},
        {"[", 1, "the end came where a value should stand"},
        {"{\"a\":", 5, "the end came where a value should stand"},
        {"01", 0, NO_NUMBER},
        {"-", 0, NO_NUMBER},
        {"[1.]", 1, NO_NUMBER},
        {"1e", 0, NO_NUMBER},
        {"1e+", 0, NO_NUMBER},
        {"-01", 0, NO_NUMBER},
        {".5", 0, NO_VALUE},
        {"+1", 0, NO_VALUE},
        {"0x10", 1, "something follows the end of the value"},
        {"{} x", 3, "something follows the end of the value"},
        {"1 2", 2, "something follows the end of the value"},
        {"[]]", 2, "something follows the end of the value"},
        {"[1,]", 2, "a comma with nothing behind it; take it away"},
        {"{\"a\":1, }", 6, "a comma with nothing behind it; take it away"},
        {"[,1]", 1, "a value is missing here; write one, or \"\" for an empty text"},
        {"[1,,2]", 3, "a value is missing here; write one, or \"\" for an empty text"},
        {"[1 2]", 3, "a ',' or ']' should stand here"},
        {"[1", 2, "a ',' or ']' should stand here"},
        {"[1}", 2, "a ',' or ']' should stand here"},
        {"{\"a\":1]", 6, "a ',' or '}' should stand here"},
        {"{\"a\" 1}", 5, "a ':' should stand between name and value"},
        {"{\"a\"}", 4, "a ':' should stand between name and value"},
        {"{a:1}", 1, "a name in double quotes should stand here"},
        {"{1:1}", 1, "a name in double quotes should stand here"},
        {"{\"a\":1,2}", 7, "a name in double quotes should stand here"},
        {"[// x\n]", 1, "JSON has no comments; take it away"},
        {"\"\\u0000\"", 1, "a text must not hold \\u0000"},
        {"{\"\\u0000a\":1}", 2, "a text must not hold \\u0000"},
        {"\"\\ud800x\"", 1, "half of a surrogate pair without its other half"},
        {"\"\\udc00\"", 1, "half of a surrogate pair without its other half"},
        {"\"\\ud800\\ud800\"", 1, "half of a surrogate pair without its other half"},
        {"\"\\ud800\\u00", 1, "half of a surrogate pair without its other half"},
        {"\"\\u12g4\"", 1, "\\u needs four hex digits"},
        {"\"\\u12", 1, "\\u needs four hex digits"},
        {"\"\\x41\"", 1, "an escape that JSON does not have; write a backslash as \\\\"},
        {"\"a\\", 2, "the text ends in the middle of an escape"},
        {"\"abc", 0, "a text whose closing quote is missing"},
        {"\"a\nb\"", 2, "a line break or control character inside a text; write it as an escape"},
        {"\"\xff\"", 1, "a byte that is not UTF-8"},
        {"\"\xed\xa0\x80\"", 1, "a byte that is not UTF-8"},
        {"\"\xc3\"", 1, "a byte that is not UTF-8"},
        {"\xef\xbb\xbf{}", 0, NO_VALUE},
        {"\x01{}", 0, NO_VALUE},
        {"{}\x01", 2, "something follows the end of the value"},
        {"'a'", 0, "single quotes; JSON wants double quotes"},
        {"nul", 0, NO_WORD},
        {"True", 0, NO_WORD},
        {"NaN", 0, NO_WORD},
        {"-Infinity", 0, NO_NUMBER},
        {"nullx", 4, "something follows the end of the value"},
        {"9223372036854775808", 0, "a number out of range"},
        {"[-9223372036854775809]", 1, "a number out of range"},
        {"1e999", 0, "a number out of range"},
        {"0.1000000000000000000000000000000000000000000000000000000000000001", 0, "a number with too many digits"},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *value = NULL;
        struct err err = {0};
        if (json_parse(&arena, cases[i].text, strlen(cases[i].text), &value, &err))
            fail_msg("'%s' was read", cases[i].text);
        assert_null(value);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.message,
                            arena_printf(&arena, "not good JSON at byte %zu: %s", cases[i].offset, cases[i].problem));
    }
}

static void nul_bytes_are_refused_wherever_they_stand(void **state) {
    (void)state;
    static const char text[] = "{\"ab\":[1,true]}";
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof text; i++) {
        char changed[sizeof text];
        memcpy(changed, text, sizeof text);
        changed[i] = '\0';
        const struct json *value;
        struct err err = {0};
        assert_false(json_parse(&arena, changed, i == sizeof text - 1 ? sizeof text : sizeof text - 1, &value, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static void the_text_needs_no_terminator(void **state) {
    (void)state;
    static const char *const texts[] = {"12345", "\"abc\"", "[1]", "true", "-1.5e3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        size_t length = strlen(texts[i]);
        char *exact = malloc(length); /* the sanitizer sees a byte read too many */
        memcpy(exact, texts[i], length);
        const struct json *value;
        struct err err = {0};
        assert_true(json_parse(&arena, exact, length, &value, &err));
        free(exact);
        if (length == 5 && *texts[i] == '1')
            assert_int_equal(value->integer, 12345);
    }
}

static void duplicates_are_refused_in_small_and_large(void **state) {
    (void)state;
    for (int members = 2; members <= 4000; members *= 2) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct str text CLEANUP(str_release) = STR_INIT(1 << 20);
        str_append(&text, "{");
        for (int i = 0; i < members; i++)
            str_printf(&text, "%s\"k%d\":%d", i ? "," : "", i == members - 1 ? members / 2 - 1 : i, i);
        str_append(&text, "}");
        const struct json *value = NULL;
        struct err err = {0};
        assert_false(json_parse(&arena, text.text, text.length, &value, &err));
        assert_string_equal(
            err.message,
            arena_printf(&arena, "not good JSON: the name 'k%d' stands twice in one object", members / 2 - 1));
    }
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    const struct json *value = NULL;
    const char *escaped = "[{\"a\":1,\"\\u0061\":2}]";
    assert_false(json_parse(&arena, escaped, strlen(escaped), &value, &err));
    (void)must_parse(&arena, "[{\"a\":1},{\"a\":1},{\"b\":{\"a\":1},\"a\":1}]");
}

/* Compared pair by pair, these would take minutes: longer than meson gives a test. */
static void many_names_take_no_time(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct str text CLEANUP(str_release) = STR_INIT(1 << 24);
    str_append(&text, "{\"k\":0");
    for (int i = 0; i < 300000; i++)
        str_printf(&text, ",\"a name that many begin with %d\":0", i);
    str_append(&text, "}");
    assert_int_equal(must_parse(&arena, text.text)->count, 300001);
}

static void caps_are_limits(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char deep[200];
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        const struct json *value;
        struct err err = {0};
        assert_int_equal(json_parse(&arena, deep, 2 * depth, &value, &err), depth == JSON_DEPTH_MAX);
        if (depth > JSON_DEPTH_MAX)
            assert_int_equal(err.kind, ERR_LIMIT);
    }
    const struct json *value;
    struct err err = {0};
    assert_false(json_parse(&arena, "", JSON_SIZE_MAX + 1, &value, &err));
    assert_int_equal(err.kind, ERR_LIMIT);

    size_t size = 2 * (JSON_VALUES_MAX + 1);
    char *many = arena_alloc(&arena, size);
    for (size_t i = 0; i < size; i += 2)
        memcpy(many + i, "0,", 2);
    many[0] = '[';
    many[size - 1] = ']';
    err_clear(&err);
    assert_false(json_parse(&arena, many, size, &value, &err));
    assert_string_equal(err.message,
                        "not good JSON at byte 1: a value is missing here; write one, or \"\" for an empty text");
    many[1] = '0';
    many[2] = ' '; /* the list, and JSON_VALUES_MAX numbers */
    assert_false(json_parse(&arena, many, size, &value, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

/* ---- members ---- */

static void members_are_found_by_exact_name_and_type(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *object =
        must_parse(&arena, "{\"Role\":\"a\",\"role\":\"b\",\"n\":null,\"i\":7,\"d\":1.5,\"t\":true,\"l\":[1]}");
    assert_string_equal(json_get_text(object, "role"), "b");
    assert_string_equal(json_get_text(object, "Role"), "a");
    assert_null(json_get(object, "ROLE"));
    assert_null(json_get(object, "n"));
    assert_null(json_get(NULL, "n"));
    assert_null(json_get(json_get(object, "l"), "n"));
    assert_null(json_get_text(object, "i"));
    assert_string_equal(json_get_text_or(object, "i", "x"), "x");
    assert_int_equal(json_get_integer(object, "i", 1), 7);
    assert_int_equal(json_get_integer(object, "d", 1), 1);
    assert_int_equal(json_get_integer(object, "role", -1), -1);
    assert_true(json_get_bool(object, "t", false));
    assert_true(json_get_bool(object, "i", true));
    size_t count = 0;
    json_each(member, object) count++;
    json_each(member, NULL) count++;
    assert_int_equal(count, object->count);
}

static void types_have_names_for_people(void **state) {
    (void)state;
    static const char *const names[] = {"null", "true or false", "number", "text", "list", "object"};
    for (int type = JSON_NULL; type <= JSON_OBJECT; type++)
        assert_string_equal(json_type_name((enum json_type)type), names[type]);
    assert_string_equal(json_type_name((enum json_type)99), "unknown");
}

/* ---- building ---- */

/* Nothing of ours writes one, but what is read is printed again. */
static void set_number(struct arena *arena, struct json *object, const char *name, double number) {
    struct json *value = json_new_integer(arena, 0);
    value->is_integer = false;
    value->number = number;
    json_set(arena, object, name, value);
}

static void built_trees_print(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *object = json_object(&arena);
    json_set_text(&arena, object, "text", "t");
    json_set_text(&arena, object, "absent", NULL);
    json_set_integer(&arena, object, "integer", INT64_MIN);
    set_number(&arena, object, "number", 0.1);
    json_set_bool(&arena, object, "bool", true);
    json_set(&arena, object, "null", json_copy(&arena, must_parse(&arena, "null")));
    struct json *list = json_set_array(&arena, object, "list");
    json_append_text(&arena, list, "a");
    json_append_text(&arena, list, NULL);
    json_append(list, NULL);
    json_append(list, json_new_integer(&arena, 1));
    json_set_text(&arena, json_append_object(&arena, list), "b", "c");
    (void)json_set_object(&arena, object, "empty");
    assert_string_equal(json_print(&arena, object),
                        "{\"text\":\"t\",\"integer\":-9223372036854775808,\"number\":0.1,\"bool\":true,\"null\":null,"
                        "\"list\":[\"a\",1,{\"b\":\"c\"}],\"empty\":{}}");
    assert_int_equal(object->count, 7);
    assert_int_equal(list->count, 3);
}

static void texts_are_copied(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *object = json_object(&arena);
    char name[] = "name";
    char text[] = "text";
    json_set_text(&arena, object, name, text);
    name[0] = text[0] = 'X';
    assert_string_equal(json_print(&arena, object), "{\"name\":\"text\"}");
}

static void members_are_replaced_in_place_and_removed(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *object = json_copy(&arena, must_parse(&arena, "{\"a\":1,\"b\":2,\"c\":3}"));
    json_set_integer(&arena, object, "b", 20);
    assert_string_equal(json_print(&arena, object), "{\"a\":1,\"b\":20,\"c\":3}");
    json_set_integer(&arena, object, "c", 30);
    json_set_integer(&arena, object, "d", 4);
    assert_string_equal(json_print(&arena, object), "{\"a\":1,\"b\":20,\"c\":30,\"d\":4}");
    json_remove(object, "d");
    json_set(&arena, object, "a", NULL);
    json_remove(object, "absent");
    json_set_integer(&arena, object, "e", 5);
    assert_string_equal(json_print(&arena, object), "{\"b\":20,\"c\":30,\"e\":5}");
    json_remove(object, "b");
    json_remove(object, "c");
    json_remove(object, "e");
    assert_null(object->first);
    assert_null(object->last);
    assert_int_equal(object->count, 0);
    json_set_text(&arena, object, "again", "x");
    assert_string_equal(json_print(&arena, object), "{\"again\":\"x\"}");
}

static void times_have_three_decimals(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *object = json_object(&arena);
    json_set_time(&arena, object, "a", 1795412220123);
    json_set_time(&arena, object, "b", 1795412220000);
    json_set_time(&arena, object, "c", 5);
    json_set_time(&arena, object, "d", -1500);
    json_set_time(&arena, object, "e", 0);
    const char *printed = "{\"a\":1795412220.123,\"b\":1795412220.000,\"c\":0.005,\"d\":-1.500}";
    assert_string_equal(json_print(&arena, object), printed);
    assert_string_equal(json_print(&arena, json_copy(&arena, object)), printed);
}

static void copies_stand_for_themselves(void **state) {
    (void)state;
    struct arena first = ARENA_INIT;
    struct arena second CLEANUP(arena_release) = ARENA_INIT;
    const char *text = "{\"a\":[1,{\"b\":\"c\"},null],\"d\":1.5}";
    const struct json *original = must_parse(&first, text);
    struct json *copy = json_copy(&second, original);
    struct json *member = json_copy(&second, json_get(original, "a"));
    assert_null(member->name);
    assert_null(member->next);
    json_append_text(&second, member, "more");
    assert_string_equal(json_print(&first, original), text);
    arena_release(&first);
    assert_string_equal(json_print(&second, copy), text);
    assert_string_equal(json_print(&second, member), "[1,{\"b\":\"c\"},null,\"more\"]");
    assert_null(json_copy(&second, NULL));
}

static void equality_is_of_values(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true},
        {"{\"a\":1,\"b\":1}", "{\"a\":1,\"c\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
        {"{\"a\":null}", "{}", false},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,1]", false},
        {"1", "1.0", true},
        {"1.5", "1.5", true},
        {"9007199254740993", "9007199254740992", false},
        {"\"1\"", "1", false},
        {"true", "false", false},
        {"null", "null", true},
        {"\"a\"", "\"a\"", true},
        {"\"a\"", "\"b\"", false},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *a = must_parse(&arena, cases[i].a);
        const struct json *b = must_parse(&arena, cases[i].b);
        assert_int_equal(json_equal(a, b), cases[i].equal);
        assert_int_equal(json_equal(b, a), cases[i].equal);
    }
    assert_true(json_equal(NULL, NULL));
    assert_false(json_equal(NULL, must_parse(&arena, "null")));
}

/* ---- printing ---- */

static void bad_bytes_print_as_replacements(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
#define U "\xef\xbf\xbd"
    assert_string_equal(json_print(&arena, json_new_text(&arena, "a\xff\xc3(\xed\xa0\x80\xc3\xa9\x7f\v")),
                        "\"a" U U "(" U U U "\xc3\xa9\\u007f\\u000b\"");
    struct json *object = json_object(&arena);
    json_set_text(&arena, object, "\xff", "x");
    assert_string_equal(json_print(&arena, object), "{\"" U "\":\"x\"}");
#undef U
}

static void doubles_are_short_and_exact(void **state) {
    (void)state;
    static const double numbers[] = {0.1, 1.0 / 3, 1e21, 5e-324, 1.7976931348623157e308, -2.5, 123456789.125};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct json *object = json_object(&arena);
        set_number(&arena, object, "n", numbers[i]);
        const struct json *again = json_get(must_parse(&arena, json_print(&arena, object)), "n");
        assert_memory_equal(&again->number, &numbers[i], sizeof numbers[i]);
    }
    struct json *object = json_object(&arena);
    set_number(&arena, object, "a", INFINITY);
    set_number(&arena, object, "b", NAN);
    set_number(&arena, object, "c", 0.3);
    assert_string_equal(json_print(&arena, object), "{\"a\":null,\"b\":null,\"c\":0.3}");
}

static void pretty_printing_indents_by_two(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *value = must_parse(&arena, "{\"a\":[1,{\"b\":[]}],\"c\":{}}");
    assert_string_equal(json_print_pretty(&arena, value), "{\n"
                                                          "  \"a\": [\n"
                                                          "    1,\n"
                                                          "    {\n"
                                                          "      \"b\": []\n"
                                                          "    }\n"
                                                          "  ],\n"
                                                          "  \"c\": {}\n"
                                                          "}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_prints_the_same),
        cmocka_unit_test(other_writings_mean_the_same),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(numbers_keep_their_value_beside_each_other),
        cmocka_unit_test(what_parsers_disagree_about_is_refused),
        cmocka_unit_test(nul_bytes_are_refused_wherever_they_stand),
        cmocka_unit_test(the_text_needs_no_terminator),
        cmocka_unit_test(duplicates_are_refused_in_small_and_large),
        cmocka_unit_test(many_names_take_no_time),
        cmocka_unit_test(caps_are_limits),
        cmocka_unit_test(members_are_found_by_exact_name_and_type),
        cmocka_unit_test(types_have_names_for_people),
        cmocka_unit_test(built_trees_print),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(members_are_replaced_in_place_and_removed),
        cmocka_unit_test(times_have_three_decimals),
        cmocka_unit_test(copies_stand_for_themselves),
        cmocka_unit_test(equality_is_of_values),
        cmocka_unit_test(bad_bytes_print_as_replacements),
        cmocka_unit_test(doubles_are_short_and_exact),
        cmocka_unit_test(pretty_printing_indents_by_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
