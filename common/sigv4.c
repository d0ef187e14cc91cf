/*
 * Signature Version 4, after AWS's description and after what recorded requests of the command line, boto3, the Go and
 * the JavaScript clients show. Signing and verifying build the same canonical request in sigv4_canonical.c; what is
 * here is the chain of keys, the headers, and the checks of a verifier.
 */
#include "common/sigv4.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/sigv4_canonical.h"
#include "common/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LENGTH 8
#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
#define INVALID_SIGNATURE "InvalidSignatureException"
#define INCOMPLETE_SIGNATURE "IncompleteSignatureException"

static void derive_key(const char *secret, const char *date, const char *region, const char *service,
                       uint8_t out[SHA256_BYTES]) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *first = arena_printf(&arena, "AWS4%s", secret);
    hash_hmac_sha256(first, strlen(first), date, strlen(date), out);
    hash_wipe(first, strlen(first));
    hash_hmac_sha256(out, SHA256_BYTES, region, strlen(region), out);
    hash_hmac_sha256(out, SHA256_BYTES, service, strlen(service), out);
    hash_hmac_sha256(out, SHA256_BYTES, "aws4_request", strlen("aws4_request"), out);
}

/* `moment` is the time as the string to sign wants it; its first eight characters are the scope's date. */
static void compute_signature(struct arena *arena, const char *canonical, const char *moment, const char *region,
                              const char *service, const char *secret, char out[SHA256_HEX_SIZE]) {
    char canonical_hash[SHA256_HEX_SIZE];
    hash_sha256_hex(canonical, strlen(canonical), canonical_hash);
    const char *date = arena_strndup(arena, moment, DATE_LENGTH);
    const char *to_sign =
        arena_printf(arena, ALGORITHM "\n%s\n%s/%s/%s/aws4_request\n%s", moment, date, region, service, canonical_hash);
    uint8_t key[SHA256_BYTES];
    uint8_t digest[SHA256_BYTES];
    derive_key(secret, date, region, service, key);
    hash_hmac_sha256(key, sizeof key, to_sign, strlen(to_sign), digest);
    hash_to_hex(digest, sizeof digest, out);
    hash_wipe(key, sizeof key);
}

/* ---- signing ---- */

/* Headers that something between here and there may change or drop. */
static bool is_signable(const char *name) {
    static const char *const never[] = {"authorization",     "connection",     "expect",         "user-agent", "te",
                                        "transfer-encoding", "content-length", "accept-encoding"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcasecmp(name, never[i]) == 0)
            return false;
    return true;
}

static int compare_names(const void *a, const void *b) {
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static const char *lower(struct arena *arena, const char *text) {
    char *copy = arena_strdup(arena, text);
    for (char *letter = copy; *letter; letter++)
        if (*letter >= 'A' && *letter <= 'Z')
            *letter = (char)(*letter - 'A' + 'a');
    return copy;
}

/* "content-type;host;x-amz-date": lower case, sorted, each once. */
static const char *list_signed(struct arena *arena, const struct http_header *headers, size_t count) {
    const char **names = arena_array(arena, const char *, count);
    size_t used = 0;
    size_t room = 1;
    for (size_t i = 0; i < count; i++) {
        if (!is_signable(headers[i].name))
            continue;
        names[used++] = lower(arena, headers[i].name);
        room += strlen(headers[i].name) + 1;
    }
    qsort(names, used, sizeof *names, compare_names);
    struct str list CLEANUP(str_release) = STR_INIT(room);
    for (size_t i = 0; i < used; i++) {
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
            continue;
        if (list.length)
            str_append_char(&list, ';');
        str_append(&list, names[i]);
    }
    return arena_strdup(arena, str_text(&list));
}

/* The caller's headers without those that signing sets itself. */
static size_t copy_headers(const struct sigv4_request *request, struct http_header *out) {
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        if (!request->headers[i].value || strcasecmp(name, "host") == 0 || strcasecmp(name, "x-amz-date") == 0 ||
            strcasecmp(name, "authorization") == 0 || strcasecmp(name, "x-amz-security-token") == 0)
            continue;
        out[count++] = request->headers[i];
    }
    return count;
}

void sigv4_sign(struct arena *arena, const struct sigv4_request *request, const char *host,
                const struct sigv4_credentials *credentials, const struct sigv4_scope *scope, int64_t wall_ms,
                const struct http_header **out_headers, size_t *out_count) {
    char moment[CLOCK_TEXT_SIZE];
    clock_format_basic(wall_ms, moment);
    bool s3 = str_equal(scope->service, "s3");
    struct http_header *headers = arena_array(arena, struct http_header, request->header_count + 5);
    size_t count = copy_headers(request, headers);
    headers[count++] = (struct http_header){"Host", arena_strdup(arena, host)};
    headers[count++] = (struct http_header){"X-Amz-Date", arena_strdup(arena, moment)};
    if (credentials->session_token)
        headers[count++] = (struct http_header){"X-Amz-Security-Token", credentials->session_token};

    struct sigv4_request full = *request;
    full.headers = headers;
    const char *payload = sigv4_find_header(headers, count, SIGV4_CONTENT_SHA256);
    if (!payload) {
        char hash[SHA256_HEX_SIZE];
        hash_sha256_hex(request->body, request->body_size, hash);
        payload = arena_strdup(arena, hash);
        if (s3)
            headers[count++] = (struct http_header){"X-Amz-Content-Sha256", payload};
    }
    full.header_count = count;
    const char *signed_headers = list_signed(arena, headers, count);
    const char *canonical = sigv4_canonical_request(arena, &full, signed_headers, payload, s3);
    assert(canonical);
    char signature[SHA256_HEX_SIZE];
    compute_signature(arena, canonical, moment, scope->region, scope->service, credentials->secret_key, signature);
    const char *authorization =
        arena_printf(arena, ALGORITHM " Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
                     credentials->access_key, moment, scope->region, scope->service, signed_headers, signature);
    headers[count++] = (struct http_header){"Authorization", authorization};
    *out_headers = headers;
    *out_count = count;
}

/* ---- reading ---- */

static bool refuse_incomplete(struct err *err, const char *what) {
    return err_set_code(err, ERR_DENIED, INCOMPLETE_SIGNATURE, "the Authorization header %s", what);
}

/* "AKID/20261123/region/service/aws4_request", taken apart from its right end: an access key may hold slashes. */
static bool parse_credential(char *text, struct sigv4_authorization *out, struct err *err) {
    char *parts[4];
    for (size_t i = 4; i-- > 0;) {
        char *slash = strrchr(text, '/');
        if (!slash)
            return refuse_incomplete(err, "has a Credential that is not KEY/DATE/REGION/SERVICE/aws4_request");
        *slash = '\0';
        parts[i] = slash + 1;
    }
    if (!*text || strcmp(parts[3], "aws4_request") != 0 || !*parts[1] || !*parts[2])
        return refuse_incomplete(err, "has a Credential that is not KEY/DATE/REGION/SERVICE/aws4_request");
    if (strlen(parts[0]) != DATE_LENGTH || strspn(parts[0], "0123456789") != DATE_LENGTH)
        return refuse_incomplete(err, "has a Credential whose date is not YYYYMMDD");
    out->access_key = text;
    out->date = parts[0];
    out->region = parts[1];
    out->service = parts[2];
    return true;
}

static bool parse_field(char *field, struct sigv4_authorization *out, struct err *err) {
    char *value = strchr(field, '=');
    if (!value)
        return refuse_incomplete(err, "has a part without '='");
    *value++ = '\0';
    if (strcmp(field, "Credential") == 0 && !out->access_key)
        return parse_credential(value, out, err);
    if (strcmp(field, "SignedHeaders") == 0 && !out->signed_headers) {
        out->signed_headers = value;
        return *value != '\0' || refuse_incomplete(err, "names no signed headers");
    }
    if (strcmp(field, "Signature") == 0 && !out->signature) {
        out->signature = value;
        bool good = strlen(value) == 2 * SHA256_BYTES && strspn(value, "0123456789abcdef") == 2 * SHA256_BYTES;
        return good || refuse_incomplete(err, "has a Signature that is not 64 lower-case hex digits");
    }
    return refuse_incomplete(err, "has a part that is unknown or stands twice");
}

bool sigv4_parse(struct arena *arena, const char *authorization, struct sigv4_authorization *out, struct err *err) {
    if (!authorization)
        return err_set_code(err, ERR_DENIED, "MissingAuthenticationTokenException",
                            "the request has no Authorization header; sign it with an access key");
    if (!str_starts_with(authorization, ALGORITHM " "))
        return refuse_incomplete(err, "does not begin with " ALGORITHM);
    struct sigv4_authorization parsed = {0};
    char *at = arena_strdup(arena, authorization + strlen(ALGORITHM " "));
    while (at) {
        at += strspn(at, " ");
        char *next = strchr(at, ',');
        if (next)
            *next++ = '\0';
        at[strcspn(at, " ")] = '\0';
        if (!parse_field(at, &parsed, err))
            return false;
        at = next;
    }
    if (!parsed.access_key || !parsed.signed_headers || !parsed.signature)
        return refuse_incomplete(err, "needs Credential, SignedHeaders and Signature");
    *out = parsed;
    return true;
}

/* ---- verifying ---- */

static bool refuse_signature(struct err *err, const char *why) {
    return err_set_code(err, ERR_DENIED, INVALID_SIGNATURE, "%s", why);
}

static bool is_listed(const char *signed_headers, const char *name) {
    size_t length = strlen(name);
    for (const char *at = signed_headers; at; at = strchr(at, ';') ? strchr(at, ';') + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == ';' || at[length] == '\0'))
            return true;
    return false;
}

/* What gives a request its meaning must be signed, or it could be changed on the way. */
static bool check_signed_headers(const struct sigv4_request *request, const char *signed_headers, struct err *err) {
    static const char *const needed[] = {"host", "x-amz-date"};
    static const char *const needed_if_sent[] = {"x-amz-target", "x-amz-security-token"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!is_listed(signed_headers, needed[i]))
            return err_set_code(err, ERR_DENIED, INVALID_SIGNATURE, "the header '%s' must be signed", needed[i]);
    for (size_t i = 0; i < sizeof needed_if_sent / sizeof *needed_if_sent; i++)
        if (sigv4_find_header(request->headers, request->header_count, needed_if_sent[i]) &&
            !is_listed(signed_headers, needed_if_sent[i]))
            return err_set_code(err, ERR_DENIED, INVALID_SIGNATURE, "the header '%s' must be signed",
                                needed_if_sent[i]);
    return true;
}

static bool check_moment(const char *moment, const char *date, int64_t wall_ms, struct err *err) {
    int64_t signed_ms = clock_parse_basic(moment);
    if (signed_ms < 0)
        return refuse_signature(err, "the header 'x-amz-date' must be like 20261123T053700Z");
    if (strncmp(moment, date, DATE_LENGTH) != 0)
        return refuse_signature(err, "the date in Credential is not that of the header 'x-amz-date'");
    if (signed_ms < wall_ms - SIGV4_SKEW_MS)
        return refuse_signature(err, "the signature is more than 5 minutes old; check the sender's clock");
    if (signed_ms > wall_ms + SIGV4_SKEW_MS)
        return refuse_signature(err, "the signature is more than 5 minutes in the future; check the sender's clock");
    return true;
}

/* The hash that goes into the canonical request: the one the client names if it is right, else the body's own. */
static bool find_payload_hash(struct arena *arena, const struct sigv4_request *request, bool s3, const char **out,
                              struct err *err) {
    char hash[SHA256_HEX_SIZE];
    hash_sha256_hex(request->body, request->body_size, hash);
    const char *claimed = sigv4_find_header(request->headers, request->header_count, SIGV4_CONTENT_SHA256);
    bool as_claimed = !claimed || strcmp(claimed, hash) == 0 || (s3 && strcmp(claimed, UNSIGNED_PAYLOAD) == 0);
    if (!as_claimed)
        return refuse_signature(err, "the header 'x-amz-content-sha256' is not the hash of the body");
    *out = arena_strdup(arena, claimed ? claimed : hash);
    return true;
}

/* All but the body. */
static bool check_head(const struct sigv4_request *request, const struct sigv4_authorization *authorization,
                       int64_t wall_ms, struct err *err) {
    const char *moment = sigv4_find_header(request->headers, request->header_count, "x-amz-date");
    if (!moment)
        return refuse_signature(err, "the header 'x-amz-date' is missing");
    return check_signed_headers(request, authorization->signed_headers, err) &&
           check_moment(moment, authorization->date, wall_ms, err);
}

static bool compare(struct arena *arena, const struct sigv4_request *request,
                    const struct sigv4_authorization *authorization, const char *secret_key, const char *payload,
                    struct err *err) {
    bool s3 = str_equal(authorization->service, "s3");
    const char *moment = sigv4_find_header(request->headers, request->header_count, "x-amz-date");
    const char *canonical = sigv4_canonical_request(arena, request, authorization->signed_headers, payload, s3);
    if (!canonical)
        return refuse_signature(err, "a signed header is not in the request");
    char signature[SHA256_HEX_SIZE];
    compute_signature(arena, canonical, moment, authorization->region, authorization->service, secret_key, signature);
    if (!hash_equal_text(signature, authorization->signature))
        return refuse_signature(err, "the signature does not match; check the secret access key");
    return true;
}

bool sigv4_verify(struct arena *arena, const struct sigv4_request *request,
                  const struct sigv4_authorization *authorization, const char *secret_key, int64_t wall_ms,
                  struct err *err) {
    const char *payload;
    return check_head(request, authorization, wall_ms, err) &&
           find_payload_hash(arena, request, str_equal(authorization->service, "s3"), &payload, err) &&
           compare(arena, request, authorization, secret_key, payload, err);
}

bool sigv4_verify_head(struct arena *arena, const struct sigv4_request *request,
                       const struct sigv4_authorization *authorization, const char *secret_key, int64_t wall_ms,
                       struct err *err) {
    const char *payload = sigv4_find_header(request->headers, request->header_count, SIGV4_CONTENT_SHA256);
    if (!payload)
        return refuse_signature(err, "the header 'x-amz-content-sha256' is missing");
    return check_head(request, authorization, wall_ms, err) &&
           compare(arena, request, authorization, secret_key, payload, err);
}

void sigv4_chunks_begin(struct arena *arena, const struct sigv4_authorization *authorization, const char *moment,
                        const char *secret_key, struct sigv4_chunks *out) {
    *out = (struct sigv4_chunks){
        .moment = moment,
        .scope = arena_printf(arena, "%s/%s/%s/aws4_request", authorization->date, authorization->region,
                              authorization->service),
    };
    derive_key(secret_key, authorization->date, authorization->region, authorization->service, out->key);
    memcpy(out->previous, authorization->signature, sizeof out->previous); /* 64 digits: sigv4_parse has seen to it */
}

bool sigv4_chunk_verify(struct sigv4_chunks *chunks, const char *sha256, const char *signature) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char nothing[SHA256_HEX_SIZE];
    uint8_t digest[SHA256_BYTES];
    hash_sha256_hex("", 0, nothing);
    const char *to_sign = arena_printf(&arena, ALGORITHM "-PAYLOAD\n%s\n%s\n%s\n%s\n%s", chunks->moment, chunks->scope,
                                       chunks->previous, nothing, sha256);
    hash_hmac_sha256(chunks->key, sizeof chunks->key, to_sign, strlen(to_sign), digest);
    hash_to_hex(digest, sizeof digest, chunks->previous);
    return hash_equal_text(chunks->previous, signature);
}

bool sigv4_verify_git(struct arena *arena, const char *password, const char *host, const char *path, const char *region,
                      const char *secret_key, int64_t wall_ms, struct err *err) {
    static const size_t moment_length = 15; /* YYYYMMDDTHHMMSS */
    if (!password || strlen(password) != moment_length + 1 + 2 * SHA256_BYTES)
        return refuse_signature(err, "the password is not one that the CodeCommit credential helper makes");
    const char *moment_z = arena_strndup(arena, password, moment_length + 1);
    if (!check_moment(moment_z, moment_z, wall_ms, err))
        return false;
    /* Unlike elsewhere: no query line's worth of hash at the end, and the moment is signed without its Z. */
    const char *canonical = arena_printf(arena, "GIT\n%s\n\nhost:%s\n\nhost\n", path, host);
    const char *moment = arena_strndup(arena, password, moment_length);
    char signature[SHA256_HEX_SIZE];
    compute_signature(arena, canonical, moment, region, "codecommit", secret_key, signature);
    if (!hash_equal_text(signature, password + moment_length + 1))
        return refuse_signature(err, "the signature does not match; check the secret access key");
    return true;
}
