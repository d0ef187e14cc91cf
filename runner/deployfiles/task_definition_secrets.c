/*
 * Environment variables and secrets.
 */
#include "runner/deployfiles/task_definition_rules.h"

#include "common/str.h"
#include "runner/deployfiles/task_reference.h"

#include <string.h>

static const struct json *find_named(const struct json *list, const char *name, const struct json *before) {
    json_each(item, list) {
        if (item == before)
            return NULL;
        if (str_equal(json_get_text(item, "name"), name))
            return item;
    }
    return NULL;
}

static void check_value_from(const struct rules *rules, const struct json *container, const struct json *secret) {
    const struct json *value = json_get(secret, "valueFrom");
    struct task_reference reference;
    struct err err = {0};
    if (!task_reference_read(rules->findings->arena, value->text, &reference, &err))
        (void)findings_refuse(rules->findings, value, "'valueFrom' of secret '%.100s' of container '%s' %s",
                              json_get_text_or(secret, "name", ""), rules_name_of(container), err.message);
}

static void check_secrets(const struct rules *rules, const struct json *container) {
    const struct json *secrets = json_get(container, "secrets");
    json_each(secret, secrets) {
        const struct json *name = json_get(secret, "name");
        check_value_from(rules, container, secret);
        if (find_named(json_get(container, "environment"), name->text, NULL))
            (void)findings_refuse(rules->findings, name,
                                  "'%.100s' of container '%s' is both an environment variable and a secret", name->text,
                                  rules_name_of(container));
        else if (find_named(secrets, name->text, secret))
            (void)findings_refuse(rules->findings, name, "container '%s' has two secrets named '%.100s'",
                                  rules_name_of(container), name->text);
    }
    json_each(option, json_get(json_get(container, "logConfiguration"), "secretOptions")) {
        check_value_from(rules, container, option);
    }
}

static void check_environment(const struct rules *rules, const struct json *container) {
    const struct json *environment = json_get(container, "environment");
    json_each(variable, environment) {
        const struct json *name = json_get(variable, "name");
        if (find_named(environment, name->text, variable))
            findings_note(rules->findings, name, "environment variable '%.100s' of container '%s' is set twice",
                          name->text, rules_name_of(container));
    }
    json_each(file, json_get(container, "environmentFiles")) {
        const struct json *value = json_get(file, "value");
        if (!str_starts_with(value->text, "arn:") || !strstr(value->text, ":s3:::") ||
            !str_ends_with(value->text, ".env"))
            (void)findings_refuse(rules->findings, value,
                                  "an environment file of container '%s' must be an ARN of S3 that ends in .env "
                                  "(arn:aws:s3:::bucket/file.env), not '%.200s'",
                                  rules_name_of(container), value->text);
    }
}

/* Whoever reads secrets or files for a task before it runs does so as the execution role. */
static void check_role(const struct rules *rules, const struct json *container) {
    if (json_get(rules->definition, "executionRoleArn"))
        return;
    const char *what = rules_has_items(container, "secrets") ? "secrets"
                       : rules_has_items(json_get(container, "logConfiguration"), "secretOptions")
                           ? "secrets of its log driver"
                       : json_get(container, "repositoryCredentials") ? "credentials of its registry"
                                                                      : NULL;
    if (what)
        (void)findings_refuse(rules->findings, rules->definition,
                              "'executionRoleArn' is missing, which container '%s' needs for the %s",
                              rules_name_of(container), what);
}

void rules_of_secrets(const struct rules *rules) {
    json_each(container, rules->containers) {
        check_secrets(rules, container);
        check_environment(rules, container);
        check_role(rules, container);
    }
}
