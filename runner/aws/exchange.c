/*
 * Attempts. What may be sent again: anything that did not arrive or that AWS refused for its number; what arrived and
 * got no clear answer only where the operation may be done twice (aws_request.once). Keys that are over are renewed
 * once, a clock that is off is corrected once.
 */
#include "runner/aws/exchange.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "runner/aws/endpoint.h"
#include "runner/aws/identity.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLICE_MS 200
#define CALL_MS 30000

static bool read_date(const char *text, int64_t *out) {
    struct tm moment = {0};
    if (!text || !strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &moment))
        return false;
    *out = (int64_t)timegm(&moment) * 1000;
    return true;
}

int64_t exchange_retry_after_ms(const struct http_answer *reply, int64_t wall_ms) {
    const char *exact = http_answer_header(reply, "x-amz-retry-after");
    const char *plain = http_answer_header(reply, "retry-after");
    long long number;
    int64_t moment;
    if (exact && str_to_int64(exact, 0, INT32_MAX, &number))
        return number;
    if (plain && str_to_int64(plain, 0, INT32_MAX / 1000, &number))
        return number * 1000;
    if (read_date(plain, &moment))
        return moment > wall_ms ? moment - wall_ms : 0;
    return -1;
}

static bool refuse(struct arena *arena, struct exchange *exchange, const struct http_answer *reply, struct err *err) {
    const struct aws_request *request = exchange->request;
    const struct aws_refusal refusal = aws_refusal_read(arena, reply);
    exchange->refusal = refusal;
    exchange->date = http_answer_header(reply, "date");
    exchange->asked_ms = exchange_retry_after_ms(reply, clock_wall_ms(&clock_system));
    const char *type = *refusal.type ? refusal.type : arena_printf(arena, "status %d", refusal.status);
    exchange->refusal.right = aws_refusal_right(arena, request, &refusal);
    return err_set(err, aws_refusal_kind(&refusal), "%s %s: %s: %.500s%s%.350s", request->service, request->operation,
                   type, aws_refusal_words(arena, &refusal), exchange->refusal.right ? "; it takes the right " : "",
                   exchange->refusal.right ? exchange->refusal.right : "");
}

/* Without the query. */
static const char *address(struct arena *arena, const struct exchange *exchange) {
    const struct aws_request *request = exchange->request;
    const char *url = request->base ? request->base : aws_endpoint(arena, request);
    return arena_printf(arena, "%s%s", url, *exchange->path ? exchange->path : aws_endpoint_has_path(url) ? "" : "/");
}

static void add_headers(struct arena *arena, const struct exchange *exchange, const struct aws_credentials *credentials,
                        const char *address_text, struct http_request *sent) {
    const struct aws_request *request = exchange->request;
    struct http_header *headers = arena_array(arena, struct http_header, request->header_count + 2);
    size_t count = 0;
    if (exchange->content_type)
        headers[count++] = (struct http_header){.name = "Content-Type", .value = exchange->content_type};
    if (exchange->target)
        headers[count++] = (struct http_header){.name = "X-Amz-Target", .value = exchange->target};
    for (size_t i = 0; i < request->header_count; i++)
        if (request->headers[i].value)
            headers[count++] = request->headers[i];
    sent->headers = headers;
    sent->header_count = count;
    if (request->anonymous)
        return;
    const struct sigv4_request to_sign = {.method = sent->method,
                                          .path = aws_endpoint_path(arena, address_text),
                                          .query = request->query,
                                          .headers = headers,
                                          .header_count = count,
                                          .body = sent->body,
                                          .body_size = sent->body_size};
    const struct sigv4_credentials keys = {.access_key = credentials->access_key,
                                           .secret_key = credentials->secret_key,
                                           .session_token = credentials->session_token};
    const struct sigv4_scope scope = {.region = request->region,
                                      .service = request->signing_name ? request->signing_name : request->service};
    sigv4_sign(arena, &to_sign, aws_endpoint_host(arena, address_text), &keys, &scope,
               clock_wall_ms(&clock_system) + exchange->aws->shared->skew_ms, &sent->headers, &sent->header_count);
}

static bool send_once(struct arena *arena, struct exchange *exchange, struct http_answer *reply, struct err *err) {
    const struct aws_request *request = exchange->request;
    struct aws_credentials credentials = {0};
    exchange->refusal = (struct aws_refusal){.type = "", .message = ""};
    exchange->date = NULL;
    exchange->asked_ms = -1;
    exchange->unknown = false;
    if (!request->anonymous && !identity_keys(exchange->aws, arena, &credentials, err))
        return false;
    exchange->access_key = credentials.access_key;
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
    add_headers(arena, exchange, &credentials, to, &sent);
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
    int64_t moment;
    if (!read_date(exchange->date, &moment))
        return false;
    int64_t skew = moment - clock_wall_ms(&clock_system);
    if (llabs(skew - exchange->aws->shared->skew_ms) < SIGV4_SKEW_MS)
        return false;
    exchange->aws->shared->skew_ms = skew;
    return true;
}

/* False where the wait was interrupted. */
static bool wait_ms(const struct aws_request *request, int64_t left) {
    for (; left > 0; left -= SLICE_MS) {
        if (request->interrupted && request->interrupted(request->context))
            return false;
        (void)nanosleep(&(struct timespec){.tv_nsec = (left < SLICE_MS ? left : SLICE_MS) * 1000000}, NULL);
    }
    return true;
}

static bool may_be_sent_again(const struct exchange *exchange, const struct err *err) {
    return err->kind == ERR_UNAVAILABLE &&
           (!exchange->request->once || aws_refusal_is_before_effect(&exchange->refusal) ||
            (exchange->refusal.status == 0 && !exchange->unknown));
}

static enum retry_cause cause_of(const struct exchange *exchange) {
    if (aws_refusal_is_throttling(&exchange->refusal))
        return RETRY_THROTTLED;
    return exchange->refusal.status == 0 && exchange->unknown ? RETRY_TIMED_OUT : RETRY_OTHER;
}

/* What the attempts of one call have come to. */
struct attempts {
    int count;
    enum retry_cause cause;
    bool renewed;
    bool timed;
};

/* After an attempt that failed: waits where that is due; true for another one. */
static bool again(struct exchange *exchange, struct attempts *attempts, const struct err *err) {
    struct retry *retry = &exchange->aws->shared->retry;
    uint32_t random;
    hash_random(&random, sizeof random);
    attempts->cause = cause_of(exchange);
    if (may_be_sent_again(exchange, err) && retry_again(retry, attempts->count, attempts->cause))
        return wait_ms(exchange->request, retry_pause_ms(attempts->count, random, exchange->asked_ms));
    if (!attempts->renewed && exchange->access_key && aws_refusal_is_expired(&exchange->refusal)) {
        identity_expire(exchange->aws, exchange->access_key);
        return attempts->renewed = true;
    }
    if (!attempts->timed && aws_refusal_is_skewed(&exchange->refusal))
        return attempts->timed = learn_time(exchange);
    return false;
}

static bool wait_for_turn(const struct exchange *exchange, const char *service, struct err *err) {
    if (exchange->request->urgent)
        return true;
    const int64_t turn = retry_turn_ms(&exchange->aws->shared->retry, service, clock_boot_ms(&clock_system));
    return wait_ms(exchange->request, turn) || err_set(err, ERR_UNAVAILABLE, "%s %s: interrupted",
                                                       exchange->request->service, exchange->request->operation);
}

bool exchange_carry_out(struct exchange *exchange, struct arena *arena, struct http_answer *reply, struct err *err) {
    const struct aws_request *request = exchange->request;
    struct http_client *own_client CLEANUP(http_client_cleanup) = request->client ? NULL : http_client_new();
    struct retry *retry = &exchange->aws->shared->retry;
    const char *service = arena_printf(arena, "%.30s %.30s", request->service, request->region);
    struct attempts attempts = {0};
    exchange->client = own_client ? own_client : request->client;
    if (request->refused) /* what it says is of this call, not of one before */
        *request->refused = (struct aws_refusal){.type = "", .message = ""};
    for (;;) {
        struct err own = {0};
        if (!wait_for_turn(exchange, service, err))
            return false;
        attempts.count++;
        const bool good = send_once(arena, exchange, reply, &own);
        if (good || exchange->refusal.status)
            retry_learn(retry, service, !good && aws_refusal_is_throttling(&exchange->refusal),
                        clock_boot_ms(&clock_system));
        if (good) {
            retry_done(retry, attempts.count, attempts.cause);
            return true;
        }
        if (again(exchange, &attempts, &own))
            continue;
        if (request->refused)
            *request->refused = exchange->refusal;
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
}
