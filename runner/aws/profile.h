/*
 * AWS's shared files: ~/.aws/config (AWS_CONFIG_FILE) and ~/.aws/credentials (AWS_SHARED_CREDENTIALS_FILE). A profile
 * is what both say of it; where both say something, the second file is right, as with AWS's own clients.
 */
#ifndef RUNNER_AWS_PROFILE_H
#define RUNNER_AWS_PROFILE_H

#include "common/arena.h"
#include "common/err.h"

struct profile {
    const char *name;
    bool exists;
    const char *access_key;
    const char *secret_key;
    const char *session_token;
    const char *role_arn;
    const char *source_profile;
    const char *credential_source;
    const char *external_id;
    const char *role_session_name;
    const char *duration_seconds;
    const char *mfa_serial;
    const char *web_identity_token_file;
    const char *credential_process;
    const char *region;
    const char *sso_session;
    const char *sso_start_url;
};

/* AWS_PROFILE, AWS_DEFAULT_PROFILE, or "default". */
const char *profile_in_use(void);

/* Reads both files; what is not there is NULL. Errors: a file that is there and cannot be read. */
bool profile_load(struct arena *arena, const char *name, struct profile *out, struct err *err);

/* Adds what one file's text says. In `config` sections are called "profile NAME", but for "default". Pure. */
void profile_read(struct arena *arena, const char *text, bool config, struct profile *profile);

/* A whole small file, without the white space at its end. */
bool profile_read_file(struct arena *arena, const char *path, const char **out, struct err *err);

#endif
