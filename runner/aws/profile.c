/*
 * The format: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#include "runner/aws/profile.h"

#include "common/file.h"
#include "common/str.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_CEILING ((size_t)1024 * 1024)
#define SPACE " \t\r"

static const struct {
    const char *name;
    size_t offset;
} settings[] = {
    {"aws_access_key_id", offsetof(struct profile, access_key)},
    {"aws_secret_access_key", offsetof(struct profile, secret_key)},
    {"aws_session_token", offsetof(struct profile, session_token)},
    {"role_arn", offsetof(struct profile, role_arn)},
    {"source_profile", offsetof(struct profile, source_profile)},
    {"credential_source", offsetof(struct profile, credential_source)},
    {"external_id", offsetof(struct profile, external_id)},
    {"role_session_name", offsetof(struct profile, role_session_name)},
    {"duration_seconds", offsetof(struct profile, duration_seconds)},
    {"mfa_serial", offsetof(struct profile, mfa_serial)},
    {"web_identity_token_file", offsetof(struct profile, web_identity_token_file)},
    {"credential_process", offsetof(struct profile, credential_process)},
    {"region", offsetof(struct profile, region)},
    {"sso_session", offsetof(struct profile, sso_session)},
    {"sso_start_url", offsetof(struct profile, sso_start_url)},
};

static const char *trim(struct arena *arena, const char *text, size_t length) {
    while (length > 0 && strchr(SPACE, text[0])) {
        text++;
        length--;
    }
    while (length > 0 && strchr(SPACE, text[length - 1]))
        length--;
    return arena_strndup(arena, text, length);
}

static void take_setting(struct arena *arena, const char *line, struct profile *profile) {
    const char *equals = strchr(line, '=');
    if (!equals)
        return;
    const char *name = trim(arena, line, (size_t)(equals - line));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (strcasecmp(settings[i].name, name) == 0)
            *(const char **)((char *)profile + settings[i].offset) = trim(arena, equals + 1, strlen(equals + 1));
}

/* The name in "[profile  shop]", or NULL for sections that are no profiles ("[sso-session x]", "[services x]"). */
static const char *section_name(struct arena *arena, const char *line, bool config) {
    const char *inside = trim(arena, line + 1, strcspn(line + 1, "]"));
    if (!config || strcmp(inside, "default") == 0)
        return inside;
    const size_t length = strlen("profile");
    if (strncmp(inside, "profile", length) != 0 || !inside[length] || !strchr(SPACE, inside[length]))
        return NULL;
    const char *name = trim(arena, inside + length, strlen(inside + length));
    const size_t size = strlen(name);
    const bool quoted = size >= 2 && strchr("\"'", name[0]) && name[size - 1] == name[0];
    return quoted ? arena_strndup(arena, name + 1, size - 2) : name;
}

void profile_read(struct arena *arena, const char *text, bool config, struct profile *profile) {
    bool ours = false;
    while (*text) {
        const size_t length = strcspn(text, "\n");
        const char *line = trim(arena, text, length);
        const bool nested = strchr(SPACE, *text) != NULL; /* "s3 =" and below it, further in, settings of its own */
        if (*line == '[' && strchr(line, ']')) {
            ours = str_equal(section_name(arena, line, config), profile->name);
            profile->exists = profile->exists || ours;
        } else if (ours && !nested && *line && *line != '#' && *line != ';') {
            take_setting(arena, line, profile);
        }
        text += length;
        text += *text == '\n';
    }
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

const char *profile_in_use(void) {
    const char *name = variable("AWS_PROFILE");
    if (!name)
        name = variable("AWS_DEFAULT_PROFILE");
    return name ? name : "default";
}

bool profile_read_file(struct arena *arena, const char *path, const char **out, struct err *err) {
    size_t size;
    if (!file_get(arena, path, FILE_CEILING, out, &size, err))
        return false;
    while (size > 0 && strchr(SPACE "\n", (*out)[size - 1]))
        size--;
    *out = arena_strndup(arena, *out, size);
    return true;
}

static bool add_file(struct arena *arena, const char *name, const char *usual, bool config, struct profile *profile,
                     struct err *err) {
    const char *path = variable(name);
    const char *home = variable("HOME");
    const char *text;
    if (!path && home)
        path = arena_printf(arena, "%s/.aws/%s", home, usual);
    if (!path || access(path, F_OK) != 0)
        return true;
    if (!profile_read_file(arena, path, &text, err))
        return false;
    profile_read(arena, text, config, profile);
    return true;
}

bool profile_load(struct arena *arena, const char *name, struct profile *out, struct err *err) {
    struct profile profile = {.name = name};
    if (!add_file(arena, "AWS_CONFIG_FILE", "config", true, &profile, err) ||
        !add_file(arena, "AWS_SHARED_CREDENTIALS_FILE", "credentials", false, &profile, err))
        return false;
    *out = profile;
    return true;
}
