/*
 * The credential chain: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
#include "runner/aws/credentials.h"

#include "common/clock.h"
#include "common/str.h"
#include "runner/aws/assume_role.h"
#include "runner/aws/profile.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 3
#define TRIES_MOST 20
#define CHAIN_MAX 8 /* profiles that name each other */
#define DURATION_LEAST 900
#define DURATION_MOST 43200

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static struct aws_shared *new_shared(void) {
    struct aws_shared *shared = calloc(1, sizeof *shared);
    const char *text = variable("AWS_MAX_ATTEMPTS");
    long long tries = TRIES;
    if (!shared)
        abort();
    if (text && !str_to_int64(text, 1, TRIES_MOST, &tries))
        tries = TRIES;
    retry_init(&shared->retry, (int)tries);
    return shared;
}

struct aws *aws_new(void) {
    struct aws *aws = calloc(1, sizeof *aws);
    if (!aws)
        abort();
    identity_init(aws, new_shared(), credentials_find);
    aws->remembers_none = true;
    return aws;
}

const char *aws_region(struct arena *arena) {
    struct profile profile;
    if (variable("AWS_REGION"))
        return variable("AWS_REGION");
    if (variable("AWS_DEFAULT_REGION"))
        return variable("AWS_DEFAULT_REGION");
    return profile_load(arena, profile_in_use(), &profile, NULL) ? profile.region : NULL;
}

bool credentials_from_environment(struct arena *arena, struct credentials_found *out, bool *found, struct err *err) {
    const char *access_key = variable("AWS_ACCESS_KEY_ID");
    const char *secret_key = variable("AWS_SECRET_ACCESS_KEY");
    *found = access_key && secret_key;
    if (!access_key != !secret_key)
        return err_set(err, ERR_DENIED, "%s is set and %s is not",
                       access_key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       access_key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    if (*found)
        *out = (struct credentials_found){
            .credentials = {.access_key = arena_strdup(arena, access_key),
                            .secret_key = arena_strdup(arena, secret_key),
                            .session_token = arena_strdup(arena, variable("AWS_SESSION_TOKEN"))}};
    return true;
}

/* ---- roles of profiles ---- */

/* Whose keys a role's are asked for with: those of one place, known already. */
static bool provide_known(struct aws *aws, struct arena *arena, struct credentials_found *out, struct err *err) {
    (void)arena;
    (void)err;
    *out = aws->found;
    return true;
}

static const char *region_for(const struct profile *profile) {
    const char *region = variable("AWS_REGION") ? variable("AWS_REGION") : variable("AWS_DEFAULT_REGION");
    if (!region)
        region = profile->region;
    return region ? region : "us-east-1";
}

static bool read_duration(const struct profile *profile, int *out, struct err *err) {
    long long seconds = 0;
    if (profile->duration_seconds && !str_to_int64(profile->duration_seconds, DURATION_LEAST, DURATION_MOST, &seconds))
        return err_set(err, ERR_INVALID, "duration_seconds of profile '%s' must be %d to %d, not '%.50s'",
                       profile->name, DURATION_LEAST, DURATION_MOST, profile->duration_seconds);
    *out = (int)seconds;
    return true;
}

static const char *session_name(struct arena *arena, const char *given) {
    return given ? given
                 : arena_printf(arena, "penstock-runner-%lld", (long long)(clock_wall_ms(&clock_system) / 1000));
}

static bool from_source(struct aws *self, struct arena *arena, const struct profile *profile,
                        const struct credentials_found *source, struct credentials_found *out, struct err *err) {
    struct assume_role wanted = {.role_arn = profile->role_arn,
                                 .session_name = session_name(arena, profile->role_session_name),
                                 .external_id = profile->external_id,
                                 .region = region_for(profile),
                                 .timeout_ms = identity_patience_ms(self)};
    struct aws asking;
    if (!read_duration(profile, &wanted.duration_seconds, err))
        return false;
    identity_init(&asking, self->shared, provide_known);
    asking.found = *source;
    const bool good = assume_role(&asking, arena, &wanted, out, err);
    identity_release(&asking);
    return good;
}

static bool from_web_identity(struct aws *self, struct arena *arena, const struct profile *profile, const char *file,
                              const char *role_arn, const char *name, struct credentials_found *out, struct err *err) {
    struct assume_role wanted = {.role_arn = role_arn,
                                 .session_name = session_name(arena, name),
                                 .region = region_for(profile),
                                 .timeout_ms = identity_patience_ms(self)};
    if (!role_arn)
        return err_set(err, ERR_DENIED, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
    if (!read_duration(profile, &wanted.duration_seconds, err) ||
        !profile_read_file(arena, file, &wanted.web_identity_token, err))
        return false;
    if (!*wanted.web_identity_token)
        return err_set(err, ERR_DENIED, "the web identity token in '%.300s' is empty", file);
    return assume_role(self, arena, &wanted, out, err);
}

static bool from_named_place(struct arena *arena, const char *place, struct credentials_found *out, struct err *err) {
    static const struct {
        const char *name;
        bool (*look)(struct arena *, struct credentials_found *, bool *, struct err *);
    } places[] = {{"Environment", credentials_from_environment},
                  {"EcsContainer", credentials_from_container},
                  {"Ec2InstanceMetadata", credentials_from_instance}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        bool found = false;
        if (!str_equal(places[i].name, place))
            continue;
        if (!places[i].look(arena, out, &found, err))
            return false;
        return found || err_set(err, ERR_DENIED, "credential_source %s has no credentials", place);
    }
    return err_set(err, ERR_INVALID,
                   "credential_source must be Environment, EcsContainer or Ec2InstanceMetadata, not '%.50s'", place);
}

static bool static_keys(const struct profile *profile, struct credentials_found *out, bool *found, struct err *err) {
    *found = profile->access_key || profile->secret_key;
    if (*found && !(profile->access_key && profile->secret_key))
        return err_set(err, ERR_DENIED, "profile '%s' lacks one of its two keys", profile->name);
    if (*found)
        *out = (struct credentials_found){.credentials = {.access_key = profile->access_key,
                                                          .secret_key = profile->secret_key,
                                                          .session_token = profile->session_token}};
    return true;
}

static bool from_profile(struct aws *self, struct arena *arena, const char *name, int depth,
                         struct credentials_found *out, bool *found, struct err *err);

static bool from_role_of_profile(struct aws *self, struct arena *arena, const struct profile *profile, int depth,
                                 struct credentials_found *out, struct err *err) {
    struct credentials_found source;
    bool found = false;
    if (profile->mfa_serial)
        return err_set(
            err, ERR_DENIED,
            "profile '%s' wants a code of %.100s for its role, and nobody sits at a runner to type one; give "
            "the runner a role without MFA",
            profile->name, profile->mfa_serial);
    if (!profile->source_profile == !profile->credential_source)
        return err_set(err, ERR_INVALID,
                       "profile '%s' has a role_arn and needs one of source_profile and "
                       "credential_source",
                       profile->name);
    if (profile->credential_source)
        return from_named_place(arena, profile->credential_source, &source, err) &&
               from_source(self, arena, profile, &source, out, err);
    if (depth >= CHAIN_MAX)
        return err_set(err, ERR_INVALID, "profile '%s': source_profile goes round in a circle", profile->name);
    /* A profile that names itself means its own keys. */
    if (str_equal(profile->source_profile, profile->name)) {
        if (!static_keys(profile, &source, &found, err))
            return false;
    } else if (!from_profile(self, arena, profile->source_profile, depth + 1, &source, &found, err)) {
        return false;
    }
    if (!found)
        return err_set(err, ERR_DENIED, "source_profile '%s' of profile '%s' has no credentials",
                       profile->source_profile, profile->name);
    return from_source(self, arena, profile, &source, out, err);
}

static bool from_profile(struct aws *self, struct arena *arena, const char *name, int depth,
                         struct credentials_found *out, bool *found, struct err *err) {
    struct profile profile;
    if (!profile_load(arena, name, &profile, err))
        return false;
    if (!profile.exists && (depth > 0 || variable("AWS_PROFILE")))
        return err_set(err, ERR_DENIED, "there is no profile '%s' in ~/.aws/config or ~/.aws/credentials", name);
    *found = true;
    if (profile.role_arn && profile.web_identity_token_file)
        return from_web_identity(self, arena, &profile, profile.web_identity_token_file, profile.role_arn,
                                 profile.role_session_name, out, err);
    if (profile.role_arn)
        return from_role_of_profile(self, arena, &profile, depth, out, err);
    if (depth == 0 && variable("AWS_WEB_IDENTITY_TOKEN_FILE"))
        return from_web_identity(self, arena, &profile, variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
                                 variable("AWS_ROLE_ARN"), variable("AWS_ROLE_SESSION_NAME"), out, err);
    if (!static_keys(&profile, out, found, err))
        return false;
    if (*found)
        return true;
    *found = profile.credential_process != NULL;
    if (*found)
        return credentials_from_process(arena, profile.credential_process, out, err);
    if (profile.sso_session || profile.sso_start_url)
        return err_set(err, ERR_DENIED,
                       "profile '%s' signs in by SSO, which needs a person; give the runner a role or keys of its own",
                       name);
    return true;
}

bool credentials_find(struct aws *self, struct arena *arena, struct credentials_found *out, struct err *err) {
    bool found = false;
    if (!credentials_from_environment(arena, out, &found, err))
        return false;
    if (!found && !from_profile(self, arena, profile_in_use(), 0, out, &found, err))
        return false;
    if (!found && !credentials_from_container(arena, out, &found, err))
        return false;
    if (!found && !credentials_from_instance(arena, out, &found, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND,
                            "the runner has no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                            "give its machine a role");
}
