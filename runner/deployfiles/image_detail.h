/*
 * imageDetail.json: the one image that CodeDeployToECS puts in the place of a placeholder, as ECR's source action
 * writes it. Pure.
 */
#ifndef RUNNER_DEPLOYFILES_IMAGE_DETAIL_H
#define RUNNER_DEPLOYFILES_IMAGE_DETAIL_H

#include "runner/deployfiles/findings.h"

#define IMAGE_DETAIL_FILE "imageDetail.json"
#define IMAGE_DETAIL_CEILING (100 * 1024)

struct image_detail {
    const char *uri;
    const char *digest;     /* or NULL */
    const char *repository; /* or NULL */
};

/* `file` is its name, for messages. Errors: ERR_INVALID, "ConfigurationError", with file, line and column. */
bool image_detail_read(struct arena *arena, const char *file, const char *text, size_t size, struct image_detail *out,
                       struct err *err);

/* The same with all that is wrong. False where something is. */
bool image_detail_check(const char *text, size_t size, struct image_detail *out, struct findings *findings);

#endif
