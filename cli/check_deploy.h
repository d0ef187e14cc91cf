/*
 * penstock check of the files that a deployment reads: the same code as the deployment's, so the same sentences.
 */
#ifndef CLI_CHECK_DEPLOY_H
#define CLI_CHECK_DEPLOY_H

#include "cli/check.h"
#include "runner/deployfiles/appspec.h"
#include "runner/deployfiles/task_definition.h"

#include <stddef.h>

#define CHECK_IMAGE_DEFINITIONS "imagedefinitions"
#define CHECK_IMAGE_DETAIL "imageDetail"
#define CHECK_TASK_DEFINITION "taskdef"
#define CHECK_APPSPEC "appspec"

/* Which of these kinds the file's name says, or its content; NULL: none. */
const char *check_deploy_kind_by_name(const char *path);
const char *check_deploy_kind_by_content(const struct json *document);

/* Whether it is one of the kinds above. */
bool check_is_deploy_kind(const char *kind);

/* The file as that kind: its errors and notices, and where there is no error what it says, in a line or two. */
void check_deploy(struct check *check, const char *file, const char *kind, const char *text, size_t size);

/* What a good file holds, by its kind. */
struct check_content {
    struct image_definitions images;
    const struct json *definition;
    struct appspec appspec;
};

/* ---- check_together.c ---- */

void check_remember(struct check *check, const char *file, const char *kind, const struct check_content *content);

/* When all files were checked: those of one folder must go together. */
void check_deploy_together(struct check *check);

#endif
