/*
 * Trust policies: whom a role lets take it.
 */
#include "runner/aws/iam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TASKS "ecs-tasks.amazonaws.com"

static const struct {
    const char *policy;
    bool trusts;
} policies[] = {
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"" TASKS "\"},\"Action\":\"sts:AssumeRole\"}]}",
     true},
    {"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"ec2.amazonaws.com\",\"" TASKS
     "\"]},\"Action\":[\"sts:TagSession\",\"sts:AssumeRole\"]}}",
     true},
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"" TASKS "\"},\"Action\":\"sts:*\"}]}", true},
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"" TASKS
     "\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":\"1\"}}}]}",
     true},
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:"
     "AssumeRole\"}]}",
     false},
    {"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":{\"Service\":\"" TASKS "\"},\"Action\":\"sts:AssumeRole\"}]}",
     false},
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"" TASKS "\"},\"Action\":\"sts:TagSession\"}]}",
     false},
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"},\"Action\":\"sts:"
     "AssumeRole\"}]}",
     false},
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sts:Assume*\"}]}", true},
    {"{\"Statement\":[]}", false},
    {"{\"Statement\":\"Allow\"}", false},
    {"{}", false},
};

static void trust_is_read(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        const struct json *policy = NULL;
        assert_true(json_parse(&arena, policies[i].policy, strlen(policies[i].policy), &policy, NULL));
        if (iam_trusts(policy, TASKS) != policies[i].trusts)
            fail_msg("%s", policies[i].policy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(trust_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
