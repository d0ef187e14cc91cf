/*
 * What an ECRBuildAndPublish action's configuration says: read and checked here once, so that the server refuses at
 * load what the runner would refuse. AWS has ECRRepositoryName, DockerFilePath, ImageTags and RegistryType; the other
 * keys are Penstock's own (docs/pipeline-files.md).
 */
#ifndef COMMON_IMAGE_SETTINGS_H
#define COMMON_IMAGE_SETTINGS_H

#include "common/json.h"

struct image_pair {
    const char *name;
    const char *value;
};

struct image_settings {
    const char *repository;
    const char *dockerfile; /* below the source, a file or its folder; "" for the root */
    const char *context;    /* folder below the source; "" for the root */
    bool is_public;         /* public.ecr.aws */
    const char *const *tags;
    size_t tag_count; /* at least 1 */
    const struct image_pair *arguments;
    size_t argument_count;
    const struct image_pair *secrets; /* id, and what Secrets Manager calls it */
    size_t secret_count;
    const char *target;    /* stage, or NULL */
    const char *platform;  /* or NULL */
    const char *container; /* for imagedefinitions.json, or NULL */
    bool pull;             /* base images are looked up anew */
};

/* Errors: ERR_INVALID with a sentence that names the key. */
bool image_settings_read(struct arena *arena, const struct json *configuration, struct image_settings *out,
                         struct err *err);

/* One key's value alone, for a definition in which others hold variables. A key that is not known here is good. */
bool image_setting_check(struct arena *arena, const char *key, const char *value, struct err *err);

#endif
