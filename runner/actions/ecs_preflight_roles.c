/*
 * The task's role and the one that starts it: are they there, and may tasks take them.
 */
#include "runner/actions/preflight_check.h"

#include "common/str.h"
#include "runner/aws/iam.h"

#include <string.h>

#define TASKS "ecs-tasks.amazonaws.com"

static void ask(struct preflight_check *check) {
    const struct iam iam = {.aws = check->preflight->wish->aws,
                            .region = check->region,
                            .interrupted = preflight_is_over,
                            .context = check->preflight};
    const struct json *trust = NULL;
    struct err err = {0};
    const char *slash = strrchr(check->subject, '/');
    const char *name = slash ? slash + 1 : check->subject;
    if (!iam_role(&iam, &check->arena, check->subject, &trust, &err)) {
        if (err.kind == ERR_NOT_FOUND)
            preflight_fail(check, "%s names the role '%s', which is not there; create it, or correct the name",
                           check->key, name);
        else
            preflight_unanswered(check, arena_printf(&check->arena, "role '%s' (%s)", name, check->key), &err);
        return;
    }
    if (iam_trusts(trust, TASKS))
        preflight_ok(check, "role '%s' (%s) is there and trusts " TASKS, name, check->key);
    else
        preflight_fail(check,
                       "the role '%s' (%s) does not trust " TASKS ", so that no task can take it; add that service to "
                       "the role's trust policy",
                       name, check->key);
}

static void add(struct preflight *preflight, const char *key) {
    const char *role = json_get_text(preflight->wish->definition, key);
    if (!role || !*role)
        return;
    const char *account = preflight_account_of(preflight->arena, role);
    const bool foreign = *account && *preflight->account && !str_equal(account, preflight->account);
    struct preflight_check *check = preflight_add(preflight, "role", foreign ? NULL : ask, role);
    check->key = key;
    if (foreign)
        preflight_skip(check, "role '%s' (%s) is of another account, %s: not checked", role, key, account);
}

void preflight_add_roles(struct preflight *preflight) {
    add(preflight, "executionRoleArn");
    add(preflight, "taskRoleArn");
}
