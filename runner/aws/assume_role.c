/*
 * AssumeRole and AssumeRoleWithWebIdentity, and identities that are roles.
 */
#include "runner/aws/assume_role.h"

#include "common/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SESSION_NAME_MAX 64

int64_t credentials_parse_time(const char *text) {
    struct tm moment = {0};
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &moment) : NULL;
    if (!end)
        return 0;
    if (*end == '.') /* fractions: some services send milliseconds */
        end += 1 + strspn(end + 1, "0123456789");
    const bool is_utc = str_equal(end, "Z") || str_equal(end, "+00:00");
    return is_utc ? (int64_t)timegm(&moment) * 1000 : 0;
}

const char *assume_role_session_name(struct arena *arena, const char *text) {
    char *name = arena_strndup(arena, text, strnlen(text, SESSION_NAME_MAX));
    for (char *letter = name; *letter; letter++)
        if (!isalnum((unsigned char)*letter) && !strchr("_+=,.@-", *letter))
            *letter = '-';
    return strlen(name) >= 2 ? name : arena_printf(arena, "penstock-%s", name);
}

static bool read_keys(const struct json *answer, struct credentials_found *out, struct err *err) {
    const struct json *keys = json_get(answer, "Credentials");
    *out = (struct credentials_found){.credentials = {.access_key = json_get_text(keys, "AccessKeyId"),
                                                      .secret_key = json_get_text(keys, "SecretAccessKey"),
                                                      .session_token = json_get_text(keys, "SessionToken")},
                                      .expires_ms = credentials_parse_time(json_get_text(keys, "Expiration"))};
    return (out->credentials.access_key && out->credentials.secret_key && out->credentials.session_token) ||
           err_set(err, ERR_INTERNAL, "STS answered without keys");
}

bool assume_role(struct aws *source, struct arena *arena, const struct assume_role *wanted,
                 struct credentials_found *out, struct err *err) {
    struct aws_parameter parameters[5] = {{.name = "RoleArn", .value = wanted->role_arn},
                                          {.name = "RoleSessionName", .value = wanted->session_name}};
    size_t count = 2;
    if (wanted->external_id && !wanted->web_identity_token)
        parameters[count++] = (struct aws_parameter){.name = "ExternalId", .value = wanted->external_id};
    if (wanted->duration_seconds)
        parameters[count++] = (struct aws_parameter){.name = "DurationSeconds",
                                                     .value = arena_printf(arena, "%d", wanted->duration_seconds)};
    if (wanted->web_identity_token)
        parameters[count++] = (struct aws_parameter){.name = "WebIdentityToken", .value = wanted->web_identity_token};
    const struct aws_request request = {.service = "sts",
                                        .host_prefix = "sts",
                                        .region = wanted->region,
                                        .operation =
                                            wanted->web_identity_token ? "AssumeRoleWithWebIdentity" : "AssumeRole",
                                        .version = "2011-06-15",
                                        .parameters = parameters,
                                        .parameter_count = count,
                                        .timeout_ms = wanted->timeout_ms,
                                        .anonymous = wanted->web_identity_token != NULL};
    const struct json *answer = NULL;
    return (aws_call_query(source, arena, &request, &answer, err) && read_keys(answer, out, err)) ||
           err_wrap(err, "taking on the role '%.200s'", wanted->role_arn);
}

static bool provide(struct aws *aws, struct arena *arena, struct credentials_found *out, struct err *err) {
    const struct assume_role wanted = {.role_arn = aws->role_arn,
                                       .session_name = aws->session_name,
                                       .region = aws->region,
                                       .timeout_ms = identity_patience_ms(aws)};
    return assume_role(aws->source, arena, &wanted, out, err);
}

struct aws *aws_for_role(struct aws *aws, const char *role_arn, const char *session_name, const char *region) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *name = assume_role_session_name(&arena, session_name);
    pthread_mutex_lock(&aws->mutex);
    struct aws *role = aws->roles;
    while (role && !(str_equal(role->role_arn, role_arn) && str_equal(role->session_name, name) &&
                     str_equal(role->region, region)))
        role = role->next_role;
    if (!role) {
        role = calloc(1, sizeof *role);
        if (!role)
            abort();
        identity_init(role, aws->shared, provide);
        role->source = aws;
        role->role_arn = strdup(role_arn);
        role->session_name = strdup(name);
        role->region = strdup(region);
        if (!role->role_arn || !role->session_name || !role->region)
            abort();
        role->next_role = aws->roles;
        aws->roles = role;
    }
    pthread_mutex_unlock(&aws->mutex);
    return role;
}
