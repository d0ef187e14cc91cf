/*
 * Buildspecs as people write them: what is accepted, and the exact sentence where it is not.
 */
#include "runner/buildspec/buildspec.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool parse(struct arena *arena, const char *text, struct buildspec *out, struct err *err) {
    return buildspec_parse(arena, "buildspec.yml", text, strlen(text), out, err);
}

static void accept(struct arena *arena, const char *text, struct buildspec *out) {
    struct err err = {0};
    if (!parse(arena, text, out, &err))
        fail_msg("refused: %s", err.message);
}

static void a_whole_buildspec(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct buildspec spec;
    accept(&arena,
           "version: 0.2\r\n"
           "run-as: builder\r\n"
           "env:\r\n"
           "  shell: bash\r\n"
           "  variables:\r\n"
           "    FLAG: true\r\n"
           "    MODE: 0755\r\n"
           "    PRICE: 1.10\r\n"
           "    NOTHING:\r\n"
           "  exported-variables: [TAG]\r\n"
           "phases:\r\n"
           "  install:\r\n"
           "    runtime-versions: {nodejs: 18}\r\n"
           "    commands: [npm ci]\r\n"
           "  build:\r\n"
           "    on-failure: abort\r\n"
           "    run-as: root\r\n"
           "    commands:\r\n"
           "      - npm test\r\n"
           "      -\r\n"
           "      - |\r\n"
           "        one\r\n"
           "        two\r\n"
           "    finally: [echo done]\r\n"
           "artifacts:\r\n"
           "  files: ['**/*']\r\n"
           "  base-directory: dist\r\n"
           "  discard-paths: yes\r\n"
           "  exclude-paths: ['**/*.map']\r\n"
           "  secondary-artifacts:\r\n"
           "    Images: {files: imagedefinitions.json}\r\n"
           "reports: {junit: {files: ['*.xml']}}\r\n"
           "cache: {paths: [node_modules]}\r\n"
           "eb_codebuild_settings: {x: 1}\r\n",
           &spec);
    assert_string_equal(spec.shell, "bash");
    assert_string_equal(spec.run_as, "builder");
    assert_int_equal(spec.variable_count, 4);
    assert_string_equal(spec.variables[0].value, "true");
    assert_string_equal(spec.variables[1].value, "0755");
    assert_string_equal(spec.variables[2].value, "1.10");
    assert_string_equal(spec.variables[3].value, "");
    assert_string_equal(spec.exported.items[0], "TAG");
    const struct buildspec_phase *build = &spec.phases[PHASE_BUILD];
    assert_int_equal(build->commands.count, 2);
    assert_string_equal(build->commands.items[1], "one\ntwo\n");
    assert_int_equal(build->on_failure, ON_FAILURE_ABORT);
    assert_string_equal(build->run_as, "root");
    assert_string_equal(build->finally.items[0], "echo done");
    assert_true(spec.has_artifacts && spec.artifacts.discard_paths);
    assert_string_equal(spec.secondary[0].identifier, "Images");
    assert_string_equal(spec.secondary[0].files.items[0], "imagedefinitions.json");
    assert_int_equal(spec.notices.count, 1);
}

static void forms_seen_in_the_wild(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct buildspec spec;
    accept(&arena, "version: '0.2'\nphases: {build: {commands: []}}\nartifacts: {files: a.json}\n", &spec);
    assert_string_equal(spec.artifacts.files.items[0], "a.json");
    accept(&arena, "version: 0.2\nphases:\n  build:\n    commands:\n", &spec);
    assert_int_equal(spec.phases[PHASE_BUILD].commands.count, 0);
    accept(&arena, "version: 0.2\nphases:\n  build:\n    finally: [echo x]\n", &spec);
    assert_int_equal(spec.phases[PHASE_BUILD].finally.count, 1);
    accept(&arena, "version: 0.2\nphases: {build: }\nbatch: {fast-fail: yes}\n", &spec);
    accept(&arena, "version: 0.2\nphases: {build: {commands: [a]}}\npost_build: {commands: [b]}\ncashe: {}\nx: 1\n",
           &spec);
    assert_int_equal(spec.notices.count, 3);
    assert_string_equal(spec.notices.items[0], "buildspec.yml:3:1: 'post_build' stands at the top and is ignored; move "
                                               "it below 'phases' as 'post_build'");
    assert_string_equal(spec.notices.items[1],
                        "buildspec.yml:4:1: 'cashe' is no key of a buildspec and is ignored; did you mean 'cache'?");
    assert_string_equal(spec.notices.items[2], "buildspec.yml:5:1: 'x' is no key of a buildspec and is ignored");
    accept(&arena, "version: 0.1\nenvironment_variables: {plaintext: {A: b}}\nphases: {build: {commands: [a]}}\n",
           &spec);
    assert_true(spec.version_0_1);
    assert_string_equal(spec.variables[0].name, "A");
    accept(&arena, "{\"version\": 0.2, \"phases\": {\"build\": {\"commands\": [\"a\", 5, true]}}}", &spec);
    assert_string_equal(spec.phases[PHASE_BUILD].commands.items[1], "5");
}

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"version: 0.2\nphases:\n  build:\n    commands:\n      - echo foo: bar\n",
     "buildspec.yml:5:9: Expected Commands[0] to be of string type: found subkeys instead at line 5; put quotes around "
     "the whole text, or use a | block"},
    {"version: 0.2\nphases:\n  build:\n    commands: [ok, [nested]]\n",
     "buildspec.yml:4:20: Expected Commands[1] to be of string type: found a list instead at line 4; put quotes around "
     "the whole text, or use a | block"},
    {"version: 0.2\nphases:\n  build:\n    commands: npm test\n",
     "buildspec.yml:4:15: Expected Commands to be a list: found a value instead at line 4; write '- ' before it, "
     "on a line of its own"},
    {"version: 0.2\nphases:\n  build:\n    - npm test\n",
     "buildspec.yml:4:5: phase 'build' must hold keys such as 'commands', not a list; write 'commands:' above it"},
    {"phases: {build: {commands: [a]}}\n", "buildspec.yml:1:1: the buildspec lacks 'version'; write version: 0.2"},
    {"version: 0.3\nphases: {}\n", "buildspec.yml:1:10: version must be 0.1 or 0.2, not '0.3'"},
    {"version: 0.2\n", "buildspec.yml:1:1: the buildspec lacks 'phases'"},
    {"version 0.1\n", "buildspec.yml:1:1: a name without ':'; write 'version: 0.2'"},
    {"version: 0.2\nphases: {}\nartifacts: {discard-paths: yes}\n",
     "buildspec.yml:3:1: 'artifacts' lacks 'files'; write the patterns of the files to keep"},
    {"version: 0.2\nphases: {}\nartifacts: {files: [a], discard-paths: maybe}\n",
     "buildspec.yml:3:40: 'discard-paths' must be yes or no"},
    {"version: 0.2\nenv: {shell: powershell.exe}\nphases: {}\n",
     "buildspec.yml:2:14: shell 'powershell.exe' is one of Windows; builds run in Linux containers, use bash or "
     "/bin/sh"},
    {"version: 0.2\nenv: {variables: {A-B: c}}\nphases: {}\n",
     "buildspec.yml:2:19: 'A-B' is no name for a variable; use letters, digits and '_', no digit first"},
    {"version: 0.2\nenv: {variables: {A: [c]}}\nphases: {}\n",
     "buildspec.yml:2:22: the value of variable 'A' must be a text"},
    {"version: 0.2\nenv: {exported-variables: [AWS_X]}\nphases: {}\n",
     "buildspec.yml:2:28: 'AWS_X' cannot be exported: its name begins with AWS_"},
    {"version: 0.2\nphases: {pre-build: {commands: [a]}}\n",
     "buildspec.yml:2:10: no phase 'pre-build'; did you mean 'pre_build'?"},
    {"version: 0.2\nphases: {build: {on-failure: maybe, commands: [a]}}\n",
     "buildspec.yml:2:30: on-failure must be ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex or RETRY-count-regex, "
     "not "
     "'maybe'"},
};

static void each_mistake_has_its_sentence(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct buildspec spec;
        struct err err = {0};
        if (parse(&arena, bad[i].text, &spec, &err))
            fail_msg("row %zu was accepted", i);
        assert_string_equal(err.message, bad[i].message);
        assert_string_equal(err.code, "YAML_FILE_ERROR");
    }
}

static void broken_yaml_has_its_place(void **state) {
    (void)state;
    static const char *const texts[] = {"version: 0.2\nversion: 0.2\n", "version: 0.2\n<<<<<<< HEAD\nphases: {}\n",
                                        "version: 0.2\n\tphases: {}\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct buildspec spec;
        struct err err = {0};
        assert_false(parse(&arena, texts[i], &spec, &err));
        assert_true(str_starts_with(err.message, "buildspec.yml:"));
        assert_string_equal(err.code, "YAML_FILE_ERROR");
    }
}

static void inline_or_file(void **state) {
    (void)state;
    assert_true(buildspec_is_inline("version: 0.2\nphases: {}"));
    assert_true(buildspec_is_inline("{\"version\":0.2}"));
    assert_false(buildspec_is_inline("ci/buildspec.yml"));
    assert_false(buildspec_is_inline("arn:aws:s3:::bucket/key"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_buildspec),
        cmocka_unit_test(forms_seen_in_the_wild),
        cmocka_unit_test(each_mistake_has_its_sentence),
        cmocka_unit_test(broken_yaml_has_its_place),
        cmocka_unit_test(inline_or_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
