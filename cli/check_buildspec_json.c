/*
 * A buildspec as --json shows it: the buildspec's own names, where it says something; lists are there also when empty.
 */
#include "cli/check_buildspec.h"

static void set_list(struct arena *arena, struct json *object, const char *name, const struct buildspec_list *list) {
    struct json *array = json_set_array(arena, object, name);
    for (size_t i = 0; i < list->count; i++)
        json_append_text(arena, array, list->items[i]);
}

/* An option that was not used is left out. */
static void set_list_if_any(struct arena *arena, struct json *object, const char *name,
                            const struct buildspec_list *list) {
    if (list->count > 0)
        set_list(arena, object, name, list);
}

static void set_flag(struct arena *arena, struct json *object, const char *name, bool flag) {
    if (flag)
        json_set_bool(arena, object, name, true);
}

static void describe_phase(struct arena *arena, enum build_phase which, const struct buildspec_phase *phase,
                           struct json *out) {
    static const char *const words[] = {[ON_FAILURE_UNSET] = NULL,
                                        [ON_FAILURE_ABORT] = "ABORT",
                                        [ON_FAILURE_CONTINUE] = "CONTINUE",
                                        [ON_FAILURE_RETRY] = "RETRY"};
    json_set_text(arena, out, "phase", build_phase_key(which));
    json_set_text(arena, out, "run-as", phase->run_as);
    json_set_text(arena, out, "on-failure", words[phase->on_failure]);
    if (phase->on_failure == ON_FAILURE_RETRY)
        json_set_integer(arena, out, "retries", phase->retries);
    json_set_text(arena, out, "retry-pattern", phase->retry_pattern);
    struct json *runtimes = phase->runtime_count ? json_set_object(arena, out, "runtime-versions") : NULL;
    for (size_t i = 0; i < phase->runtime_count; i++)
        json_set_text(arena, runtimes, phase->runtimes[i].name, phase->runtimes[i].version);
    set_list(arena, out, "commands", &phase->commands);
    set_list(arena, out, "finally", &phase->finally);
}

/* `type` as the API has it. */
static struct json *add_variable(struct arena *arena, struct json *list, const char *name, const char *type,
                                 const char *value) {
    struct json *variable = json_append_object(arena, list);
    json_set_text(arena, variable, "name", name);
    json_set_text(arena, variable, "type", type);
    json_set_text(arena, variable, "value", value);
    return variable;
}

static void describe_variables(struct arena *arena, const struct buildspec *spec, struct json *out) {
    struct json *list = json_set_array(arena, out, "variables");
    for (size_t i = 0; i < spec->variable_count; i++)
        add_variable(arena, list, spec->variables[i].name, "PLAINTEXT", spec->variables[i].value);
    for (size_t i = 0; i < spec->parameter_count; i++)
        add_variable(arena, list, spec->parameters[i].variable, "PARAMETER_STORE", spec->parameters[i].parameter);
    for (size_t i = 0; i < spec->secret_count; i++) {
        const struct buildspec_secret *secret = &spec->secrets[i];
        struct json *variable = add_variable(arena, list, secret->variable, "SECRETS_MANAGER", secret->secret);
        json_set_text(arena, variable, "json-key", secret->json_key);
        json_set_text(arena, variable, "version-stage", secret->version_stage);
        json_set_text(arena, variable, "version-id", secret->version_id);
    }
    set_list(arena, out, "exported-variables", &spec->exported);
}

static void describe_set(struct arena *arena, const struct buildspec_artifacts *set, struct json *out) {
    json_set_text(arena, out, "identifier", set->identifier);
    set_list(arena, out, "files", &set->files);
    set_list_if_any(arena, out, "exclude-paths", &set->exclude_paths);
    json_set_text(arena, out, "base-directory", set->base_directory);
    json_set_text(arena, out, "name", set->name);
    json_set_text(arena, out, "s3-prefix", set->s3_prefix);
    set_flag(arena, out, "discard-paths", set->discard_paths);
    set_flag(arena, out, "enable-symlinks", set->keep_symlinks);
}

static void describe_reports(struct arena *arena, const struct buildspec *spec, struct json *out) {
    struct json *list = json_set_array(arena, out, "reports");
    for (size_t i = 0; i < spec->report_count; i++) {
        const struct buildspec_report *report = &spec->reports[i];
        struct json *shown = json_append_object(arena, list);
        json_set_text(arena, shown, "name", report->name);
        json_set_text(arena, shown, "file-format", report->format);
        set_list(arena, shown, "files", &report->files);
        json_set_text(arena, shown, "base-directory", report->base_directory);
        set_flag(arena, shown, "discard-paths", report->discard_paths);
    }
}

static void describe_cache(struct arena *arena, const struct buildspec_cache *cache, struct json *out) {
    if (cache->paths.count == 0)
        return;
    struct json *shown = json_set_object(arena, out, "cache");
    set_list(arena, shown, "paths", &cache->paths);
    json_set_text(arena, shown, "key", cache->key);
    set_list_if_any(arena, shown, "fallback-keys", &cache->fallback_keys);
    json_set_bool(arena, shown, "restore", cache->restore);
    json_set_bool(arena, shown, "save", cache->save);
}

static void describe_notices(struct arena *arena, const struct buildspec_findings *findings, const struct batch *batch,
                             struct json *out) {
    struct json *list = json_set_array(arena, out, "notices");
    for (size_t i = 0; i < findings->notice_count; i++) {
        struct json *notice = json_append_object(arena, list);
        json_set_integer(arena, notice, "line", findings->notices[i].line);
        json_set_integer(arena, notice, "column", findings->notices[i].column);
        json_set_text(arena, notice, "message", findings->notices[i].message);
    }
    for (size_t i = 0; batch && i < batch->notices.count; i++) {
        struct json *notice = json_append_object(arena, list);
        json_set_integer(arena, notice, "line", 0);
        json_set_integer(arena, notice, "column", 0);
        json_set_text(arena, notice, "message", batch->notices.items[i]);
    }
}

void check_buildspec_describe(struct arena *arena, const struct buildspec *spec,
                              const struct buildspec_findings *findings, const struct batch *batch, struct json *out) {
    describe_notices(arena, findings, batch, out);
    json_set_text(arena, out, "version", spec->version_0_1 ? "0.1" : "0.2");
    json_set_text(arena, out, "shell", spec->shell);
    json_set_text(arena, out, "run-as", spec->run_as);
    set_flag(arena, out, "git-credential-helper", spec->git_credential_helper);
    struct json *phases = json_set_array(arena, out, "phases");
    for (int i = 0; i < PHASE_COUNT; i++)
        describe_phase(arena, (enum build_phase)i, &spec->phases[i], json_append_object(arena, phases));
    describe_variables(arena, spec, out);
    describe_reports(arena, spec, out);
    if (spec->has_artifacts)
        describe_set(arena, &spec->artifacts, json_set_object(arena, out, "artifacts"));
    struct json *secondary = spec->secondary_count ? json_set_array(arena, out, "secondary-artifacts") : NULL;
    for (size_t i = 0; i < spec->secondary_count; i++)
        describe_set(arena, &spec->secondary[i], json_append_object(arena, secondary));
    describe_cache(arena, &spec->cache, out);
    if (batch)
        json_set(arena, out, "batch", batch_encode(arena, batch));
}
