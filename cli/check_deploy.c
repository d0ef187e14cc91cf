/*
 * imagedefinitions.json, imageDetail.json, taskdef.json and appspec.yaml.
 */
#include "cli/check_deploy.h"

#include "cli/terminal.h"
#include "common/str.h"
#include "runner/deployfiles/image_detail.h"

#include <stdio.h>
#include <string.h>

/* ---- which kind ---- */

static const struct {
    const char *begins;
    const char *kind;
} names[] = {
    {"imagedefinitions", CHECK_IMAGE_DEFINITIONS},
    {"imageDetail", CHECK_IMAGE_DETAIL},
    {"taskdef", CHECK_TASK_DEFINITION},
    {"task-definition", CHECK_TASK_DEFINITION},
    {"task_definition", CHECK_TASK_DEFINITION},
    {"appspec", CHECK_APPSPEC},
};

const char *check_deploy_kind_by_name(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const bool json = str_ends_with(name, ".json");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const bool yaml =
            str_equal(names[i].kind, CHECK_APPSPEC) && (str_ends_with(name, ".yml") || str_ends_with(name, ".yaml"));
        if (str_starts_with(name, names[i].begins) && (json || yaml))
            return names[i].kind;
    }
    return NULL;
}

const char *check_deploy_kind_by_content(const struct json *document) {
    if (document->type == JSON_ARRAY)
        return json_get(document->first, "imageUri") || json_get(document->first, "imageUrl") ? CHECK_IMAGE_DEFINITIONS
                                                                                              : NULL;
    if (json_get(document, "ImageURI"))
        return CHECK_IMAGE_DETAIL;
    if (json_get(document, "containerDefinitions") || json_get(document, "taskDefinition"))
        return CHECK_TASK_DEFINITION;
    if (json_get(document, "Resources") || (json_get(document, "os") && json_get(document, "version")))
        return CHECK_APPSPEC;
    return NULL;
}

bool check_is_deploy_kind(const char *kind) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_equal(names[i].kind, kind))
            return true;
    return false;
}

/* ---- what a good one says: for people a line each, for --json members of the file's object ---- */

static void show_images(struct check *check, const char *file, const struct image_definitions *images) {
    struct arena *arena = &check->cli->arena;
    struct json *list = json_set_array(arena, check->shown, "images");
    for (size_t i = 0; i < images->count; i++) {
        struct json *image = json_append_object(arena, list);
        json_set_text(arena, image, "container", images->items[i].container);
        json_set_text(arena, image, "image", images->items[i].uri);
        if (!check->cli->json)
            printf("%s: container '%s' gets %s\n", file, terminal_safe(arena, images->items[i].container),
                   terminal_safe(arena, images->items[i].uri));
    }
}

static void show_detail(struct check *check, const char *file, const struct image_detail *detail) {
    json_set_text(&check->cli->arena, check->shown, "image", detail->uri);
    if (!check->cli->json)
        printf("%s: the image is %s\n", file, terminal_safe(&check->cli->arena, detail->uri));
}

static void show_definition(struct check *check, const char *file, const struct json *definition) {
    struct arena *arena = &check->cli->arena;
    const char *family = json_get_text_or(definition, "family", "");
    const char *compatible = "";
    json_each(one, json_get(definition, "requiresCompatibilities")) compatible =
        arena_printf(arena, "%s%s%s", compatible, *compatible ? ", " : " for ", one->text);
    json_set_text(arena, check->shown, "family", family);
    struct json *list = json_set_array(arena, check->shown, "images");
    if (!check->cli->json)
        printf("%s: task definition '%s'%s\n", file, terminal_safe(arena, family), terminal_safe(arena, compatible));
    json_each(container, json_get(definition, "containerDefinitions")) {
        const char *name = json_get_text_or(container, "name", ""), *uri = json_get_text_or(container, "image", "");
        struct json *image = json_append_object(arena, list);
        json_set_text(arena, image, "container", name);
        json_set_text(arena, image, "image", uri);
        if (!check->cli->json)
            printf("%s: container '%s' has %s\n", file, terminal_safe(arena, name), terminal_safe(arena, uri));
    }
}

static void show_appspec(struct check *check, const char *file, const struct appspec *appspec) {
    static const char *const platforms[] = {
        [APPSPEC_ECS] = "ECS", [APPSPEC_SERVER] = "Server", [APPSPEC_LAMBDA] = "Lambda"};
    struct arena *arena = &check->cli->arena;
    json_set_text(arena, check->shown, "platform", platforms[appspec->platform]);
    json_set_text(arena, check->shown, "containerName", appspec->container);
    if (appspec->container)
        json_set_integer(arena, check->shown, "containerPort", appspec->container_port);
    if (check->cli->json)
        return;
    printf("%s: for %s", file, platforms[appspec->platform]);
    if (appspec->container)
        printf(", traffic goes to port %d of container '%s'", appspec->container_port,
               terminal_safe(arena, appspec->container));
    puts("");
}

static bool read_and_show(struct check *check, const char *file, const char *kind, const char *text, size_t size,
                          struct findings *findings) {
    struct check_content content = {0};
    struct image_detail detail;
    struct json *definition = NULL;
    if (str_equal(kind, CHECK_IMAGE_DETAIL)) {
        if (!image_detail_check(text, size, &detail, findings))
            return false;
        show_detail(check, file, &detail);
        return true;
    }
    if (str_equal(kind, CHECK_IMAGE_DEFINITIONS)) {
        if (!image_definitions_check(text, size, &content.images, findings))
            return false;
        show_images(check, file, &content.images);
    } else if (str_equal(kind, CHECK_TASK_DEFINITION)) {
        if (!task_definition_check(text, size, &definition, findings))
            return false;
        content.definition = definition;
        show_definition(check, file, definition);
    } else {
        if (!appspec_check(text, size, &content.appspec, findings))
            return false;
        show_appspec(check, file, &content.appspec);
    }
    check_remember(check, file, kind, &content);
    return true;
}

/* ---- findings ---- */

static void take_errors(struct check *check, const struct findings *findings) {
    for (size_t i = 0; i < findings->error_count; i++) {
        const struct finding *error = &findings->errors[i];
        check_add_error(check, terminal_safe(&check->cli->arena, finding_text(findings, error)), error->line,
                        error->column, "", error->message);
    }
    if (findings->more_errors && !check->cli->json)
        printf("%s: there are more errors than these %d\n", findings->file, FINDINGS_MAX);
}

static void take_notices(struct check *check, const struct findings *findings) {
    struct arena *arena = &check->cli->arena;
    struct json *list = json_set_array(arena, check->shown, "notices");
    for (size_t i = 0; i < findings->notice_count; i++) {
        const struct finding *notice = &findings->notices[i];
        struct json *shown = json_append_object(arena, list);
        json_set_integer(arena, shown, "line", notice->line);
        json_set_integer(arena, shown, "column", notice->column);
        json_set_text(arena, shown, "message", notice->message);
        if (!check->cli->json)
            puts(terminal_safe(arena, finding_text(findings, notice)));
    }
    if (findings->more_notices && !check->cli->json)
        printf("%s: there are more notices than these %d\n", findings->file, FINDINGS_MAX);
}

void check_deploy(struct check *check, const char *file, const char *kind, const char *text, size_t size) {
    struct findings findings = findings_of(&check->cli->arena, file);
    (void)read_and_show(check, file, kind, text, size, &findings);
    (void)findings_verdict(&findings, NULL);
    take_errors(check, &findings);
    take_notices(check, &findings);
}
