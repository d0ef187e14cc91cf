/*
 * What the keys of a buildspec become. Whole files, and what is refused, stand in tests/data and files_test.c.
 */
#include "runner/buildspec/buildspec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define V "version: 0.2\nphases: {build: {commands: [make]}}\n"

struct fixture {
    struct arena arena;
    struct buildspec spec;
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){.arena = ARENA_INIT};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    arena_release(&fixture->arena);
    return 0;
}

static const struct buildspec *read_spec(void **state, const char *text) {
    struct fixture *fixture = *state;
    struct err err = {0};
    if (!buildspec_parse(&fixture->arena, "buildspec.yml", text, strlen(text), &fixture->spec, &err))
        fail_msg("%s", err.message);
    return &fixture->spec;
}

static void nothing_said(void **state) {
    const struct buildspec *spec = read_spec(state, V);
    assert_string_equal(spec->shell, "/bin/sh");
    assert_null(spec->run_as);
    assert_int_equal(spec->variable_count + spec->parameter_count + spec->secret_count + spec->report_count, 0);
    assert_false(spec->has_artifacts || spec->has_batch || spec->git_credential_helper || spec->version_0_1);
    assert_int_equal(spec->cache.paths.count, 0);
    assert_true(spec->cache.restore && spec->cache.save);
    assert_int_equal(spec->phases[PHASE_BUILD].on_failure, ON_FAILURE_UNSET);
    assert_int_equal(spec->notices.count, 0);
}

static void secrets_have_four_parts(void **state) {
    const struct buildspec *spec =
        read_spec(state, V "env:\n"
                           "  parameter-store: {P: /shop/p}\n"
                           "  secrets-manager:\n"
                           "    A: shop\n"
                           "    B: shop:key:AWSPREVIOUS\n"
                           "    C: 'shop:::id'\n"
                           "    D: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf:key::id'\n"
                           "    E: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf'\n");
    static const struct buildspec_secret wanted[] = {
        {"A", "shop", NULL, NULL, NULL},
        {"B", "shop", "key", "AWSPREVIOUS", NULL},
        {"C", "shop", NULL, NULL, "id"},
        {"D", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf", "key", NULL, "id"},
        {"E", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf", NULL, NULL, NULL},
    };
    assert_string_equal(spec->parameters[0].variable, "P");
    assert_string_equal(spec->parameters[0].parameter, "/shop/p");
    assert_int_equal(spec->secret_count, 5);
    for (size_t i = 0; i < 5; i++) {
        const struct buildspec_secret *got = &spec->secrets[i];
        const char *const texts[][2] = {{got->variable, wanted[i].variable},
                                        {got->secret, wanted[i].secret},
                                        {got->json_key, wanted[i].json_key},
                                        {got->version_stage, wanted[i].version_stage},
                                        {got->version_id, wanted[i].version_id}};
        for (size_t j = 0; j < 5; j++) {
            assert_int_equal(texts[j][0] == NULL, texts[j][1] == NULL);
            if (texts[j][0])
                assert_string_equal(texts[j][0], texts[j][1]);
        }
    }
}

static void on_failure_has_six_forms(void **state) {
    static const struct {
        const char *text;
        enum on_failure on_failure;
        int retries;
        const char *pattern;
    } rows[] = {
        {"ABORT", ON_FAILURE_ABORT, 0, NULL},
        {"Continue", ON_FAILURE_CONTINUE, 0, NULL},
        {"RETRY", ON_FAILURE_RETRY, RETRIES_DEFAULT, NULL},
        {"retry-0", ON_FAILURE_RETRY, 0, NULL},
        {"RETRY-100", ON_FAILURE_RETRY, 100, NULL},
        {"RETRY-.*", ON_FAILURE_RETRY, RETRIES_DEFAULT, ".*"},
        {"RETRY-5-.*timed out.*", ON_FAILURE_RETRY, 5, ".*timed out.*"},
        {"RETRY-503 .*", ON_FAILURE_RETRY, RETRIES_DEFAULT, "503 .*"},
        {"RETRY-2-3-x", ON_FAILURE_RETRY, 2, "3-x"},
        {"RETRY-", ON_FAILURE_RETRY, RETRIES_DEFAULT, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture *fixture = *state;
        const struct buildspec *spec = read_spec(
            state, arena_printf(&fixture->arena,
                                "version: 0.2\nphases: {build: {on-failure: '%s', commands: [make]}}\n", rows[i].text));
        const struct buildspec_phase *phase = &spec->phases[PHASE_BUILD];
        assert_int_equal(phase->on_failure, rows[i].on_failure);
        assert_int_equal(phase->retries, rows[i].retries);
        assert_int_equal(phase->retry_pattern == NULL, rows[i].pattern == NULL);
        if (rows[i].pattern)
            assert_string_equal(phase->retry_pattern, rows[i].pattern);
    }
}

static void reports_and_cache(void **state) {
    const struct buildspec *spec = read_spec(
        state, V "reports:\n"
                 "  junit: {files: a.xml}\n"
                 "  $COVERAGE: {files: [b.info], file-format: Lcov, base-directory: out, discard-paths: yes}\n"
                 "cache: {paths: [a, b], key: k-$X, fallback-keys: [k-], action: Restore}\n");
    assert_int_equal(spec->report_count, 2);
    assert_string_equal(spec->reports[0].format, "JUNITXML");
    assert_string_equal(spec->reports[0].files.items[0], "a.xml");
    assert_null(spec->reports[0].base_directory);
    assert_string_equal(spec->reports[1].name, "$COVERAGE");
    assert_string_equal(spec->reports[1].format, "LCOV");
    assert_string_equal(spec->reports[1].base_directory, "out");
    assert_true(spec->reports[1].discard_paths && !spec->reports[0].discard_paths);
    assert_int_equal(spec->cache.paths.count, 2);
    assert_string_equal(spec->cache.key, "k-$X");
    assert_string_equal(spec->cache.fallback_keys.items[0], "k-");
    assert_true(spec->cache.restore && !spec->cache.save);
}

static void artifacts_and_runtimes(void **state) {
    const struct buildspec *spec =
        read_spec(state, "version: 0.2\n"
                         "env: {git-credential-helper: yes}\n"
                         "phases: {install: {runtime-versions: {nodejs: 18, java: corretto17, php: $PHP}}}\n"
                         "artifacts:\n"
                         "  files: [a]\n"
                         "  name: app-$(date +%F)\n"
                         "  s3-prefix: out\n"
                         "  enable-symlinks: yes\n"
                         "  secondary-artifacts:\n"
                         "    web: {files: ['**/*'], base-directory: web, discard-paths: yes, exclude-paths: [x]}\n");
    assert_true(spec->git_credential_helper);
    assert_int_equal(spec->phases[PHASE_INSTALL].runtime_count, 3);
    assert_string_equal(spec->phases[PHASE_INSTALL].runtimes[1].name, "java");
    assert_string_equal(spec->phases[PHASE_INSTALL].runtimes[0].version, "18");
    assert_string_equal(spec->phases[PHASE_INSTALL].runtimes[2].version, "$PHP");
    assert_true(spec->has_artifacts && spec->artifacts.keep_symlinks && !spec->artifacts.discard_paths);
    assert_string_equal(spec->artifacts.name, "app-$(date +%F)");
    assert_string_equal(spec->artifacts.s3_prefix, "out");
    assert_int_equal(spec->secondary_count, 1);
    assert_string_equal(spec->secondary[0].identifier, "web");
    assert_string_equal(spec->secondary[0].exclude_paths.items[0], "x");
    assert_true(spec->secondary[0].discard_paths);
}

static void version_0_1_has_less(void **state) {
    const struct buildspec *spec = read_spec(
        state, "version: 0.1\n"
               "run-as: builder\n"
               "env: {shell: bash, variables: {B: c}, secrets-manager: {S: s}}\n"
               "environment_variables: {plaintext: {A: b}}\n"
               "phases: {build: {commands: [make], finally: [make clean], on-failure: ABORT, run-as: builder}}\n"
               "batch: {}\n"
               "reports: {a: {files: b}}\n"
               "artifacts: {files: [a], secondary-artifacts: {b: {files: c}}}\n");
    assert_true(spec->version_0_1);
    assert_null(spec->run_as);
    assert_string_equal(spec->shell, "/bin/sh");
    assert_int_equal(spec->variable_count, 1);
    assert_string_equal(spec->variables[0].name, "A");
    assert_int_equal(spec->secret_count + spec->report_count + spec->secondary_count, 0);
    assert_false(spec->has_batch);
    assert_int_equal(spec->phases[PHASE_BUILD].finally.count, 0);
    assert_int_equal(spec->phases[PHASE_BUILD].on_failure, ON_FAILURE_UNSET);
    assert_null(spec->phases[PHASE_BUILD].run_as);
    assert_int_equal(spec->notices.count, 8);
}

static void a_check_goes_on_after_an_error(void **state) {
    struct fixture *fixture = *state;
    static const char text[] = "version: 0.2\n"
                               "phases:\n"
                               "  build:\n"
                               "    on-failure: never\n"
                               "    commands: [a: b, make]\n"
                               "cache: {paths: [x], action: both}\n";
    struct buildspec_findings findings;
    assert_false(buildspec_check(&fixture->arena, "buildspec.yml", text, strlen(text), &fixture->spec, &findings));
    assert_int_equal(findings.error_count, 3);
    assert_int_equal(findings.errors[0].line, 4);
    assert_int_equal(findings.errors[1].line, 5);
    assert_int_equal(findings.errors[1].column, 16);
    assert_int_equal(findings.errors[2].line, 6);
    assert_int_equal(fixture->spec.phases[PHASE_BUILD].commands.count, 1);
    assert_string_equal(fixture->spec.cache.paths.items[0], "x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(secrets_have_four_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(on_failure_has_six_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reports_and_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(artifacts_and_runtimes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_0_1_has_less, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_check_goes_on_after_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
