/*
 * Files of deployments: what is refused has a sentence, what is taken can be changed, compared and printed, and
 * checking and reading agree.
 */
#include "common/str.h"
#include "runner/deployfiles/appspec.h"
#include "runner/deployfiles/image_detail.h"
#include "runner/deployfiles/task_definition.h"
#include "tests/fuzz/target.h"

#include <string.h>

static void check_findings(struct findings *findings, bool good) {
    struct err err = {0};
    TARGET_CHECK(findings->error_count <= FINDINGS_MAX && findings->notice_count <= FINDINGS_MAX);
    TARGET_CHECK(good == (findings->error_count == 0));
    TARGET_CHECK(good == findings_verdict(findings, &err));
    TARGET_CHECK(good || (str_starts_with(err.message, findings->file) && str_equal(err.code, "ConfigurationError")));
    for (size_t i = 0; i < findings->error_count; i++) {
        TARGET_CHECK(*findings->errors[i].message);
        TARGET_CHECK(i == 0 || findings->errors[i - 1].line <= findings->errors[i].line);
    }
}

static void check_images(struct arena *arena, const char *text, size_t size) {
    struct findings findings = findings_of(arena, IMAGE_DEFINITIONS_FILE);
    struct image_definitions images;
    bool good = image_definitions_check(text, size, &images, &findings);
    check_findings(&findings, good);
    for (size_t i = 0; good && i < images.count; i++)
        TARGET_CHECK(*images.items[i].container && *images.items[i].uri);
}

static void check_detail(struct arena *arena, const char *text, size_t size) {
    struct findings findings = findings_of(arena, IMAGE_DETAIL_FILE);
    struct image_detail detail;
    bool good = image_detail_check(text, size, &detail, &findings);
    check_findings(&findings, good);
    TARGET_CHECK(!good || *detail.uri);
}

/* As a deployment goes on with it. What was taken is taken again from its own print, and that is no difference. */
static void check_definition(struct arena *arena, const char *text, size_t size) {
    static const struct placeholder image = {.name = "IMAGE1_NAME", .value = "shop:2"};
    struct findings findings = findings_of(arena, TASK_DEFINITION_FILE);
    struct json *definition, *again;
    char before[SHA256_HEX_SIZE], after[SHA256_HEX_SIZE];
    bool good = task_definition_check(text, size, &definition, &findings);
    check_findings(&findings, good);
    if (!good)
        return;
    const char *printed = json_print(arena, definition);
    TARGET_CHECK(task_definition_read(arena, TASK_DEFINITION_FILE, printed, strlen(printed), &again, NULL));
    TARGET_CHECK(task_definition_diff(arena, definition, again)->count == 0);
    task_definition_fingerprint(definition, before);
    task_definition_fingerprint(again, after);
    TARGET_CHECK(str_equal(before, after));
    task_definition_fill(arena, again, &image, 1);
    (void)task_definition_is_filled(again, NULL);
    (void)task_definition_fits_fargate(again, NULL);
    TARGET_CHECK(task_definition_diff(arena, definition, again));
    TARGET_CHECK(task_definition_diff(arena, NULL, definition)->count > 0);
}

static void check_appspec(struct arena *arena, const char *text, size_t size) {
    struct findings findings = findings_of(arena, APPSPEC_FILE);
    struct appspec appspec;
    bool good = appspec_check(text, size, &appspec, &findings);
    check_findings(&findings, good);
    TARGET_CHECK(!good || appspec.platform != APPSPEC_ECS || (appspec.task_definition && appspec.container));
    TARGET_CHECK(!good || !strstr(appspec_fill(arena, text, size, "arn"), APPSPEC_TASK_DEFINITION));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *text = (const char *)bytes;
    check_images(&arena, text, size);
    check_detail(&arena, text, size);
    check_definition(&arena, text, size);
    check_appspec(&arena, text, size);
    return 0;
}
