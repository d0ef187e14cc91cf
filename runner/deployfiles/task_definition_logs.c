/*
 * Where containers' output goes.
 */
#include "runner/deployfiles/task_definition_rules.h"

#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

#define AWSLOGS "awslogs"
#define FIRELENS "awsfirelens"

static const char *const awslogs_options[] = {"awslogs-group",
                                              "awslogs-region",
                                              "awslogs-stream-prefix",
                                              "awslogs-create-group",
                                              "awslogs-datetime-format",
                                              "awslogs-multiline-pattern",
                                              "mode",
                                              "max-buffer-size",
                                              NULL};

static bool is_one_of(const char *word, const char *const *words) {
    for (; *words; words++)
        if (str_equal(*words, word))
            return true;
    return false;
}

static void check_option_names(const struct rules *rules, const struct json *container, const struct json *options) {
    json_each(option, options) {
        if (is_one_of(option->name, awslogs_options))
            continue;
        const char *meant = suggest_nearest(option->name, awslogs_options);
        (void)findings_refuse_name(rules->findings, option,
                                   "log driver awslogs of container '%s' has no option '%.100s'%s%s%s",
                                   rules_name_of(container), option->name, meant ? "; did you mean '" : "",
                                   meant ? meant : "", meant ? "'?" : "");
    }
}

static void check_awslogs(const struct rules *rules, const struct json *container, const struct json *logs) {
    static const char *const needed[] = {"awslogs-group", "awslogs-region", "awslogs-stream-prefix"};
    const struct json *options = json_get(logs, "options");
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (i == 2 && !rules->fargate)
            continue;
        const struct json *value = json_get(options, needed[i]);
        if (!value || !*value->text)
            (void)findings_refuse(rules->findings,
                                  value     ? value
                                  : options ? options
                                            : logs,
                                  "log driver awslogs of container '%s' lacks the option '%s'%s",
                                  rules_name_of(container), needed[i], i == 2 ? ", which FARGATE needs" : "");
    }
    const char *create = json_get_text(options, "awslogs-create-group");
    if (create && !str_equal(create, "true"))
        (void)findings_refuse(rules->findings, json_get(options, "awslogs-create-group"),
                              "the option 'awslogs-create-group' of container '%s' must be \"true\" or left out",
                              rules_name_of(container));
    check_option_names(rules, container, options);
}

static void check_driver(const struct rules *rules, const struct json *container, const struct json *logs) {
    static const char *const of_fargate[] = {AWSLOGS, "splunk", FIRELENS, NULL};
    const char *driver = json_get_text_or(logs, "logDriver", "");
    if (rules->fargate && !is_one_of(driver, of_fargate))
        (void)findings_refuse(
            rules->findings, json_get(logs, "logDriver"),
            "FARGATE has no log driver '%s' for container '%s'; there are awslogs, splunk and awsfirelens", driver,
            rules_name_of(container));
    if (str_equal(driver, AWSLOGS))
        check_awslogs(rules, container, logs);
}

/* One container routes the logs of those that use awsfirelens; neither goes without the other. */
static void check_firelens(const struct rules *rules, const struct json *router, const struct json *routed) {
    if (router && !routed)
        (void)findings_refuse_name(rules->findings, json_get(router, "firelensConfiguration"),
                                   "container '%s' routes logs and no container has the log driver awsfirelens",
                                   rules_name_of(router));
    if (routed && !router)
        (void)findings_refuse(
            rules->findings, json_get(json_get(routed, "logConfiguration"), "logDriver"),
            "container '%s' has the log driver awsfirelens and no container has 'firelensConfiguration'",
            rules_name_of(routed));
}

void rules_of_logs(const struct rules *rules) {
    const struct json *router = NULL, *routed = NULL;
    json_each(container, rules->containers) {
        const struct json *logs = json_get(container, "logConfiguration");
        if (logs)
            check_driver(rules, container, logs);
        if (str_equal(json_get_text(logs, "logDriver"), FIRELENS))
            routed = container;
        if (!json_get(container, "firelensConfiguration"))
            continue;
        if (router)
            (void)findings_refuse_name(rules->findings, json_get(container, "firelensConfiguration"),
                                       "containers '%s' and '%s' both have 'firelensConfiguration'; only one may",
                                       rules_name_of(router), rules_name_of(container));
        router = container;
    }
    check_firelens(rules, router, routed);
}
