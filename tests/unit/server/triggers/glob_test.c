/* Glob patterns: AWS's rules and examples, Java's where AWS is silent, what is refused, and that no pattern is slow. */
#include "server/triggers/glob.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

/* What of `texts` (up to a NULL) a pattern matches: those in `yes`; none in `no`. */
struct table {
    const char *pattern;
    const char *yes[8], *no[10];
};

static const struct table tables[] = {
    {"main", {"main"}, {"", "Main", "mai", "main2", "amain", "x/main", "main/"}},
    /* AWS's page */
    {"*.java", {"A.java", ".java"}, {"src/A.java", "A.jav", "A.java.txt"}},
    {"*.*", {"a.b", ".", "a."}, {"ab", "a/b.c"}},
    {"*.{java,class}", {"A.java", "A.class"}, {"A.jar", "A.java,class", "A.{java,class}", "A."}},
    {"foo.?", {"foo.c", "foo.\xc3\xa4", "foo.\xf0\x9f\x98\x80"}, {"foo.", "foo.cc", "foo./"}},
    {"my-file.jar", {"my-file.jar"}, {"a/my-file.jar"}},
    {"directory/subdirectory/my-file.jar", {"directory/subdirectory/my-file.jar"}, {"directory/my-file.jar"}},
    {"**", {"", "a", "a/b", "/", "a/b/c.d", "\xff"}, {NULL}},
    {"directory/**", {"directory/a", "directory/a/b", "directory/"}, {"directory", "directory2/a", "x/directory/a"}},
    {"directory/*", {"directory/a", "directory/"}, {"directory/a/b", "directory", "directory/a/"}},
    {"common/**/*.js",
     {"common/app.js", "common/a/app.js", "common/a/b/app.js", "common/.js"},
     {"common/app.ts", "commonapp.js", "app.js", "common/a/app.js/x", "x/common/app.js"}},
    {"**/README.md", {"README.md", "a/README.md", "a/b/README.md"}, {"aREADME.md", "a/bREADME.md", "README.md/"}},
    {"feature/**", {"feature/a", "feature/a/b"}, {"feature", "features/a"}},
    {"release-v?", {"release-v0", "release-v1"}, {"release-v10", "release-v"}},
    /* runs */
    {"*", {"", "a", "main"}, {"a/b", "/"}},
    {"a*", {"a", "ab"}, {"b", "a/"}},
    {"a*b*c", {"abc", "axbxc", "abcbc", "abbc"}, {"ab", "ac", "a/bc"}},
    {"*/*", {"a/b", "/"}, {"a", "a/b/c"}},
    {"a**", {"a", "a/b", "abc"}, {"ba"}},
    {"a**/b", {"a/b", "ax/b", "a/x/b"}, {"ab", "axb"}}, /* not at a folder's beginning: '**' and then '/' */
    {"**/*", {"a", "a/b", "a/b/c"}, {NULL}},
    {"***", {"", "a", "a/b"}, {NULL}},
    {"a/**/b", {"a/b", "a/x/b", "a/x/y/b"}, {"ab", "a/xb", "a/b/c", "a"}},
    {"a/**/**/b", {"a/b", "a/x/b", "a/x/y/b"}, {"ab"}},
    {"**/", {"", "a/", "a/b/"}, {"a", "a/b"}},
    {"**a", {"a", "xa", "x/ya"}, {"b", "ab"}},
    {"?", {"a", "\xc3\xa4", "\xff"}, {"", "/", "ab", "\xc3\xa4\xc3"}},
    /* sets */
    {"[abc]", {"a", "b", "c"}, {"d", "", "ab", "[abc]"}},
    {"[a-cx]1", {"a1", "b1", "c1", "x1"}, {"d1", "y1", "-1"}},
    {"[!a-c]", {"d", "!", "\xe2\x82\xac"}, {"a", "b", "c", "/", ""}},
    {"[*?\\]", {"*", "?", "\\"}, {"a"}},
    {"[-a]", {"-", "a"}, {"b"}},
    {"[a-]", {"a", "-"}, {"b"}},
    {"[!-a]", {"b"}, {"-", "a"}},
    {"[--+]", {"-", "+"}, {","}}, /* the first '-' begins no range */
    {"[^a]", {"^", "a"}, {"b"}},
    {"[{,}]", {"{", ",", "}"}, {"a"}},
    {"[a!]", {"a", "!"}, {"b"}},
    {"[\xc3\xa0-\xc3\xbc]", {"\xc3\xa4"}, {"a", "\xc3", "\xc5\x93"}},
    {"[+-9]", {"+", "-", ".", "0"}, {"/", "*"}}, /* '/' lies within the range and is never matched */
    {"a[!b]c", {"axc"}, {"abc", "a/c"}},
    /* groups */
    {"{a,b}", {"a", "b"}, {"", "c", "ab", "a,b"}},
    {"x{,y}", {"x", "xy"}, {"y"}},
    {"{}a", {"a"}, {"{}a"}},
    {"{a}", {"a"}, {"{a}"}},
    {"{a*,b?}/c", {"a/c", "axx/c", "bx/c"}, {"b/c", "axx/", "a/x/c"}},
    {"{a,b}{c,d}", {"ac", "ad", "bc", "bd"}, {"ab", "cd"}},
    {"{src/**,docs/*}", {"src/a/b", "docs/a"}, {"docs/a/b", "src"}},
    {"{**/,}x", {"x", "a/x"}, {"ax"}},
    {"src/{**/a,b}", {"src/a", "src/x/a", "src/b"}, {"src/x/b", "srca"}},
    {"{a/,}**/x", {"x", "a/x", "b/x", "a/b/x"}, {"ax"}},
    {"{a,}**/x", {"a/x", "/x", "b/x", "x"}, {"ax"}},
    {"{a/,b}**/x", {"a/x", "b/x", "a/c/x"}, {"bx", "x"}},
    {"{a,bc,def}g", {"ag", "bcg", "defg"}, {"g", "abcg", "bg"}},
    /* what stands for itself */
    {"a,b", {"a,b"}, {"a", "b"}},
    {"a}", {"a}"}, {"a"}},
    {"a]", {"a]"}, {"a"}},
    {"\\*", {"*"}, {"a", "\\*"}},
    {"\\?\\[\\]\\{\\}\\\\", {"?[]{}\\"}, {"a[]{}\\"}},
    {"\\a", {"a"}, {"\\a"}},
    {"{a\\,b,c}", {"a,b", "c"}, {"a", "b"}},
    {"a.b+c(d)|e$^", {"a.b+c(d)|e$^"}, {"aXb+c(d)|e$^"}},
    /* bytes that are not UTF-8 are characters of their own */
    {"\xff", {"\xff"}, {"\xfe", "\xc3\xbf"}},
};

static void tables_test(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct err err = {0};
        if (!glob_check(tables[i].pattern, &err))
            fail_msg("%s", err.message);
        for (size_t j = 0; j < 8 && tables[i].yes[j]; j++) {
            if (!glob_matches(tables[i].pattern, tables[i].yes[j]))
                fail_msg("'%s' should match '%s'", tables[i].pattern, tables[i].yes[j]);
        }
        for (size_t j = 0; j < 10 && tables[i].no[j]; j++) {
            if (glob_matches(tables[i].pattern, tables[i].no[j]))
                fail_msg("'%s' should not match '%s'", tables[i].pattern, tables[i].no[j]);
        }
    }
}

static void refused_test(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *message;
    } cases[] = {
        {"", "a pattern is empty; '**' matches everything"},
        {"a[b", "pattern 'a[b': '[' has no ']'; a '[' that means itself is written '\\['"},
        {"[", "pattern '[': '[' has no ']'; a '[' that means itself is written '\\['"},
        {"[!", "pattern '[!': '[' has no ']'; a '[' that means itself is written '\\['"},
        {"[]", "pattern '[]': a set in '[]' cannot be empty; a ']' that means itself stands outside of sets"},
        {"[!]", "pattern '[!]': a set in '[]' cannot be empty; a ']' that means itself stands outside of sets"},
        {"[a/b]", "pattern '[a/b]': a set in '[]' never matches '/'; leave it out"},
        {"[z-a]", "pattern '[z-a]': a range in '[]' goes backwards; write the lower character first"},
        {"{a", "pattern '{a': '{' has no '}'; a '{' that means itself is written '\\{'"},
        {"{a,{b,c}}", "pattern '{a,{b,c}}': groups in '{}' cannot be nested; write the alternatives out"},
        {"a\\", "pattern 'a\\': '\\' at the end escapes nothing; a '\\' that means itself is written '\\\\'"},
        {"{a\\}", "pattern '{a\\}': '{' has no '}'; a '{' that means itself is written '\\{'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        assert_false(glob_check(cases[i].pattern, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.message, cases[i].message);
        assert_false(glob_matches(cases[i].pattern, cases[i].pattern));
    }
}

static void length_test(void **state) {
    (void)state;
    char pattern[GLOB_PATTERN_BYTES_MOST + 2];
    memset(pattern, 'a', sizeof pattern);
    pattern[GLOB_PATTERN_BYTES_MOST] = '\0';
    assert_true(glob_check(pattern, NULL));
    assert_true(glob_matches(pattern, pattern));
    memset(pattern, '*', GLOB_PATTERN_BYTES_MOST);
    assert_true(glob_matches(pattern, "a/b"));
    memset(pattern, '{', 1), memset(pattern + 1, ',', GLOB_PATTERN_BYTES_MOST - 2);
    pattern[GLOB_PATTERN_BYTES_MOST - 1] = '}';
    assert_true(glob_matches(pattern, ""));
    pattern[GLOB_PATTERN_BYTES_MOST] = 'a', pattern[GLOB_PATTERN_BYTES_MOST + 1] = '\0';
    struct err err = {0};
    assert_false(glob_check(pattern, &err));
    assert_non_null(strstr(err.message, "is longer than 1020 bytes; make several of it"));
}

/* A matcher that tries one way after the other needs about 2^30 steps for the first of these. */
static void bound_test(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
        "**a**a**a**a**a**a**a**a**a**a**a**a**a**a**a**a**a**a**a**b",
        "**/**/**/**/**/**/**/**/**/**/**/**/**/**/**/**/**/b",
        "{a,a*,*a}{a,a*,*a}{a,a*,*a}{a,a*,*a}{a,a*,*a}{a,a*,*a}{a,a*,*a}{a,a*,*a}b",
    };
    char text[4001];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        size_t steps = 0;
        assert_false(glob_matches_counted(patterns[i], text, &steps));
        assert_true(steps > 0 && steps <= strlen(patterns[i]) * strlen(text));
        for (size_t j = 1; j < sizeof text - 1; j += 2)
            text[j] = '/';
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_test),
        cmocka_unit_test(refused_test),
        cmocka_unit_test(length_test),
        cmocka_unit_test(bound_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
