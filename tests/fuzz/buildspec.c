/*
 * Buildspecs: what is refused has a place, what is taken is within the limits that builds rely on, and checking and
 * parsing agree.
 */
#include "common/pattern.h"
#include "common/str.h"
#include "runner/buildspec/batch.h"
#include "runner/buildspec/scripts.h"
#include "tests/fuzz/target.h"

#include <string.h>

static void check_list(const struct buildspec_list *list) {
    for (size_t i = 0; i < list->count; i++)
        TARGET_CHECK(list->items[i]);
}

static void check_findings(const struct buildspec_findings *findings) {
    TARGET_CHECK(findings->error_count <= BUILDSPEC_ERRORS_MAX);
    TARGET_CHECK(findings->notice_count <= BUILDSPEC_NOTICES_MAX + 1);
    for (size_t i = 0; i < findings->error_count; i++) {
        const struct buildspec_finding *error = &findings->errors[i];
        TARGET_CHECK(error->line >= 1 && error->column >= 1 && *error->message);
        TARGET_CHECK(i == 0 || findings->errors[i - 1].line <= error->line);
    }
    for (size_t i = 0; i < findings->notice_count; i++)
        TARGET_CHECK(*findings->notices[i].message);
}

static void check_environment(const struct buildspec *spec) {
    TARGET_CHECK(str_equal(spec->shell, "bash") || str_equal(spec->shell, "/bin/sh"));
    for (size_t i = 0; i < spec->variable_count; i++)
        TARGET_CHECK(buildspec_is_variable_name(spec->variables[i].name) && spec->variables[i].value);
    for (size_t i = 0; i < spec->parameter_count; i++)
        TARGET_CHECK(buildspec_is_variable_name(spec->parameters[i].variable) && *spec->parameters[i].parameter);
    for (size_t i = 0; i < spec->secret_count; i++) {
        TARGET_CHECK(buildspec_is_variable_name(spec->secrets[i].variable) && *spec->secrets[i].secret);
        TARGET_CHECK(!spec->secrets[i].version_stage || !spec->secrets[i].version_id);
    }
    for (size_t i = 0; i < spec->exported.count; i++)
        TARGET_CHECK(buildspec_is_variable_name(spec->exported.items[i]));
}

static void check_phases(struct arena *arena, const struct buildspec *spec) {
    for (int i = 0; i < PHASE_COUNT; i++) {
        const struct buildspec_phase *phase = &spec->phases[i];
        bool matches;
        check_list(&phase->commands);
        check_list(&phase->finally);
        TARGET_CHECK(phase->retries >= 0 && phase->retries <= 100);
        TARGET_CHECK(phase->on_failure == ON_FAILURE_RETRY || !phase->retry_pattern);
        TARGET_CHECK(!phase->retry_pattern || pattern_matches(phase->retry_pattern, "", &matches, NULL));
        TARGET_CHECK(i == PHASE_INSTALL || phase->runtime_count == 0);
        for (size_t j = 0; j < phase->runtime_count; j++)
            TARGET_CHECK(*phase->runtimes[j].version);
        if (phase->commands.count > 0)
            TARGET_CHECK(
                strstr(script_of_command(arena, spec, "/src", phase->commands.items[0]), phase->commands.items[0]));
    }
}

static void check_outputs(const struct buildspec *spec) {
    TARGET_CHECK(spec->has_artifacts == (spec->artifacts.files.count > 0));
    check_list(&spec->artifacts.files);
    for (size_t i = 0; i < spec->secondary_count; i++)
        TARGET_CHECK(spec->secondary[i].identifier && spec->secondary[i].files.count > 0);
    TARGET_CHECK(spec->report_count <= 5);
    for (size_t i = 0; i < spec->report_count; i++)
        TARGET_CHECK(spec->reports[i].name && spec->reports[i].format && spec->reports[i].files.count > 0);
    TARGET_CHECK(spec->cache.fallback_keys.count <= 5);
    TARGET_CHECK(spec->cache.restore || spec->cache.save);
}

static void check_batch(struct arena *arena, const char *text, size_t size) {
    struct batch batch;
    struct err err = {0};
    if (!batch_parse(arena, "buildspec.yml", text, size, BATCH_BUILDS_MAX, &batch, &err)) {
        TARGET_CHECK(str_starts_with(err.message, "buildspec.yml:") && str_equal(err.code, "YAML_FILE_ERROR"));
        return;
    }
    TARGET_CHECK(batch.group_count <= BATCH_BUILDS_MAX);
    for (size_t i = 0; i < batch.group_count; i++)
        TARGET_CHECK(batch.groups[i].identifier && *batch.groups[i].identifier);
    TARGET_CHECK(batch_encode(arena, &batch));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *text = (const char *)bytes;
    struct buildspec spec, again;
    struct buildspec_findings findings;
    struct err err = {0};
    bool good = buildspec_check(&arena, "buildspec.yml", text, size, &spec, &findings);
    check_findings(&findings);
    TARGET_CHECK(good == (findings.error_count == 0));
    TARGET_CHECK(good == buildspec_parse(&arena, "buildspec.yml", text, size, &again, &err));
    if (spec.has_batch)
        check_batch(&arena, text, size);
    if (!good) {
        TARGET_CHECK(str_starts_with(err.message, "buildspec.yml:") && str_equal(err.code, "YAML_FILE_ERROR"));
        return 0;
    }
    check_environment(&spec);
    check_phases(&arena, &spec);
    check_outputs(&spec);
    return 0;
}
