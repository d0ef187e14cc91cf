/*
 * One row for each key: no two of AWS's or Penstock's deploys mean different things by one of these names.
 */
#include "server/definition/deploy_values.h"

#include "server/definition/structure.h"

#include "common/str.h"

#include <stdio.h>
#include <string.h>

#define MINUTES_MAX 43200 /* a deployment of ECS ends after 30 days at the latest */
#define SECONDS_MAX 86400
#define TASKS_MAX 10000
#define RELEASES_MAX 50

static const struct {
    const char *key;
    const char *words; /* "must be WORDS, not …" */
    const char *choices[8];
} choices[] = {
    {"ActionMode",
     "CREATE_UPDATE, REPLACE_ON_FAILURE, DELETE_ONLY, CHANGE_SET_REPLACE or CHANGE_SET_EXECUTE",
     {"CREATE_UPDATE", "REPLACE_ON_FAILURE", "DELETE_ONLY", "CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"}},
    {"CannedACL",
     "one of S3's, such as 'public-read'",
     {"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
      "bucket-owner-full-control"}},
    {"Extract", "'true' or 'false'", {"true", "false"}},
    {"HealthGate", "OFF or ON", {"OFF", "ON"}},
    {"InputType", "Literal or FilePath", {"Literal", "FilePath"}},
    {"OnCancel", "ROLLBACK or LEAVE", {"ROLLBACK", "LEAVE"}},
    {"OnStuck", "WAIT or ROLLBACK", {"WAIT", "ROLLBACK"}},
    {"Preflight", "ON or OFF", {"ON", "OFF"}},
    {"TaskDefinitionBase", "RUNNING or LATEST", {"RUNNING", "LATEST"}},
};

static const struct {
    const char *key;
    const char *words; /* "must be WORDS from 1 to MOST, not …" */
    long long most;
} numbers[] = {
    {"DeploymentTimeout", "minutes", MINUTES_MAX},
    {"KeepReleases", "a number", RELEASES_MAX},
    {"OnStuckSeconds", "seconds", SECONDS_MAX},
    {"Timeout", "minutes", MINUTES_MAX},
};

static bool is_choice(const char *const *list, const char *value) {
    for (; *list; list++)
        if (str_equal(*list, value))
            return true;
    return false;
}

static bool is_success_rule(const char *value) {
    char wanted[12], of[12], seconds[12];
    int length = 0;
    long long wanted_number, of_number, seconds_number;
    return sscanf(value, "healthy %11[0-9] of %11[0-9] for %11[0-9] seconds%n", wanted, of, seconds, &length) == 3 &&
           length > 0 && !value[length] && str_to_int64(of, 1, TASKS_MAX, &of_number) &&
           str_to_int64(wanted, 1, of_number, &wanted_number) && str_to_int64(seconds, 0, SECONDS_MAX, &seconds_number);
}

/* HASHED, or a list of rules. */
static const char *cache_rules_problem(struct arena *arena, const char *value) {
    const struct json *rules;
    struct err err = {0};
    if (str_equal(value, "HASHED"))
        return NULL;
    if (!json_parse(arena, value, strlen(value), &rules, &err))
        return arena_printf(arena, "is no JSON: %s", err.message);
    if (rules->type != JSON_ARRAY)
        return arena_printf(arena, "must be a JSON list, not a %s", json_type_name(rules->type));
    json_each(rule, rules) {
        if (!json_get_text(rule, "glob") || !json_get_text(rule, "cacheControl") || rule->count != 2)
            return "each rule must be {\"glob\": \"**/*.js\", \"cacheControl\": \"max-age=60\"}";
    }
    return NULL;
}

const char *deploy_value_problem(struct arena *arena, const char *key, const char *value) {
    long long number;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (str_equal(choices[i].key, key) && !is_choice(choices[i].choices, value))
            return arena_printf(arena, "must be %s, not '%.50s'", choices[i].words, value);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (str_equal(numbers[i].key, key) && !str_to_int64(value, 1, numbers[i].most, &number))
            return arena_printf(arena, "must be %s from 1 to %lld, not '%.50s'", numbers[i].words, numbers[i].most,
                                value);
    if (str_equal(key, "SuccessRule") && !is_success_rule(value))
        return arena_printf(arena, "must be 'healthy N of M for T seconds' (N from 1 to M), not '%.80s'", value);
    return str_equal(key, "CacheControlRules") ? cache_rules_problem(arena, value) : NULL;
}

static bool is_input(const struct draft_action *action, const char *name) {
    for (size_t i = 0; i < action->input_count; i++)
        if (str_equal(action->inputs[i].name, name))
            return true;
    return false;
}

const char *deploy_artifact_problem(struct arena *arena, const struct draft_action *action, const char *key,
                                    const char *value) {
    static const char *const names[] = {"AppSpecTemplateArtifact", "Image1ArtifactName",
                                        "Image2ArtifactName",      "Image3ArtifactName",
                                        "Image4ArtifactName",      "TaskDefinitionTemplateArtifact",
                                        "inputArtifact",           NULL};
    const char *name = value;
    if (str_equal(action->type->provider, "CloudFormation") &&
        (str_equal(key, "TemplatePath") || str_equal(key, "TemplateConfiguration"))) {
        const char *colons = strstr(value, "::");
        if (!colons || colons == value || !colons[2])
            return arena_printf(arena, "must be ARTIFACT::FILE, not '%.200s'", value);
        name = arena_strndup(arena, value, (size_t)(colons - value));
    } else if (!is_choice(names, key)) {
        return NULL;
    }
    return is_input(action, name) ? NULL : arena_printf(arena, "'%s' is none of this action's input artifacts", name);
}
