/*
 * AWS's XML as trees; what is no such XML is refused.
 */
#include "runner/aws/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void trees(void **state) {
    static const struct {
        const char *xml;
        const char *json;
    } cases[] = {
        {"<a/>", "\"\""},
        {"<a></a>", "\"\""},
        {"<a>x</a>", "\"x\""},
        {"<?xml version=\"1.0\"?>\n<!-- hello --><a xmlns=\"http://x/>\" b='>'><b>1</b> <c/>\n</a>\n<!-- end -->\n",
         "{\"b\":\"1\",\"c\":\"\"}"},
        {"<a><member><n>1</n></member><member><n>2</n></member></a>", "[{\"n\":\"1\"},{\"n\":\"2\"}]"},
        {"<a><l><member>x</member></l><e/></a>", "{\"l\":[\"x\"],\"e\":\"\"}"},
        {"<a>1 &lt; 2 &amp;&amp; &quot;x&quot; &apos;y&apos; &gt; &#233;&#x1F600;</a>",
         "\"1 < 2 && \\\"x\\\" 'y' > \xc3\xa9\xf0\x9f\x98\x80\""},
        {"<a>one<!-- two -->three</a>", "\"onethree\""},
        {"<a>one <![CDATA[<two>]]></a>", "\"one <two>\""},
        {"\xEF\xBB\xBF<a>bom</a>", "\"bom\""},
        {"<a  ><b  attribute = \"1\"  >x</b ></a  >", "{\"b\":\"x\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *tree = NULL;
        struct err err = {0};
        if (!xml_parse(&arena, cases[i].xml, strlen(cases[i].xml), &tree, &err))
            fail_msg("%s: %s", cases[i].xml, err.message);
        assert_string_equal(json_print(&arena, tree), cases[i].json);
    }
}

static void named_elements_are_lists(void **state) {
    static const char *const lists[] = {"c", NULL};
    static const char *const once = "<a><n>1</n><c><k>x</k></c></a>";
    static const char *const twice = "<a><c><k>x</k></c><n>1</n><c><k>y</k></c></a>";
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *tree = NULL;
    struct err err = {0};
    (void)state;
    assert_true(xml_parse_lists(&arena, once, strlen(once), lists, &tree, &err));
    assert_string_equal(json_print(&arena, tree), "{\"n\":\"1\",\"c\":[{\"k\":\"x\"}]}");
    assert_true(xml_parse_lists(&arena, twice, strlen(twice), lists, &tree, &err));
    assert_string_equal(json_print(&arena, tree), "{\"c\":[{\"k\":\"x\"},{\"k\":\"y\"}],\"n\":\"1\"}");
    assert_false(xml_parse(&arena, twice, strlen(twice), &tree, &err));
}

static void what_is_no_such_xml(void **state) {
    static const char *const cases[] = {
        "",
        "x",
        "<",
        "<a",
        "<a>",
        "<a><b></a></b>",
        "<a></b>",
        "<a>x</a><b/>",
        "<a/>x",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        "<a>&b;</a>",
        "<a>& b</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a b=\"x></a>",
        "<a><!-- </a>",
        "<a><b>1</b><b>2</b></a>",
        "<a><member>1</member><b>2</b></a>",
        "<a><b>2</b><member>1</member></a>",
        "<a>\xff</a>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *tree = NULL;
        struct err err = {0};
        if (xml_parse(&arena, cases[i], strlen(cases[i]), &tree, &err))
            fail_msg("'%s' was taken", cases[i]);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.message, "invalid XML:"));
        assert_null(tree);
    }
}

static void depth_is_capped(void **state) {
    char text[7 * (XML_DEPTH_MAX + 1) + 1] = "";
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *tree = NULL;
    (void)state;
    for (int depth = XML_DEPTH_MAX; depth <= XML_DEPTH_MAX + 1; depth++) {
        for (int i = 0; i < depth; i++) {
            memcpy(text + i * 3, "<a>", 3);
            memcpy(text + depth * 3 + i * 4, "</a>", 4);
        }
        text[depth * 7] = '\0';
        assert_true(xml_parse(&arena, text, strlen(text), &tree, NULL) == (depth == XML_DEPTH_MAX));
    }
}

static void a_zero_byte_is_no_text(void **state) {
    static const char text[] = "<a>x\0y</a>";
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *tree = NULL;
    (void)state;
    assert_false(xml_parse(&arena, text, sizeof text - 1, &tree, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),
        cmocka_unit_test(named_elements_are_lists),
        cmocka_unit_test(what_is_no_such_xml),
        cmocka_unit_test(depth_is_capped),
        cmocka_unit_test(a_zero_byte_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
