/*
 * Secrets and parameters that containers get: are they there. Nobody reads a value.
 */
#include "runner/actions/preflight_check.h"

#include "common/str.h"
#include "runner/aws/secrets_manager.h"
#include "runner/aws/ssm.h"
#include "runner/deployfiles/task_reference.h"

#include <string.h>

static void ask_secret(struct preflight_check *check) {
    const struct secret_query query = {.aws = check->preflight->wish->aws,
                                       .region = check->region,
                                       .secret = check->subject,
                                       .interrupted = preflight_is_over,
                                       .context = check->preflight};
    struct err err = {0};
    if (secret_find(&query, &check->arena, &err))
        preflight_ok(check, "secret '%s' of container '%s' is there", check->subject, check->container);
    else if (err.kind == ERR_NOT_FOUND)
        preflight_fail(check, "'%s' of container '%s' is to come from a secret, but %s", check->key, check->container,
                       err.message);
    else
        preflight_unanswered(
            check, arena_printf(&check->arena, "secret '%s' of container '%s'", check->subject, check->container),
            &err);
}

/* "arn:…:parameter/a/b" -> "/a/b", "arn:…:parameter/a" -> "a" */
static const char *bare_name(const char *name) {
    const char *path = str_starts_with(name, "arn:") ? strstr(name, ":parameter/") : NULL;
    if (!path)
        return name;
    path += strlen(":parameter");
    return strchr(path + 1, '/') ? path : path + 1;
}

static void ask_parameter(struct preflight_check *check) {
    const char *name = bare_name(check->subject);
    const struct ssm_query query = {.aws = check->preflight->wish->aws,
                                    .region = check->region,
                                    .names = &name,
                                    .count = 1,
                                    .interrupted = preflight_is_over,
                                    .context = check->preflight};
    bool found = false;
    struct err err = {0};
    if (!ssm_find(&query, &check->arena, &found, &err))
        preflight_unanswered(
            check, arena_printf(&check->arena, "parameter '%s' of container '%s'", name, check->container), &err);
    else if (found)
        preflight_ok(check, "parameter '%s' of container '%s' is there", name, check->container);
    else
        preflight_fail(check, "'%s' of container '%s' is to come from the parameter '%s', which is not there in %s",
                       check->key, check->container, name, check->region);
}

/* One question for each, however many containers want it. */
static bool is_asked(const struct preflight *preflight, const char *subject) {
    for (size_t i = 0; i < preflight->count; i++)
        if (str_equal(preflight->checks[i].subject, subject) &&
            (preflight->checks[i].ask == ask_secret || preflight->checks[i].ask == ask_parameter))
            return true;
    return false;
}

static void add(struct preflight *preflight, const struct json *container, const struct json *secret) {
    struct task_reference reference;
    const char *from = json_get_text(secret, "valueFrom");
    if (!from || !task_reference_read(preflight->arena, from, &reference, NULL) || is_asked(preflight, reference.name))
        return;
    const char *account = preflight_account_of(preflight->arena, reference.name);
    const bool foreign = *account && *preflight->account && !str_equal(account, preflight->account);
    void (*ask)(struct preflight_check *) = reference.is_secret ? ask_secret : ask_parameter;
    struct preflight_check *check = preflight_add(preflight, "secret", foreign ? NULL : ask, reference.name);
    check->container = json_get_text_or(container, "name", "?");
    check->key = json_get_text_or(secret, "name", "?");
    check->region = reference.region ? reference.region : check->region;
    if (foreign)
        preflight_skip(check, "'%s' of container '%s' is of another account, %s: not checked", reference.name,
                       check->container, account);
}

/* The registry's credentials are a secret, too, by its ARN or name. */
static void add_registry(struct preflight *preflight, const struct json *container) {
    const char *secret = json_get_text(json_get(container, "repositoryCredentials"), "credentialsParameter");
    if (!secret || is_asked(preflight, secret))
        return;
    struct preflight_check *check = preflight_add(preflight, "secret", ask_secret, secret);
    check->container = json_get_text_or(container, "name", "?");
    check->key = "repositoryCredentials";
}

void preflight_add_secrets(struct preflight *preflight) {
    json_each(container, json_get(preflight->wish->definition, "containerDefinitions")) {
        json_each(secret, json_get(container, "secrets")) add(preflight, container, secret);
        json_each(option, json_get(json_get(container, "logConfiguration"), "secretOptions"))
            add(preflight, container, option);
        add_registry(preflight, container);
    }
}
