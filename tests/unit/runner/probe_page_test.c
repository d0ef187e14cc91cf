/*
 * Which files a page wants.
 */
#include "runner/actions/probe_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void addresses_are_resolved(void **state) {
    static const struct {
        const char *base;
        const char *reference;
        const char *found; /* NULL: none */
    } table[] = {
        {"http://shop.example.com", "/a.js", "http://shop.example.com/a.js"},
        {"http://shop.example.com", "a.js", "http://shop.example.com/a.js"},
        {"http://shop.example.com/x/y?z=1", "a.js?v=2#top", "http://shop.example.com/x/a.js?v=2"},
        {"http://shop.example.com/x/y/", "../a.js", "http://shop.example.com/x/a.js"},
        {"http://shop.example.com/x/y/", "./../../../b/./a.js", "http://shop.example.com/b/a.js"},
        {"http://shop.example.com/x/y", "..", "http://shop.example.com/"},
        {"http://shop.example.com/x", "?q", "http://shop.example.com/x?q"},
        {"https://shop.example.com/x", "//cdn.example.com/a.js", "https://cdn.example.com/a.js"},
        {"http://shop.example.com:8080/", "HTTPS://cdn.example.com/a.js", "HTTPS://cdn.example.com/a.js"},
        {"http://shop.example.com/", "/a/../b?x=/../c", "http://shop.example.com/b?x=/../c"},
        {"http://shop.example.com/", "data:image/png;base64,xx", NULL},
        {"http://shop.example.com/", "javascript:void(0)", NULL},
        {"http://shop.example.com/", "#top", NULL},
        {"http://shop.example.com/", "", NULL},
        {"http://shop.example.com/", "a b.js", NULL},
        {"http://shop.example.com/", "a\r\nX: y", NULL},
        {"nonsense", "/a.js", NULL},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *found = probe_resolve(&arena, table[i].base, table[i].reference);
        if (!table[i].found && found)
            fail_msg("'%s' became '%s'", table[i].reference, found);
        if (table[i].found) {
            assert_non_null(found);
            assert_string_equal(found, table[i].found);
        }
    }
}

static const char *files_of(struct arena *arena, const char *html) {
    size_t count;
    const char *const *files = probe_page_files(arena, "http://h/p/", html, strlen(html), &count);
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? " " : "", files[i]);
    return text;
}

static void files_are_found(void **state) {
    static const char *const table[][2] = {
        {"<html><script src=\"/a.js\"></script>", "http://h/a.js"},
        {"<SCRIPT async SRC = '/a.js' defer></SCRIPT><img alt=x src=b.png>", "http://h/a.js http://h/p/b.png"},
        {"<link rel=stylesheet href=/c.css><link rel=\"canonical\" href=\"/x\">", "http://h/c.css"},
        {"<link href='/i.ico' rel='shortcut icon'/><link rel=\"modulepreload\" href=\"/m.js\">",
         "http://h/i.ico http://h/m.js"},
        {"<script src=/a.js?x=1&amp;y=2></script>", "http://h/a.js?x=1&y=2"},
        {"<script>if (a<b) document.write('<img src=/no.png>')</script><img src=/yes.png>", "http://h/yes.png"},
        {"<!-- <img src=/no.png> --><img src=/yes.png>", "http://h/yes.png"},
        {"<base href=/v2/><img src=x.png><base href=/v3/><img src=y.png>", "http://h/v2/x.png http://h/v2/y.png"},
        {"<img src=/a.png><img src=/a.png>", "http://h/a.png"},
        {"<a href=/x>1 < 2</a><p title='<img src=/no.png>'>", ""},
        {"<img src=\"/unclosed", "http://h/unclosed"},
        {"<img src", ""},
        {"<", ""},
        {"<script", ""},
        {"<!--", ""},
        {"<img src=>", ""},
        {"<img =x src=/a>", "http://h/a"},
        {"", ""},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(files_of(&arena, table[i][0]), table[i][1]);
}

static void there_is_a_limit(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *html = "";
    size_t count;
    (void)state;
    for (int i = 0; i < 150; i++)
        html = arena_printf(&arena, "%s<img src=/%d>", html, i);
    (void)probe_page_files(&arena, "http://h/", html, strlen(html), &count);
    assert_int_equal(count, PROBE_FILES_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_resolved),
        cmocka_unit_test(files_are_found),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
