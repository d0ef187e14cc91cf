/*
 * Where secrets come from: the forms that ECS takes, and their parts.
 */
#include "runner/deployfiles/task_reference.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECRET "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
#define PARAMETER "arn:aws:ssm:us-east-1:123456789012:parameter/shop/db"

static const struct {
    const char *from;
    bool good;
    bool is_secret;
    const char *name, *region, *key;
} forms[] = {
    {SECRET, true, true, SECRET, "eu-west-1", NULL},
    {SECRET ":password::", true, true, SECRET, "eu-west-1", "password"},
    {SECRET "::AWSPREVIOUS:", true, true, SECRET, "eu-west-1", NULL},
    {SECRET ":a::b", true, true, SECRET, "eu-west-1", "a"},
    {PARAMETER, true, false, PARAMETER, "us-east-1", NULL},
    {"/shop/db", true, false, "/shop/db", NULL, NULL},
    {"db", true, false, "db", NULL, NULL},
    {SECRET ":password", false, false, NULL, NULL, NULL},
    {SECRET ":password:::", false, false, NULL, NULL, NULL},
    {"", false, false, NULL, NULL, NULL},
    {"db password", false, false, NULL, NULL, NULL},
    {"{{resolve:ssm:db}}", false, false, NULL, NULL, NULL},
    {"arn:aws:s3:::bucket/x", false, false, NULL, NULL, NULL},
    {"arn:aws:secretsmanager:::secret:x", false, false, NULL, NULL, NULL},
    {"arn:::::::::::::::::", false, false, NULL, NULL, NULL},
};

static void each_form_is_read(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct task_reference reference = {0};
        struct err err = {0};
        if (task_reference_read(&arena, forms[i].from, &reference, &err) != forms[i].good)
            fail_msg("'%s': %s", forms[i].from, err.message);
        if (forms[i].good && (reference.is_secret != forms[i].is_secret || !str_equal(reference.name, forms[i].name) ||
                              !str_equal(reference.region, forms[i].region) || !str_equal(reference.key, forms[i].key)))
            fail_msg("'%s' was read as '%s'", forms[i].from, reference.name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_form_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
