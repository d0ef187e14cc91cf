/*
 * What FARGATE has none of, and what it needs. Sizes, ports and logs have files of their own.
 */
#include "runner/deployfiles/task_definition_rules.h"

#include "common/str.h"
#include "runner/deployfiles/image_name.h"

#include <string.h>

static void check_network(const struct rules *rules) {
    const struct json *mode = json_get(rules->definition, "networkMode");
    if (!str_equal(rules->network, "awsvpc"))
        (void)findings_refuse(rules->findings, mode ? mode : rules->definition,
                              "FARGATE needs \"networkMode\": \"awsvpc\"%s%s%s", mode ? ", not '" : "",
                              mode ? rules->network : "", mode ? "'" : "");
}

static void check_modes(const struct rules *rules) {
    const struct json *pid = json_get(rules->definition, "pidMode");
    const struct json *ipc = json_get(rules->definition, "ipcMode");
    if (pid && !str_equal(pid->text, "task"))
        (void)findings_refuse(rules->findings, pid, "FARGATE has no 'pidMode' '%s'; there is 'task'", pid->text);
    if (ipc)
        (void)findings_refuse_name(rules->findings, ipc, "FARGATE has no 'ipcMode'");
    if (rules_has_items(rules->definition, "placementConstraints"))
        (void)findings_refuse_name(rules->findings, json_get(rules->definition, "placementConstraints"),
                                   "FARGATE has no 'placementConstraints'");
    if (rules_has_items(rules->definition, "inferenceAccelerators"))
        (void)findings_refuse_name(rules->findings, json_get(rules->definition, "inferenceAccelerators"),
                                   "FARGATE has no 'inferenceAccelerators'");
}

static void check_volumes(const struct rules *rules) {
    json_each(volume, json_get(rules->definition, "volumes")) {
        const struct json *path = json_get(json_get(volume, "host"), "sourcePath");
        const struct json *docker = json_get(volume, "dockerVolumeConfiguration");
        const char *name = json_get_text_or(volume, "name", "");
        if (path && *path->text)
            (void)findings_refuse_name(
                rules->findings, path,
                "volume '%.100s' lies on the host, and FARGATE has none; leave 'sourcePath' out, or "
                "use efsVolumeConfiguration",
                name);
        if (docker)
            (void)findings_refuse_name(rules->findings, docker,
                                       "volume '%.100s': FARGATE has no 'dockerVolumeConfiguration'", name);
    }
}

static void check_container(const struct rules *rules, const struct json *container) {
    const struct json *parameters = json_get(container, "linuxParameters");
    if (json_get_bool(container, "privileged", false))
        (void)findings_refuse(rules->findings, json_get(container, "privileged"),
                              "container '%s' is privileged, which FARGATE has not", rules_name_of(container));
    if (rules_has_items(parameters, "devices"))
        (void)findings_refuse_name(rules->findings, json_get(parameters, "devices"),
                                   "container '%s' wants devices, which FARGATE has not", rules_name_of(container));
    json_each(capability, json_get(json_get(parameters, "capabilities"), "add")) {
        if (!str_equal(capability->text, "SYS_PTRACE") && !str_equal(capability->text, "CAP_SYS_PTRACE"))
            (void)findings_refuse(rules->findings, capability,
                                  "container '%s' wants the capability '%.50s'; FARGATE gives SYS_PTRACE only",
                                  rules_name_of(container), capability->text);
    }
    json_each(resource, json_get(container, "resourceRequirements")) {
        if (str_equal(json_get_text(resource, "type"), "GPU"))
            (void)findings_refuse(rules->findings, resource, "container '%s' wants a GPU, which FARGATE has not",
                                  rules_name_of(container));
    }
    const struct json *stop = json_get(container, "stopTimeout");
    if (stop && stop->integer > 120)
        (void)findings_refuse(rules->findings, stop,
                              "'stopTimeout' of container '%s' is %lld; FARGATE takes 120 at most",
                              rules_name_of(container), (long long)stop->integer);
}

/* Who gets the image and writes the log on FARGATE is the execution role: there is no instance whose role could. */
static void check_execution_role(const struct rules *rules) {
    if (json_get(rules->definition, "executionRoleArn"))
        return;
    json_each(container, rules->containers) {
        const struct json *driver = json_get(json_get(container, "logConfiguration"), "logDriver");
        const bool logs = driver && str_equal(driver->text, "awslogs");
        const bool ecr =
            image_name_read(rules->findings->arena, json_get_text_or(container, "image", "")).account != NULL;
        if (!logs && !ecr)
            continue;
        (void)findings_refuse(rules->findings, rules->definition,
                              "'executionRoleArn' is missing, which FARGATE needs for %s of container '%s'",
                              ecr ? "the image in ECR" : "the log driver awslogs", rules_name_of(container));
        return;
    }
}

void rules_of_fargate(const struct rules *rules) {
    check_network(rules);
    check_modes(rules);
    check_volumes(rules);
    json_each(container, rules->containers) {
        check_container(rules, container);
    }
    check_execution_role(rules);
}
