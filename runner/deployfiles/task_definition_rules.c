/*
 * The definition as a whole: names, roles, images.
 */
#include "runner/deployfiles/task_definition_rules.h"

#include "common/str.h"
#include "runner/deployfiles/image_name.h"
#include "runner/deployfiles/task_definition.h"

#include <string.h>

#define NAME_MAX_LENGTH 255
#define DEFINITION_MAX (64 * 1024)

static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

const char *rules_name_of(const struct json *container) {
    return json_get_text_or(container, "name", "");
}

const struct json *rules_find(const struct rules *rules, const char *name) {
    json_each(container, rules->containers) {
        if (str_equal(rules_name_of(container), name))
            return container;
    }
    return NULL;
}

bool rules_has_items(const struct json *object, const char *name) {
    const struct json *value = json_get(object, name);
    return value && value->count > 0;
}

static bool is_name(const char *text) {
    return *text && strlen(text) <= NAME_MAX_LENGTH && strspn(text, name_letters) == strlen(text);
}

static void check_family(const struct rules *rules) {
    const struct json *family = json_get(rules->definition, "family");
    if (!is_name(family->text))
        (void)findings_refuse(rules->findings, family,
                              "'family' may hold up to 255 letters, digits, '-' and '_', not '%.100s'", family->text);
}

/* A name, or an ARN of IAM. */
static void check_role(const struct rules *rules, const char *key) {
    const struct json *role = json_get(rules->definition, key);
    if (!role || image_name_is_placeholder(role->text))
        return;
    bool good = str_starts_with(role->text, "arn:") ? strstr(role->text, ":iam:") && strstr(role->text, ":role/")
                                                    : !strpbrk(role->text, " ${}<>:/");
    if (!good)
        (void)findings_refuse(rules->findings, role,
                              "'%s' must be a role's ARN (arn:aws:iam::123456789012:role/name), not '%.200s'", key,
                              role->text);
}

static void check_container(const struct rules *rules, const struct json *container, size_t number) {
    const struct json *name = json_get(container, "name");
    if (!is_name(name->text))
        (void)findings_refuse(rules->findings, name,
                              "'name' of container %zu may hold up to 255 letters, digits, '-' and '_', not '%.100s'",
                              number, name->text);
    else if (rules_find(rules, name->text) != container)
        (void)findings_refuse(rules->findings, name, "two containers are named '%s'", name->text);
    const struct json *image = json_get(container, "image");
    (void)image_name_check(rules->findings, image, image->text);
}

static void check_containers(const struct rules *rules) {
    bool essential = false;
    size_t number = 0;
    json_each(container, rules->containers) {
        check_container(rules, container, ++number);
        essential = essential || json_get_bool(container, "essential", true);
    }
    if (!essential)
        (void)findings_refuse_name(rules->findings, rules->containers,
                                   "no container is essential; at least one must be, or the task never ends with one");
    if (number > CONTAINERS_MAX)
        (void)findings_refuse_name(rules->findings, rules->containers,
                                   "there are %zu containers; a task definition takes %d", number, CONTAINERS_MAX);
}

static void check_size(const struct rules *rules) {
    size_t size = strlen(json_print(rules->findings->arena, rules->definition));
    if (size > DEFINITION_MAX)
        (void)findings_refuse(rules->findings, rules->definition,
                              "the task definition has %zu bytes without its blanks; ECS takes %d", size,
                              DEFINITION_MAX);
}

bool task_definition_fits_fargate(const struct json *definition, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct findings findings = findings_of(&arena, "");
    const struct rules rules = {.findings = &findings,
                                .definition = definition,
                                .containers = json_get(definition, "containerDefinitions"),
                                .network = json_get_text_or(definition, "networkMode", "bridge"),
                                .fargate = true};
    rules_of_sizes(&rules);
    rules_of_fargate(&rules);
    return findings.error_count == 0 ||
           err_set_code(err, ERR_INVALID, "ConfigurationError", "%s", findings.errors[0].message);
}

void task_definition_rules(struct findings *findings, const struct json *definition) {
    struct rules rules = {.findings = findings,
                          .definition = definition,
                          .containers = json_get(definition, "containerDefinitions"),
                          .network = json_get_text_or(definition, "networkMode", "bridge")};
    json_each(one, json_get(definition, "requiresCompatibilities")) {
        rules.fargate = rules.fargate || str_equal(one->text, "FARGATE");
    }
    check_family(&rules);
    check_role(&rules, "taskRoleArn");
    check_role(&rules, "executionRoleArn");
    check_containers(&rules);
    check_size(&rules);
    rules_of_sizes(&rules);
    rules_of_ports(&rules);
    rules_of_logs(&rules);
    rules_of_secrets(&rules);
    rules_of_references(&rules);
    if (rules.fargate)
        rules_of_fargate(&rules);
}
