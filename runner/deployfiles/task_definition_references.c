/*
 * What containers name: each other, and volumes.
 */
#include "runner/deployfiles/task_definition_rules.h"

#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

#define NAMES_MAX 64

static const char *suggest_from(const struct json *list, const char *written) {
    const char *names[NAMES_MAX + 1] = {0};
    size_t count = 0;
    json_each(item, list) {
        const char *name = json_get_text(item, "name");
        if (name && count < NAMES_MAX)
            names[count++] = name;
    }
    return suggest_nearest(written, names);
}

static void refuse_unknown(const struct rules *rules, const struct json *container, const struct json *at,
                           const char *what, const char *verb, const struct json *list) {
    const char *meant = suggest_from(list, at->text);
    (void)findings_refuse(rules->findings, at,
                          "container '%s' %s %s '%.255s', which is not in the task definition%s%s%s",
                          rules_name_of(container), verb, what, at->text, meant ? "; did you mean '" : "",
                          meant ? meant : "", meant ? "'?" : "");
}

static void check_condition(const struct rules *rules, const struct json *container, const struct json *entry,
                            const struct json *other) {
    const struct json *condition = json_get(entry, "condition");
    const char *other_name = rules_name_of(other);
    if (str_equal(condition->text, "HEALTHY") && !json_get(other, "healthCheck"))
        (void)findings_refuse(rules->findings, condition,
                              "container '%s' waits until '%s' is HEALTHY, which has no 'healthCheck'",
                              rules_name_of(container), other_name);
    if ((str_equal(condition->text, "COMPLETE") || str_equal(condition->text, "SUCCESS")) &&
        json_get_bool(other, "essential", true))
        (void)findings_refuse(rules->findings, condition,
                              "container '%s' waits for the end of '%s' (%s), which is essential: with it the task "
                              "would end; set its 'essential' to false",
                              rules_name_of(container), other_name, condition->text);
}

static void check_dependencies(const struct rules *rules, const struct json *container) {
    json_each(entry, json_get(container, "dependsOn")) {
        const struct json *name = json_get(entry, "containerName");
        const struct json *other = rules_find(rules, name->text);
        if (!other)
            refuse_unknown(rules, container, name, "container", "depends on", rules->containers);
        else if (other == container)
            (void)findings_refuse(rules->findings, name, "container '%s' depends on itself", rules_name_of(container));
        else
            check_condition(rules, container, entry, other);
    }
}

/* The first one that it waits for and that is not ready, or NULL. `ready` is by the containers' order. */
static const struct json *held_up_by(const struct rules *rules, const struct json *container, const bool *ready) {
    json_each(entry, json_get(container, "dependsOn")) {
        const char *name = json_get_text_or(entry, "containerName", "");
        size_t number = 0;
        json_each(other, rules->containers) {
            if (other != container && !ready[number] && str_equal(rules_name_of(other), name))
                return other;
            number++;
        }
    }
    return NULL;
}

/* Containers are ready whose dependencies are; those that never are stand in a circle, or wait for one. */
static void check_circles(const struct rules *rules) {
    bool ready[CONTAINERS_MAX] = {0};
    const struct json *stuck = NULL;
    for (size_t round = 0; round <= rules->containers->count; round++) {
        size_t number = 0;
        stuck = NULL;
        json_each(container, rules->containers) {
            ready[number] = ready[number] || !held_up_by(rules, container, ready);
            stuck = ready[number] ? stuck : container;
            number++;
        }
    }
    if (!stuck)
        return;
    for (size_t i = 0; i < rules->containers->count; i++)
        stuck = held_up_by(rules, stuck, ready);
    (void)findings_refuse_name(rules->findings, json_get(stuck, "dependsOn"),
                               "container '%s' waits for itself in a circle of 'dependsOn'", rules_name_of(stuck));
}

static const struct json *find_volume(const struct rules *rules, const char *name) {
    json_each(volume, json_get(rules->definition, "volumes")) {
        if (str_equal(json_get_text(volume, "name"), name))
            return volume;
    }
    return NULL;
}

static void check_mount(const struct rules *rules, const struct json *container, const struct json *mount) {
    const struct json *source = json_get(mount, "sourceVolume");
    const struct json *path = json_get(mount, "containerPath");
    if (!source || !path)
        (void)findings_refuse(rules->findings, mount, "a mount point of container '%s' lacks '%s'",
                              rules_name_of(container), source ? "containerPath" : "sourceVolume");
    else if (!find_volume(rules, source->text))
        refuse_unknown(rules, container, source, "volume", "mounts", json_get(rules->definition, "volumes"));
    json_each(other, json_get(container, "mountPoints")) {
        if (other == mount)
            break;
        if (path && str_equal(json_get_text(other, "containerPath"), path->text))
            (void)findings_refuse(rules->findings, path, "container '%s' mounts two volumes at '%.200s'",
                                  rules_name_of(container), path->text);
    }
}

static void check_volumes(const struct rules *rules) {
    json_each(volume, json_get(rules->definition, "volumes")) {
        const struct json *name = json_get(volume, "name");
        if (!name)
            (void)findings_refuse(rules->findings, volume, "a volume has no 'name'");
        else if (find_volume(rules, name->text) != volume)
            (void)findings_refuse(rules->findings, name, "two volumes are named '%.255s'", name->text);
    }
    json_each(container, rules->containers) {
        json_each(mount, json_get(container, "mountPoints")) check_mount(rules, container, mount);
        json_each(from, json_get(container, "volumesFrom")) {
            const struct json *source = json_get(from, "sourceContainer");
            if (source && !rules_find(rules, source->text))
                refuse_unknown(rules, container, source, "container", "takes volumes from", rules->containers);
        }
    }
}

/* "name" or "name:alias" */
static void check_links(const struct rules *rules, const struct json *container) {
    json_each(link, json_get(container, "links")) {
        const char *name = arena_strndup(rules->findings->arena, link->text, strcspn(link->text, ":"));
        if (!rules_find(rules, name))
            refuse_unknown(rules, container, link, "container", "links to", rules->containers);
    }
}

static void check_health(const struct rules *rules, const struct json *container) {
    const struct json *command = json_get(json_get(container, "healthCheck"), "command");
    const char *first = command ? command->first->text : "";
    if (command && !str_equal(first, "CMD") && !str_equal(first, "CMD-SHELL") && !str_equal(first, "NONE"))
        findings_note(
            rules->findings, command->first,
            "the health check of container '%s' begins with '%.100s'; it must be \"CMD\" or \"CMD-SHELL\", or "
            "nothing is checked",
            rules_name_of(container), first);
}

void rules_of_references(const struct rules *rules) {
    const struct json *proxy = json_get(json_get(rules->definition, "proxyConfiguration"), "containerName");
    json_each(container, rules->containers) {
        check_dependencies(rules, container);
        check_links(rules, container);
        check_health(rules, container);
    }
    if (rules->containers->count <= CONTAINERS_MAX)
        check_circles(rules);
    check_volumes(rules);
    if (proxy && !rules_find(rules, proxy->text))
        (void)findings_refuse(rules->findings, proxy,
                              "'proxyConfiguration' names container '%.255s', which is not in the "
                              "task definition",
                              proxy->text);
}
