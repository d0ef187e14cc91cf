/*
 * Cached credentials, signed requests, AWS's "standard" way of repeating: three tries in all, a random pause that
 * doubles, and a bucket of tokens shared by all threads so that an outage is not answered with a storm.
 */
#include "runner/aws/call.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "runner/aws/credentials.h"
#include "runner/aws/endpoint.h"
#include "runner/aws/refusal.h"
#include "runner/aws/xml.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIES_MAX 3
#define BUCKET_FULL 500
#define REPEAT_COST 5
#define LONGEST_PAUSE_MS 20000
#define SLICE_MS 200
#define REFRESH_BEFORE_MS (10 * 60 * 1000)
#define LOOK_AGAIN_MS (5 * 60 * 1000)
#define CALL_MS 30000

struct aws {
    pthread_mutex_t mutex;
    struct arena arena; /* of the cached credentials */
    struct credentials_found cached;
    bool has_cached;
    int64_t nothing_until_ms; /* boot time: no place had any; do not look before */
    struct err nothing;
    int bucket;
    _Atomic int64_t skew_ms; /* AWS's clock minus ours */
};

struct aws *aws_new(void) {
    struct aws *aws = calloc(1, sizeof *aws);
    if (!aws)
        abort();
    pthread_mutex_init(&aws->mutex, NULL);
    aws->bucket = BUCKET_FULL;
    return aws;
}

static bool look(struct arena *arena, struct credentials_found *out, struct err *err) {
    bool (*const places[])(struct arena *, struct credentials_found *, bool *, struct err *) = {
        credentials_from_environment, credentials_from_file, credentials_from_container, credentials_from_instance};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        bool found = false;
        if (!places[i](arena, out, &found, err))
            return false;
        if (found)
            return true;
    }
    return err_set(err, ERR_DENIED,
                   "the runner has no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give its "
                   "machine a role");
}

static bool is_fresh(const struct aws *aws, int64_t margin_ms) {
    return aws->has_cached &&
           (aws->cached.expires_ms == 0 || aws->cached.expires_ms - clock_wall_ms(&clock_system) > margin_ms);
}

static bool refresh(struct aws *aws, struct err *err) {
    int64_t now = clock_boot_ms(&clock_system);
    struct arena fresh = ARENA_INIT;
    struct credentials_found found;
    if (!aws->has_cached && now < aws->nothing_until_ms) {
        if (err)
            *err = aws->nothing;
        return false;
    }
    struct err own = {0};
    if (!look(&fresh, &found, &own)) {
        arena_release(&fresh);
        if (is_fresh(aws, 0)) /* the old ones still hold */
            return true;
        aws->nothing = own;
        aws->nothing_until_ms = now + LOOK_AGAIN_MS;
        if (err)
            *err = own;
        return false;
    }
    arena_release(&aws->arena);
    aws->arena = fresh;
    aws->cached = found;
    aws->has_cached = true;
    return true;
}

static bool get_credentials(struct aws *aws, struct arena *arena, bool again, struct aws_credentials *out,
                            struct err *err) {
    pthread_mutex_lock(&aws->mutex);
    bool good = (!again && is_fresh(aws, REFRESH_BEFORE_MS)) || refresh(aws, err);
    if (good)
        *out = (struct aws_credentials){.access_key = arena_strdup(arena, aws->cached.credentials.access_key),
                                        .secret_key = arena_strdup(arena, aws->cached.credentials.secret_key),
                                        .session_token = arena_strdup(arena, aws->cached.credentials.session_token)};
    pthread_mutex_unlock(&aws->mutex);
    return good;
}

bool aws_credentials(struct aws *aws, struct arena *arena, struct aws_credentials *out, struct err *err) {
    return get_credentials(aws, arena, false, out, err);
}

/* One call, however often it is tried. */
struct exchange {
    struct aws *aws;
    struct http_client *client;
    const struct aws_request *request;
    const char *content_type;
    const char *target; /* X-Amz-Target, or NULL */
    const char *method;
    const char *path; /* behind the endpoint's own */
    const char *body;
    size_t body_size;
    struct aws_refusal refusal; /* of the latest attempt; status 0: there was no answer */
    const char *date;           /* the answer's Date header, or NULL */
    bool unknown;               /* the latest attempt may have arrived, and there was no answer */
};

static bool refuse(struct arena *arena, struct exchange *exchange, const struct http_answer *reply, struct err *err) {
    const struct aws_refusal refusal = aws_refusal_read(arena, reply);
    exchange->refusal = refusal;
    exchange->date = http_answer_header(reply, "date");
    return err_set(err, aws_refusal_kind(&refusal), "%s %s: %s: %.600s", exchange->request->service,
                   exchange->request->operation,
                   *refusal.type ? refusal.type : arena_printf(arena, "status %d", refusal.status), refusal.message);
}

/* Without the query. */
static const char *address(struct arena *arena, const struct exchange *exchange) {
    const struct aws_request *request = exchange->request;
    const char *url = request->base ? request->base : aws_endpoint(arena, request);
    return arena_printf(arena, "%s%s", url, *exchange->path ? exchange->path : aws_endpoint_has_path(url) ? "" : "/");
}

static void sign(struct arena *arena, const struct exchange *exchange, const struct aws_credentials *credentials,
                 const char *address_text, struct http_request *sent) {
    const struct aws_request *request = exchange->request;
    struct http_header *headers = arena_array(arena, struct http_header, request->header_count + 2);
    headers[0] = (struct http_header){.name = "Content-Type", .value = exchange->content_type};
    headers[1] = (struct http_header){.name = "X-Amz-Target", .value = exchange->target};
    for (size_t i = 0; i < request->header_count; i++)
        headers[2 + i] = request->headers[i];
    const struct sigv4_request to_sign = {.method = sent->method,
                                          .path = aws_endpoint_path(arena, address_text),
                                          .query = request->query,
                                          .headers = headers,
                                          .header_count = request->header_count + 2, /* those without a value are not */
                                          .body = sent->body,
                                          .body_size = sent->body_size};
    const struct sigv4_credentials keys = {.access_key = credentials->access_key,
                                           .secret_key = credentials->secret_key,
                                           .session_token = credentials->session_token};
    const struct sigv4_scope scope = {.region = request->region,
                                      .service = request->signing_name ? request->signing_name : request->service};
    sigv4_sign(arena, &to_sign, aws_endpoint_host(arena, address_text), &keys, &scope,
               clock_wall_ms(&clock_system) + exchange->aws->skew_ms, &sent->headers, &sent->header_count);
}

static bool send_once(struct arena *arena, struct exchange *exchange, bool fresh_credentials, struct http_answer *reply,
                      struct err *err) {
    const struct aws_request *request = exchange->request;
    struct aws_credentials credentials;
    exchange->refusal = (struct aws_refusal){.type = "", .message = ""};
    exchange->date = NULL;
    exchange->unknown = false;
    if (!get_credentials(exchange->aws, arena, fresh_credentials, &credentials, err))
        return false;
    const char *to = address(arena, exchange);
    struct http_request sent = {.method = exchange->method,
                                .url = request->query ? arena_printf(arena, "%s?%s", to, request->query) : to,
                                .body = exchange->body,
                                .body_size = exchange->body_size,
                                .write_body = request->write_body,
                                .interrupted = request->interrupted,
                                .context = request->context,
                                .timeout_ms = request->timeout_ms ? request->timeout_ms : CALL_MS,
                                .use_proxy = true};
    sign(arena, exchange, &credentials, to, &sent);
    if (request->begin && !request->begin(request->context, err))
        return false;
    if (!http_send(exchange->client, arena, &sent, reply, err)) {
        exchange->unknown = http_client_reached(exchange->client);
        return err_wrap(err, "%s %s", request->service, request->operation);
    }
    if (reply->status < 200 || reply->status > 299)
        return refuse(arena, exchange, reply, err);
    return true;
}

/* The machine's clock is off: take AWS's word for the time. */
static bool learn_time(struct exchange *exchange) {
    struct tm moment = {0};
    if (!exchange->date || !strptime(exchange->date, "%a, %d %b %Y %H:%M:%S GMT", &moment))
        return false;
    int64_t skew = (int64_t)timegm(&moment) * 1000 - clock_wall_ms(&clock_system);
    if (llabs(skew - exchange->aws->skew_ms) < SIGV4_SKEW_MS)
        return false;
    exchange->aws->skew_ms = skew;
    return true;
}

static bool take_tokens(struct aws *aws, int count) {
    pthread_mutex_lock(&aws->mutex);
    bool enough = aws->bucket >= count;
    if (enough)
        aws->bucket -= count;
    pthread_mutex_unlock(&aws->mutex);
    return enough;
}

static void give_tokens(struct aws *aws, int count) {
    pthread_mutex_lock(&aws->mutex);
    aws->bucket += count;
    if (aws->bucket > BUCKET_FULL)
        aws->bucket = BUCKET_FULL;
    pthread_mutex_unlock(&aws->mutex);
}

/* False where the wait was interrupted. */
static bool pause_before(const struct aws_request *request, int attempt_number) {
    int64_t ceiling = 1000LL << attempt_number;
    if (ceiling > LONGEST_PAUSE_MS)
        ceiling = LONGEST_PAUSE_MS;
    uint32_t random;
    hash_random(&random, sizeof random);
    for (int64_t left = random % (uint32_t)ceiling; left > 0; left -= SLICE_MS) {
        if (request->interrupted && request->interrupted(request->context))
            return false;
        (void)nanosleep(&(struct timespec){.tv_nsec = (left < SLICE_MS ? left : SLICE_MS) * 1000000}, NULL);
    }
    return true;
}

static bool may_repeat(const struct exchange *exchange, const struct err *err, int tries) {
    return err->kind == ERR_UNAVAILABLE && tries < TRIES_MAX &&
           (!exchange->request->once || aws_refusal_is_throttling(&exchange->refusal) ||
            (exchange->refusal.status == 0 && !exchange->unknown));
}

static bool carry_out(struct exchange *exchange, struct arena *arena, struct http_answer *reply, struct err *err) {
    struct http_client *own_client CLEANUP(http_client_cleanup) = exchange->request->client ? NULL : http_client_new();
    bool renewed = false;
    bool timed = false;
    struct err own = {0};
    exchange->client = own_client ? own_client : exchange->request->client;
    for (int tries = 1;; tries++) {
        bool renew = renewed && tries == 2;
        if (send_once(arena, exchange, renew, reply, &own)) {
            give_tokens(exchange->aws, tries > 1 ? REPEAT_COST : 1);
            return true;
        }
        bool repeat = may_repeat(exchange, &own, tries) && take_tokens(exchange->aws, REPEAT_COST) &&
                      pause_before(exchange->request, tries - 1);
        if (!repeat && !renewed && aws_refusal_is_expired(&exchange->refusal))
            repeat = renewed = true;
        if (!repeat && !timed && aws_refusal_is_skewed(&exchange->refusal))
            repeat = timed = learn_time(exchange);
        if (!repeat) {
            if (exchange->request->refused)
                *exchange->request->refused = exchange->refusal;
            return err_set(err, own.kind, "%s", own.message);
        }
    }
}

bool aws_call(struct aws *aws, struct arena *arena, const struct aws_request *request, const struct json **answer,
              struct err *err) {
    struct exchange exchange = {.aws = aws,
                                .request = request,
                                .content_type = "application/x-amz-json-1.1",
                                .target = arena_printf(arena, "%s.%s", request->target, request->operation),
                                .method = "POST",
                                .path = "",
                                .body = request->body ? json_print(arena, request->body) : "{}"};
    struct http_answer reply;
    exchange.body_size = strlen(exchange.body);
    if (!carry_out(&exchange, arena, &reply, err))
        return false;
    if (reply.body_size == 0) { /* of operations that answer with nothing */
        *answer = json_object(arena);
        return true;
    }
    return json_parse(arena, reply.body, reply.body_size, answer, err) ||
           err_wrap(err, "%s %s: the answer", request->service, request->operation);
}

static const char *form(struct arena *arena, const struct aws_request *request) {
    const char *text = arena_printf(arena, "Action=%s&Version=%s", request->operation, request->version);
    for (size_t i = 0; i < request->parameter_count; i++)
        text = arena_printf(arena, "%s&%s=%s", text, http_encode(arena, request->parameters[i].name, false),
                            http_encode(arena, request->parameters[i].value, false));
    return text;
}

bool aws_call_query(struct aws *aws, struct arena *arena, const struct aws_request *request, const struct json **answer,
                    struct err *err) {
    struct exchange exchange = {.aws = aws,
                                .request = request,
                                .content_type = "application/x-www-form-urlencoded; charset=utf-8",
                                .method = "POST",
                                .path = "",
                                .body = form(arena, request)};
    struct http_answer reply;
    exchange.body_size = strlen(exchange.body);
    const struct json *root = NULL;
    if (!carry_out(&exchange, arena, &reply, err))
        return false;
    if (!xml_parse(arena, reply.body, reply.body_size, &root, err))
        return err_wrap(err, "%s %s: the answer", request->service, request->operation);
    *answer = json_get(root, arena_printf(arena, "%sResult", request->operation));
    return true;
}

bool aws_call_rest(struct aws *aws, struct arena *arena, const struct aws_request *request, struct http_answer *answer,
                   bool *unknown, struct err *err) {
    struct exchange exchange = {.aws = aws,
                                .request = request,
                                .content_type = request->base ? NULL : "application/json",
                                .method = request->method ? request->method : "POST",
                                .path = request->path,
                                .body = request->payload ? request->payload : "",
                                .body_size = request->payload_size};
    if (exchange.body_size == 0)
        exchange.body_size = strlen(exchange.body);
    bool good = carry_out(&exchange, arena, answer, err);
    if (unknown)
        *unknown = !good && exchange.unknown;
    return good;
}
