/*
 * The credential chain: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
#include "runner/aws/credentials.h"

#include "common/http_client.h"
#include "common/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_CEILING (1024 * 1024)
#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST "http://169.254.169.254"
#define CONTAINER_MS 2000
#define INSTANCE_MS 1000

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool credentials_from_environment(struct arena *arena, struct credentials_found *out, bool *found, struct err *err) {
    (void)err;
    *found = variable("AWS_ACCESS_KEY_ID") && variable("AWS_SECRET_ACCESS_KEY");
    if (*found)
        *out = (struct credentials_found){
            .credentials = {.access_key = arena_strdup(arena, variable("AWS_ACCESS_KEY_ID")),
                            .secret_key = arena_strdup(arena, variable("AWS_SECRET_ACCESS_KEY")),
                            .session_token = arena_strdup(arena, variable("AWS_SESSION_TOKEN"))}};
    return true;
}

static const char *trim(struct arena *arena, const char *text, size_t length) {
    while (length > 0 && strchr(" \t\r", text[0])) {
        text++;
        length--;
    }
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        length--;
    return arena_strndup(arena, text, length);
}

static void take_key(struct arena *arena, const char *line, size_t length, struct aws_credentials *out) {
    const char *equals = memchr(line, '=', length);
    if (!equals || line[0] == '#' || line[0] == ';')
        return;
    const char *name = trim(arena, line, (size_t)(equals - line));
    const char *value = trim(arena, equals + 1, (size_t)(line + length - equals - 1));
    if (strcmp(name, "aws_access_key_id") == 0)
        out->access_key = value;
    else if (strcmp(name, "aws_secret_access_key") == 0)
        out->secret_key = value;
    else if (strcmp(name, "aws_session_token") == 0)
        out->session_token = value;
}

void credentials_parse_profile(struct arena *arena, const char *text, const char *profile,
                               struct aws_credentials *out) {
    bool ours = false;
    *out = (struct aws_credentials){0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        const char *line = trim(arena, text, length);
        size_t line_length = strlen(line);
        if (line[0] == '[' && line[line_length - 1] == ']')
            ours = strcmp(trim(arena, line + 1, line_length - 2), profile) == 0;
        else if (ours && *line)
            take_key(arena, line, line_length, out);
        text += length;
        text += *text == '\n';
    }
}

static void close_file(FILE **file) {
    if (*file)
        (void)fclose(*file);
}

static bool read_file(struct arena *arena, const char *path, const char **out) {
    FILE *file CLEANUP(close_file) = fopen(path, "re");
    if (!file)
        return false;
    struct str text CLEANUP(str_release) = STR_INIT(FILE_CEILING);
    char piece[4096];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        str_append_bytes(&text, piece, got);
    *out = arena_strdup(arena, str_text(&text));
    return !ferror(file);
}

bool credentials_from_file(struct arena *arena, struct credentials_found *out, bool *found, struct err *err) {
    const char *path = variable("AWS_SHARED_CREDENTIALS_FILE");
    const char *profile = variable("AWS_PROFILE") ? variable("AWS_PROFILE") : "default";
    const char *home = variable("HOME");
    const char *text;
    *found = false;
    if (!path && home)
        path = arena_printf(arena, "%s/.aws/credentials", home);
    if (!path || !read_file(arena, path, &text))
        return true;
    struct aws_credentials credentials;
    credentials_parse_profile(arena, text, profile, &credentials);
    if (!credentials.access_key && !credentials.secret_key)
        return true;
    if (!credentials.access_key || !credentials.secret_key)
        return err_set(err, ERR_DENIED, "profile '%s' in '%s' lacks one of its two keys", profile, path);
    *out = (struct credentials_found){.credentials = credentials};
    *found = true;
    return true;
}

int64_t credentials_parse_time(const char *text) {
    struct tm moment = {0};
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &moment) : NULL;
    return end && *end == 'Z' ? (int64_t)timegm(&moment) * 1000 : 0;
}

static bool get(struct arena *arena, const struct http_request *request, struct http_answer *answer, struct err *err) {
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    if (!http_send(client, arena, request, answer, err))
        return false;
    if (answer->status == 200)
        return true;
    return err_set(err, ERR_DENIED, "the credentials' address answered %d", answer->status);
}

static bool decode(struct arena *arena, const struct http_answer *answer, struct credentials_found *out,
                   struct err *err) {
    const struct json *body;
    if (!json_parse(arena, answer->body, answer->body_size, &body, err))
        return err_wrap(err, "the credentials that came");
    *out = (struct credentials_found){.credentials = {.access_key = json_get_text(body, "AccessKeyId"),
                                                      .secret_key = json_get_text(body, "SecretAccessKey"),
                                                      .session_token = json_get_text(body, "Token")},
                                      .expires_ms = credentials_parse_time(json_get_text(body, "Expiration"))};
    return (out->credentials.access_key && out->credentials.secret_key) ||
           err_set(err, ERR_DENIED, "the credentials that came lack a key");
}

/* AWS lets a full URI only point where nobody else listens. */
static bool is_safe_uri(const char *uri) {
    static const char *const allowed[] = {
        "https://",     "http://127.0.0.1",      "http://localhost",     "http://[::1]",
        CONTAINER_HOST, "http://169.254.170.23", "http://[fd00:ec2::23]"};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        size_t length = strlen(allowed[i]);
        if (strncmp(uri, allowed[i], length) == 0 && (i == 0 || strchr(":/", uri[length])))
            return true;
    }
    return false;
}

bool credentials_from_container(struct arena *arena, struct credentials_found *out, bool *found, struct err *err) {
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const char *token_file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    *found = relative || full;
    if (!*found)
        return true;
    if (!relative && !is_safe_uri(full))
        return err_set(err, ERR_DENIED, "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https or on this machine");
    if (token_file && !read_file(arena, token_file, &token))
        return err_set_errno(err, errno, "unable to read '%s'", token_file);
    const struct http_header header = {.name = "Authorization",
                                       .value = token ? trim(arena, token, strcspn(token, "\n")) : ""};
    const struct http_request request = {.method = "GET",
                                         .url = relative ? arena_printf(arena, CONTAINER_HOST "%s", relative) : full,
                                         .headers = &header,
                                         .header_count = token && !relative ? 1 : 0,
                                         .connect_timeout_ms = CONTAINER_MS,
                                         .timeout_ms = CONTAINER_MS};
    struct http_answer answer;
    return get(arena, &request, &answer, err) && decode(arena, &answer, out, err);
}

static bool instance_get(struct arena *arena, const char *path, const struct http_header *token,
                         struct http_answer *answer, struct err *err) {
    const struct http_request request = {.method = "GET",
                                         .url = arena_printf(arena, INSTANCE_HOST "%s", path),
                                         .headers = token,
                                         .header_count = 1,
                                         .connect_timeout_ms = INSTANCE_MS,
                                         .timeout_ms = INSTANCE_MS};
    return get(arena, &request, answer, err);
}

/* IMDSv2. A machine that is no EC2 instance does not answer: then there is nothing here. */
bool credentials_from_instance(struct arena *arena, struct credentials_found *out, bool *found, struct err *err) {
    static const char folder[] = "/latest/meta-data/iam/security-credentials/";
    const struct http_header wanted = {.name = "X-aws-ec2-metadata-token-ttl-seconds", .value = "21600"};
    const struct http_request request = {.method = "PUT",
                                         .url = INSTANCE_HOST "/latest/api/token",
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
    const char *role = trim(arena, answer.body, strcspn(answer.body, "\n"));
    *found = *role != '\0';
    return !*found || (instance_get(arena, arena_printf(arena, "%s%s", folder, role), &token, &answer, err) &&
                       decode(arena, &answer, out, err));
}
