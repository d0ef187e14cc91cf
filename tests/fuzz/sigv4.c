/*
 * SigV4, both ways. The input is lines: an Authorization header, method, path, query, headers ("name:value") up to an
 * empty line, and then the body. What is signed verifies; what came from outside does not, and breaks nothing.
 */
#include "common/sigv4.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "tests/fuzz/target.h"

#include <string.h>

#define NOW "20261123T034901Z"
#define HEADERS_MOST 20

static char *next_line(char **rest) {
    static char nothing[1];
    char *line = strsep(rest, "\n");
    return line ? line : nothing;
}

static bool is_header_name(const char *name) {
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(name);
}

static void read_request(char *text, struct sigv4_request *request, struct http_header *headers) {
    request->method = next_line(&text);
    request->path = next_line(&text);
    request->query = next_line(&text);
    request->headers = headers;
    while (text && request->header_count < HEADERS_MOST) {
        char *value = next_line(&text);
        if (!*value)
            break;
        char *name = strsep(&value, ":");
        if (value && is_header_name(name))
            headers[request->header_count++] = (struct http_header){.name = name, .value = value};
    }
    request->body = text ? text : "";
    request->body_size = strlen(request->body);
}

static void sign_and_verify(struct arena *arena, const struct sigv4_request *request, const char *service) {
    const struct sigv4_credentials credentials = {.access_key = "AKID", .secret_key = "secret", .session_token = "t"};
    const struct sigv4_scope scope = {.region = "eu-central-1", .service = service};
    int64_t now = clock_parse_basic(NOW);
    struct sigv4_request signed_request = *request;
    sigv4_sign(arena, request, "shop.example.com", &credentials, &scope, now, &signed_request.headers,
               &signed_request.header_count);
    const struct http_header *last = &signed_request.headers[signed_request.header_count - 1];
    struct sigv4_authorization authorization;
    struct err err;
    TARGET_CHECK(sigv4_parse(arena, last->value, &authorization, &err));
    bool good = sigv4_verify(arena, &signed_request, &authorization, "secret", now, &err);
    /* A body's hash that the caller gives is not checked when signing. */
    TARGET_CHECK(good || strstr(err.message, "x-amz-content-sha256"));
    TARGET_CHECK(!sigv4_verify(arena, &signed_request, &authorization, "Secret", now, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    hash_init();
    char *text = arena_strndup(&arena, (const char *)bytes, size);
    const char *header = next_line(&text);
    struct sigv4_request request = {0};
    struct http_header headers[HEADERS_MOST];
    read_request(text, &request, headers);
    struct sigv4_authorization authorization;
    struct err err = {0};
    int64_t now = clock_parse_basic(NOW);
    if (sigv4_parse(&arena, header, &authorization, &err)) {
        bool good = sigv4_verify(&arena, &request, &authorization, "testing", now, &err);
        TARGET_CHECK(good || (err.kind == ERR_DENIED && err.code));
    } else {
        TARGET_CHECK(err.kind == ERR_DENIED && err.code);
    }
    TARGET_CHECK(!sigv4_verify_git(&arena, header, "h", request.path, "r", "another secret", now, &err));
    sign_and_verify(&arena, &request, "codepipeline");
    sign_and_verify(&arena, &request, "s3");
    return 0;
}
