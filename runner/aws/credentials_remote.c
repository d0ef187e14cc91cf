/*
 * Credentials that a container's or an instance's own address gives out.
 */
#include "runner/aws/credentials.h"

#include "common/http_client.h"
#include "common/json.h"
#include "common/str.h"
#include "runner/aws/assume_role.h"
#include "runner/aws/profile.h"

#include <stdlib.h>
#include <string.h>

#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST "http://169.254.169.254"
#define INSTANCE_HOST_6 "http://[fd00:ec2::254]"
#define CONTAINER_MS 2000
#define CONTAINER_TRIES 3
#define INSTANCE_MS 1000
#define SMALL_ANSWER ((size_t)64 * 1024)

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* These addresses are on this machine or beside it: no proxy. */
static bool get(struct arena *arena, const struct http_request *request, struct http_answer *answer, struct err *err) {
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request small = *request;
    small.answer_ceiling = SMALL_ANSWER;
    if (!http_send(client, arena, &small, answer, err))
        return err_wrap(err, "asking '%.200s' for credentials", request->url);
    if (answer->status == 200)
        return true;
    return err_set(err, answer->status >= 500 ? ERR_UNAVAILABLE : ERR_DENIED,
                   "asking '%.200s' for credentials: it answered %d", request->url, answer->status);
}

static bool decode(struct arena *arena, const struct http_answer *answer, struct credentials_found *out,
                   struct err *err) {
    const struct json *body;
    if (!json_parse(arena, answer->body, answer->body_size, &body, err))
        return err_wrap(err, "the credentials that came");
    const char *code = json_get_text(body, "Code"); /* instances: there with "Success", or with what is wrong */
    if (code && !str_equal(code, "Success"))
        return err_set(err, ERR_DENIED, "the instance has no credentials to give: %.100s: %.300s", code,
                       json_get_text_or(body, "Message", ""));
    *out = (struct credentials_found){.credentials = {.access_key = json_get_text(body, "AccessKeyId"),
                                                      .secret_key = json_get_text(body, "SecretAccessKey"),
                                                      .session_token = json_get_text(body, "Token")},
                                      .expires_ms = credentials_parse_time(json_get_text(body, "Expiration"))};
    return (out->credentials.access_key && out->credentials.secret_key) ||
           err_set(err, ERR_DENIED, "the credentials that came lack a key");
}

/* ---- container ---- */

bool credentials_uri_is_safe(const char *uri) {
    static const char *const allowed[] = {
        "https://",     "http://127.0.0.1",      "http://localhost",     "http://[::1]",
        CONTAINER_HOST, "http://169.254.170.23", "http://[fd00:ec2::23]"};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        size_t length = strlen(allowed[i]);
        if (strncmp(uri, allowed[i], length) != 0)
            continue;
        const char *rest = uri + length;
        if (*rest == ':' && i > 0) /* a port: "http://127.0.0.1:80@elsewhere" is a name and a password */
            rest += 1 + strspn(rest + 1, "0123456789");
        if (i == 0 || *rest == '/' || *rest == '\0')
            return true;
    }
    return false;
}

/* Read afresh each time: EKS puts a new one there every hour. */
static bool container_token(struct arena *arena, const char **out, struct err *err) {
    const char *file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    *out = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (file && !profile_read_file(arena, file, out, err))
        return err_wrap(err, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (*out && strpbrk(*out, "\r\n"))
        return err_set(err, ERR_DENIED, "the container's authorization token holds a line break");
    return true;
}

bool credentials_from_container(struct arena *arena, struct credentials_found *out, bool *found, struct err *err) {
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *token;
    *found = relative || full;
    if (!*found)
        return true;
    if (!relative && !credentials_uri_is_safe(full))
        return err_set(err, ERR_DENIED,
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, on this machine, or one of AWS's own "
                       "addresses, not '%.200s'",
                       full);
    if (!container_token(arena, &token, err))
        return false;
    const struct http_header header = {.name = "Authorization", .value = token};
    const struct http_request request = {.method = "GET",
                                         .url = relative ? arena_printf(arena, CONTAINER_HOST "%s", relative) : full,
                                         .headers = &header,
                                         .header_count = token ? 1 : 0,
                                         .connect_timeout_ms = CONTAINER_MS,
                                         .timeout_ms = CONTAINER_MS};
    struct http_answer answer;
    struct err own = {0};
    for (int tries = 0; tries < CONTAINER_TRIES; tries++) {
        if (get(arena, &request, &answer, &own))
            return decode(arena, &answer, out, err);
        if (own.kind != ERR_UNAVAILABLE)
            break;
    }
    return err_set(err, own.kind, "%s", own.message);
}

/* ---- instance ---- */

static const char *instance_host(struct arena *arena) {
    const char *given = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (given)
        return arena_printf(arena, "%.*s", (int)(strlen(given) - str_ends_with(given, "/")), given);
    return mode && str_equal(mode, "IPv6") ? INSTANCE_HOST_6 : INSTANCE_HOST;
}

static bool instance_get(struct arena *arena, const char *path, const struct http_header *token,
                         struct http_answer *answer, struct err *err) {
    const struct http_request request = {.method = "GET",
                                         .url = arena_printf(arena, "%s%s", instance_host(arena), path),
                                         .headers = token,
                                         .header_count = 1,
                                         .connect_timeout_ms = INSTANCE_MS,
                                         .timeout_ms = INSTANCE_MS};
    return get(arena, &request, answer, err);
}

/* IMDSv2 only: a version without a token can be asked through any careless proxy on the machine. */
bool credentials_from_instance(struct arena *arena, struct credentials_found *out, bool *found, struct err *err) {
    static const char folder[] = "/latest/meta-data/iam/security-credentials/";
    const struct http_header wanted = {.name = "X-aws-ec2-metadata-token-ttl-seconds", .value = "21600"};
    const struct http_request request = {.method = "PUT",
                                         .url = arena_printf(arena, "%s/latest/api/token", instance_host(arena)),
                                         .headers = &wanted,
                                         .header_count = 1,
                                         .connect_timeout_ms = INSTANCE_MS,
                                         .timeout_ms = INSTANCE_MS};
    struct http_answer answer;
    *found = false;
    if (str_equal(variable("AWS_EC2_METADATA_DISABLED"), "true") || !get(arena, &request, &answer, NULL))
        return true;
    const struct http_header token = {.name = "X-aws-ec2-metadata-token", .value = answer.body};
    if (!instance_get(arena, folder, &token, &answer, NULL))
        return true;
    const char *role = arena_strndup(arena, answer.body, strcspn(answer.body, "\r\n"));
    *found = *role != '\0';
    return !*found || (instance_get(arena, arena_printf(arena, "%s%s", folder, role), &token, &answer, err) &&
                       decode(arena, &answer, out, err));
}
