/*
 * Files of one deployment that lie in one folder must go together: containers of imagedefinitions.json, and of the
 * appspec file, are looked for in the task definition. Where a folder has several of a kind nobody knows which belong
 * together.
 */
#include "cli/check_deploy.h"

#include "common/str.h"

#include <stdio.h>
#include <string.h>

struct check_seen {
    struct check_seen *next;
    const char *file;
    const char *kind;
    struct json *shown;
    struct json *errors;
    struct check_content content;
};

void check_remember(struct check *check, const char *file, const char *kind, const struct check_content *content) {
    struct check_seen *seen = arena_new(&check->cli->arena, struct check_seen);
    *seen = (struct check_seen){.next = check->seen,
                                .file = file,
                                .kind = kind,
                                .shown = check->shown,
                                .errors = check->errors,
                                .content = *content};
    check->seen = seen;
}

static bool is_same_folder(const char *a, const char *b) {
    const char *a_end = strrchr(a, '/'), *b_end = strrchr(b, '/');
    const size_t a_length = a_end ? (size_t)(a_end - a) : 0, b_length = b_end ? (size_t)(b_end - b) : 0;
    return a_length == b_length && strncmp(a, b, a_length) == 0;
}

/* The only one of that kind beside `file`; NULL where there is none, or several. */
static const struct check_seen *find_only(const struct check *check, const char *file, const char *kind) {
    const struct check_seen *found = NULL;
    for (const struct check_seen *seen = check->seen; seen; seen = seen->next) {
        if (!str_equal(seen->kind, kind) || !is_same_folder(seen->file, file))
            continue;
        if (found)
            return NULL;
        found = seen;
    }
    return found;
}

static bool goes_with(const struct check *check, const struct check_seen *seen, const struct json *definition,
                      struct err *err) {
    if (str_equal(seen->kind, CHECK_APPSPEC))
        return appspec_fits(&seen->content.appspec, definition, err);
    return task_definition_set_images(&check->cli->arena, json_copy(&check->cli->arena, definition),
                                      &seen->content.images, err);
}

void check_deploy_together(struct check *check) {
    for (const struct check_seen *seen = check->seen; seen; seen = seen->next) {
        const struct check_seen *definition = find_only(check, seen->file, CHECK_TASK_DEFINITION);
        struct err err = {0};
        if (!definition || str_equal(seen->kind, CHECK_TASK_DEFINITION) ||
            find_only(check, seen->file, seen->kind) != seen ||
            goes_with(check, seen, definition->content.definition, &err))
            continue;
        check->shown = seen->shown;
        check->errors = seen->errors;
        check_add_error(check, arena_printf(&check->cli->arena, "%s: %s", seen->file, err.message), 0, 0, "",
                        err.message);
        json_set_bool(&check->cli->arena, seen->shown, "valid", false);
    }
}
