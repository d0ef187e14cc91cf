/*
 * Masking: every secret at every place where its bytes can be split.
 */
#include "runner/mask.h"

#include "common/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const secrets[] = {"pa$$w\"ord\\%", "two\nlines", "s\303\244cret", "aaab", "aaaab-long"};

/* Feeds the text in two pieces, cut at `cut`, and compares what comes out. */
static void check(const char *text, size_t cut, const char *expected) {
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    mask_init(&mask);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        assert_true(mask_add(&mask, secrets[i]));
    mask_feed(&mask, text, cut, &out);
    mask_feed(&mask, text + cut, strlen(text) - cut, &out);
    mask_flush(&mask, &out);
    assert_string_equal(str_text(&out), expected);
    mask_release(&mask);
}

static void every_split_is_masked(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "before %s after", secrets[i]);
        for (size_t cut = 0; cut <= strlen(text); cut++)
            check(text, cut, "before *** after");
    }
}

static void byte_by_byte(void **state) {
    (void)state;
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    const char *text = "x aaab y aaaab-long z aaa";
    mask_init(&mask);
    (void)mask_add(&mask, "aaab");
    (void)mask_add(&mask, "aaaab-long");
    for (const char *at = text; *at; at++)
        mask_feed(&mask, at, 1, &out);
    mask_flush(&mask, &out);
    assert_string_equal(str_text(&out), "x *** y *** z aaa");
    mask_release(&mask);
}

static void neighbours_and_near_misses(void **state) {
    (void)state;
    check("aaabaaab", 5, "******");
    check("two\nlin", 3, "two\nlin");
    check("aaaab-x", 4, "a***-x");
}

/* At the end of the output a beginning is shown, but not half a secret. */
static void half_a_secret_at_the_end(void **state) {
    (void)state;
    check("x aaaab-l", 4, "x a***-l");
    check("x aaaab-lo", 4, "x ***");
    check("s\303\244c", 2, "s\303\244c");
}

static void overlapping_secrets_are_both_covered(void **state) {
    (void)state;
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    const char *text = "1abcdef2cdefgh3abcdefgh4cdefab";
    mask_init(&mask);
    (void)mask_add(&mask, "abcd");
    (void)mask_add(&mask, "cdef");
    (void)mask_add(&mask, "efgh");
    for (const char *at = text; *at; at++)
        mask_feed(&mask, at, 1, &out);
    mask_flush(&mask, &out);
    assert_string_equal(str_text(&out), "1***2***3***4***ab");
    mask_release(&mask);
}

static char *masked(const char *secret, const char *text, struct str *out) {
    struct mask mask;
    mask_init(&mask);
    assert_true(mask_add(&mask, secret));
    str_clear(out);
    mask_text(&mask, text, strlen(text), out);
    mask_release(&mask);
    return out->text;
}

/* Whatever stands before and behind it: of the secret's own characters no more than one at each end shows. */
static void base64_in_every_alignment(void **state) {
    (void)state;
    static const char secret[] = "c\377rrect?horse>battery";
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    for (size_t before = 0; before < 7; before++) {
        for (size_t behind = 0; behind < 4; behind++) {
            char plain[64] = "", text[128];
            memset(plain, 'u', before);
            memcpy(plain + before, secret, sizeof secret - 1);
            memset(plain + before + sizeof secret - 1, ':', behind);
            hash_to_base64(plain, before + sizeof secret - 1 + behind, text);
            for (int url = 0; url < 2; url++) {
                for (char *at = text; url && *at; at++)
                    *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
                const char *shown = masked(secret, text, &out);
                const char *stars = strstr(shown, "***");
                assert_non_null(stars);
                size_t lead = (size_t)(stars - shown), tail = strlen(stars + 3);
                assert_true(lead <= (before * 8 + 5) / 6);
                assert_true(tail <= strlen(text) - (before + sizeof secret - 1) * 8 / 6);
                assert_true(behind > 0 || tail == 0);
            }
        }
    }
}

#define TOKEN "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiIsInNjb3BlIjoicHVzaCJ9.q83vEjRWeJASNFZ4"

/* What the programs really print; the letters that stay depend on what stands before or behind the secret. */
static void base64_as_programs_break_it(void **state) {
    (void)state;
    static const struct {
        const char *printed;
        const char *shown;
    } rows[] = {
        /* printf 'user:%s' "$TOKEN" | base64 */
        {"dXNlcjpleUpoYkdjaU9pSklVekkxTmlKOS5leUp6ZFdJaU9pSTBNaUlzSW5OamIzQmxJam9pY0hW\nemFDSjkucTgzdkVqUldlSkFTTkZaNA="
         "=\n",
         "dXNlcjp***\n"},
        /* … | base64 -w64 */
        {"dXNlcjpleUpoYkdjaU9pSklVekkxTmlKOS5leUp6ZFdJaU9pSTBNaUlzSW5OamIz\n"
         "QmxJam9pY0hWemFDSjkucTgzdkVqUldlSkFTTkZaNA==\n",
         "dXNlcjp***\n"},
        /* echo "$TOKEN" | base64 */
        {"ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKemRXSWlPaUkwTWlJc0luTmpiM0JsSWpvaWNIVnphQ0o5\nLnE4M3ZFalJXZUpBU05GWjQK\n",
         "***K\n"},
        /* … | base64 -w64 */
        {"ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKemRXSWlPaUkwTWlJc0luTmpiM0JsSWpv\naWNIVnphQ0o5LnE4M3ZFalJXZUpBU05GWjQK\n",
         "***K\n"},
        /* printf 'AWS:%s' "$TOKEN" | openssl base64 */
        {"QVdTOmV5SmhiR2NpT2lKSVV6STFOaUo5LmV5SnpkV0lpT2lJME1pSXNJbk5qYjNC\r\nbElqb2ljSFZ6YUNKOS5xODN2RWpSV2VKQVNORlo0"
         "\r\n",
         "QVdTOm***\r\n"},
        /* echo "x:$TOKEN" | base64 -w20 */
        {"eDpleUpoYkdjaU9pSklV\nekkxTmlKOS5leUp6ZFdJ\naU9pSTBNaUlzSW5OamIz\nQmxJam9pY0hWemFDSjku\n"
         "cTgzdkVqUldlSkFTTkZa\nNAo=\n",
         "eDp***o=\n"},
        /* echo "$TOKEN" | base64 in a Dockerfile's RUN: lines by themselves */
        {"#5 0.1 ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKemRXSWlPaUkwTWlJc0luTmpiM0JsSWpvaWNIVnphQ0o5\n"
         "#5 0.1 LnE4M3ZFalJXZUpBU05GWjQK\n",
         "#5 0.1 ***\n#5 0.1 ***QK\n"},
    };
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(masked(TOKEN, rows[i].printed, &out), rows[i].shown);
}

static size_t count_letters(const char *text, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] != '\n' && text[i] != '\r' && text[i] != '=';
    return count;
}

static void break_lines(const char *text, size_t width, const char *end, struct str *lines) {
    str_clear(lines);
    for (size_t at = 0, size = strlen(text); at < size; at += width) {
        str_append_bytes(lines, text + at, size - at < width ? size - at : width);
        str_append(lines, end);
    }
}

/* Fed in pieces of `piece` bytes. No letter that the secret alone decides shows, but one before the first line break.
 */
static void check_lines(struct mask *mask, const char *lines, size_t piece, size_t before, size_t behind) {
    const size_t length = strlen(TOKEN);
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    for (size_t at = 0, size = strlen(lines); at < size; at += piece)
        mask_feed(mask, lines + at, size - at < piece ? size - at : piece, &out);
    mask_flush(mask, &out);
    const char *shown = str_text(&out), *stars = strstr(shown, "***");
    assert_non_null(stars);
    assert_null(strstr(stars + 3, "***"));
    assert_true(count_letters(shown, (size_t)(stars - shown)) <= (before * 8 + 5) / 6 + 1);
    size_t all = ((before + length + behind) * 8 + 5) / 6, decided = (before + length) * 8 / 6;
    assert_true(count_letters(stars + 3, strlen(stars + 3)) <= all - decided);
    assert_int_equal(shown[out.length - 1], '\n');
}

static void base64_in_lines_of_any_width(void **state) {
    (void)state;
    static const char *const ends[] = {"\n", "\r\n"};
    struct str lines CLEANUP(str_release) = STR_INIT(65536);
    struct mask mask;
    mask_init(&mask);
    assert_true(mask_add(&mask, TOKEN));
    for (size_t before = 0; before < 4; before++)
        for (size_t behind = 0; behind < 3; behind++)
            for (size_t width = 1; width < 90; width++)
                for (size_t end = 0; end < 2; end++) {
                    char plain[128], text[256];
                    (void)snprintf(plain, sizeof plain, "%.*s" TOKEN "%.*s", (int)before, "u:p", (int)behind, "\n\n");
                    hash_to_base64(plain, strlen(plain), text);
                    break_lines(text, width, ends[end], &lines);
                    for (size_t piece = 1; piece < 9; piece += 2)
                        check_lines(&mask, str_text(&lines), piece, before, behind);
                    check_lines(&mask, str_text(&lines), lines.length, before, behind);
                }
    mask_release(&mask);
}

/* Lines of text that are no secret's stay as they are, and go out when they are whole. */
static void line_breaks_stay(void **state) {
    (void)state;
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    mask_init(&mask);
    assert_true(mask_add(&mask, TOKEN)); /* in base64: ZXlK… */
    const char *const pieces[] = {"nothing\r\n", "a Z\n", "XlK\n\n\n\n\n\nZXlKaGJH\n\n\n\n\n\n", "ready\n"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        str_clear(&out);
        mask_feed(&mask, pieces[i], strlen(pieces[i]), &out);
        assert_string_equal(str_text(&out), pieces[i]);
    }
    str_clear(&out);
    const char *line =
        "ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKemRXSWlPaUkwTWlJc0luTmpiM0Js\nSWpvaWNIVnphQ0o5LnE4M3ZFalJXZUpBU05GWjQ=\n";
    mask_feed(&mask, line, strlen(line), &out);
    assert_string_equal(str_text(&out), "***\n");
    /* Half of it at the end, and the whole where it became known in the midst. */
    str_clear(&out);
    mask_feed(&mask, line, 61, &out);
    mask_flush(&mask, &out);
    assert_string_equal(str_text(&out), "***\n");
    str_clear(&out);
    mask_feed(&mask, line, 61, &out);
    assert_true(mask_add(&mask, "another secret"));
    mask_feed(&mask, line + 61, strlen(line) - 61, &out);
    assert_string_equal(str_text(&out), "***\n");
    mask_release(&mask);
}

static void forms_of_programs(void **state) {
    (void)state;
    static const struct {
        const char *secret;
        const char *form;
    } rows[] = {
        {"pa ss/w+\303\244", "pa%20ss%2Fw%2B%C3%A4"},
        {"pa ss/w+\303\244", "pa%20ss%2fw%2b%c3%a4"},
        {"pa ss/w+\303\244", "pa%20ss/w%2B%C3%A4"},
        {"pa ss/w+\303\244", "pa+ss%2Fw%2B%C3%A4"},
        {"say \"hi\"\\\n\tnow", "say \\\"hi\\\"\\\\\\n\\tnow"},
        {"a<b>&c\303\244'", "a\\u003cb\\u003e\\u0026c\303\244'"},
        {"a<b>&c\303\244'", "a<b>&c\\u00e4'"},
        {"a<b>&c\303\244'", "a\\u003Cb\\u003E\\u0026c\\u00E4\\u0027"},
        {"x/y/\360\237\230\200z", "x\\/y\\/\\ud83d\\ude00z"},
        {"it's $5", "it'\\''s $5"},
        {"it's $5", "it'\"'\"'s $5"},
        {"it's $5", "it\\'s\\ \\$5"},
        {"say \"$5\"", "say \\\"\\$5\\\""},
    };
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "[%s]", rows[i].form);
        assert_string_equal(masked(rows[i].secret, text, &out), "[***]");
    }
}

static void lines_of_a_key_are_masked_alone(void **state) {
    (void)state;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    const char *key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nq83vEjRWeJASNFZ4\n-----END KEY-----\n";
    assert_string_equal(masked(key, "#5 0.1 MIIEowIBAAKCAQEA\n#5 0.1 q83vEjRWeJASNFZ4\n", &out),
                        "#5 0.1 ***\n#5 0.1 ***\n");
}

/* A secret that comes while a part of it is held already. */
static void secrets_added_in_between(void **state) {
    (void)state;
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    mask_init(&mask);
    mask_feed(&mask, "first-secret ", 13, &out);
    (void)mask_add(&mask, "first-secret");
    mask_feed(&mask, "first-sec", 9, &out);
    (void)mask_add(&mask, "second");
    mask_feed(&mask, "ret second", 10, &out);
    mask_flush(&mask, &out);
    assert_string_equal(str_text(&out), "first-secret *** ***");
    mask_release(&mask);
}

/* Against the plain definition: a byte is covered where any occurrence of a secret covers it. */
static void as_the_definition_has_it(void **state) {
    (void)state;
    static const char *const words[] = {"abab", "babaab", "aaaa", "abba", "baabaababaab"};
    unsigned seed = 1;
    for (int round = 0; round < 2000; round++) {
        char text[65] = "";
        bool covered[64] = {false};
        for (size_t i = 0; i < 64; i++)
            text[i] = (char)('a' + (seed = seed * 1103515245 + 12345) / 65536 % 2);
        struct mask mask;
        struct str out CLEANUP(str_release) = STR_INIT(4096);
        struct str expected CLEANUP(str_release) = STR_INIT(4096);
        mask_init(&mask);
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            (void)mask_add(&mask, words[w]);
            size_t length = strlen(words[w]);
            for (size_t i = 0; i + length <= 64; i++)
                if (memcmp(text + i, words[w], length) == 0)
                    memset(covered + i, true, length * sizeof *covered);
        }
        for (size_t i = 0; i < 64; i++)
            if (!covered[i])
                str_append_char(&expected, text[i]);
        for (size_t i = 0; i < 64;) {
            size_t piece = 1 + (seed = seed * 1103515245 + 12345) / 65536 % 7;
            if (piece > 64 - i)
                piece = 64 - i;
            mask_feed(&mask, text + i, piece, &out);
            i += piece;
        }
        mask_flush(&mask, &out);
        mask_release(&mask);
        struct str plain CLEANUP(str_release) = STR_INIT(4096);
        for (size_t i = 0; i < out.length; i++)
            if (out.text[i] != '*')
                str_append_char(&plain, out.text[i]);
        /* Only the end may differ: half of a secret there is covered, too. */
        assert_true(plain.length <= expected.length && expected.length - plain.length < 12);
        assert_memory_equal(str_text(&plain), str_text(&expected), plain.length);
    }
}

static void what_is_too_short_stays(void **state) {
    (void)state;
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(64);
    mask_init(&mask);
    assert_true(mask_add(&mask, "abc"));
    assert_true(mask_add(&mask, NULL));
    mask_feed(&mask, "abc", 3, &out);
    assert_string_equal(str_text(&out), "abc");
    mask_release(&mask);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_is_masked),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(neighbours_and_near_misses),
        cmocka_unit_test(half_a_secret_at_the_end),
        cmocka_unit_test(overlapping_secrets_are_both_covered),
        cmocka_unit_test(base64_in_every_alignment),
        cmocka_unit_test(base64_as_programs_break_it),
        cmocka_unit_test(base64_in_lines_of_any_width),
        cmocka_unit_test(line_breaks_stay),
        cmocka_unit_test(forms_of_programs),
        cmocka_unit_test(lines_of_a_key_are_masked_alone),
        cmocka_unit_test(secrets_added_in_between),
        cmocka_unit_test(as_the_definition_has_it),
        cmocka_unit_test(what_is_too_short_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
