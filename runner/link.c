/*
 * JSON to and from the server, and how often. Files go in link_files.c.
 */
#include "runner/link.h"

#include "common/hash.h"
#include "common/http_client.h"
#include "common/str.h"
#include "runner/link_exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXCHANGE_MS 30000
#define FIRST_PAUSE_MS 250
#define LONGEST_PAUSE_MS 15000
#define SLICE_MS 200
#define RETRY_AFTER_MOST 60

struct link *link_new(const struct account *account) {
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        abort();
    link->account = account;
    link->client = http_client_new();
    return link;
}

void link_free(struct link *link) {
    if (!link)
        return;
    http_client_free(link->client);
    free(link);
}

void link_cleanup(struct link **link) {
    link_free(*link);
}

void link_wake(struct link *link) {
    http_client_wake(link->client);
}

static void stay_away(int64_t left, link_gives_up *give_up, void *context) {
    while (left > 0 && !(give_up && give_up(context))) {
        int64_t slice = left < SLICE_MS ? left : SLICE_MS;
        (void)nanosleep(&(struct timespec){.tv_nsec = slice * 1000000}, NULL);
        left -= slice;
    }
}

/* Up to that many milliseconds, evenly spread: many runners must not come back in the same moment. */
static int64_t jitter(int64_t most_ms) {
    uint32_t random;
    hash_random(&random, sizeof random);
    return random % (uint32_t)(most_ms + 1);
}

void link_back_off(int *tries, link_gives_up *give_up, void *context) {
    int64_t ceiling = FIRST_PAUSE_MS;
    for (int i = 0; i < *tries && ceiling < LONGEST_PAUSE_MS; i++)
        ceiling *= 2;
    if (ceiling > LONGEST_PAUSE_MS)
        ceiling = LONGEST_PAUSE_MS;
    ++*tries;
    stay_away(ceiling / 2 + jitter(ceiling / 2), give_up, context);
}

static enum err_kind kind_of(int status) {
    switch (status) {
    case 401:
    case 403:
        return ERR_DENIED;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 429:
        return ERR_LIMIT;
    default:
        return status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID;
    }
}

bool link_refuse(int status, const struct json *body, struct err *err) {
    const char *message = json_get_text_or(body, "message", "no reason given");
    const char *code = str_equal(json_get_text(body, "__type"), "LogGapException") ? "LogGapException" : NULL;
    return err_set_code(err, kind_of(status), code, "the server answered %d: %.600s", status, message);
}

const char *link_url(struct arena *arena, const struct link *link, const char *path) {
    return arena_printf(arena, "%s%s", link->account->url, path);
}

struct http_header link_authorization(struct arena *arena, const struct link *link) {
    return (struct http_header){.name = "Authorization",
                                .value = arena_printf(arena, "Bearer %s", link->account->token)};
}

/* The header as seconds; AWS's and proxies' dates are not understood, the own back-off does for them. */
static int64_t retry_after_ms(const struct http_answer *answer) {
    const char *text = http_answer_header(answer, "retry-after");
    long long seconds = 0;
    if (!text || !str_to_int64(text, 1, RETRY_AFTER_MOST, &seconds))
        return 0;
    return seconds * 1000;
}

static bool send_once(struct link *link, struct arena *arena, const struct link_call *call, int *status,
                      const struct json **answer, struct err *err) {
    const char *text = call->body ? json_print(arena, call->body) : NULL;
    bool raw = call->bytes && !call->bytes_are_json;
    const struct http_header headers[] = {
        link_authorization(arena, link),
        {.name = "Content-Type", .value = raw ? "application/octet-stream" : "application/json"},
    };
    const struct http_request request = {
        .method = call->method,
        .url = link_url(arena, link, call->path),
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
        .body = call->bytes ? call->bytes : text,
        .body_size = call->bytes ? call->byte_count : (text ? strlen(text) : 0),
        .interrupted = call->interrupted,
        .until_woken = call->until_woken,
        .context = call->context,
        .timeout_ms = (call->patience_ms ? call->patience_ms : EXCHANGE_MS) + call->wait_seconds * 1000,
        .use_proxy = true,
    };
    struct http_answer reply;
    link->retry_after_ms = 0;
    if (!http_send(link->client, arena, &request, &reply, err))
        return false;
    link->retry_after_ms = retry_after_ms(&reply);
    const struct json *body = NULL;
    struct err broken;
    bool decoded = reply.body_size == 0 || json_parse(arena, reply.body, reply.body_size, &body, &broken);
    if (answer)
        *answer = body;
    if (reply.status != 200 && reply.status != 204)
        return link_refuse(reply.status, body, err);
    if (!decoded)
        return err_set(err, ERR_UNAVAILABLE, "the server's answer to %s is no JSON: %s", call->path, broken.message);
    if (status)
        *status = reply.status;
    return true;
}

bool link_may_repeat(const struct link_call *call, const struct err *err) {
    bool passing = err->kind == ERR_UNAVAILABLE || err->kind == ERR_LIMIT;
    return call->repeat && passing && !call->repeat(call->context);
}

bool link_send(struct link *link, struct arena *arena, const struct link_call *call, int *status,
               const struct json **answer, struct err *err) {
    int tries = 0;
    struct err own;
    if (!err)
        err = &own;
    while (!send_once(link, arena, call, status, answer, err)) {
        if (!link_may_repeat(call, err))
            return false;
        if (link->retry_after_ms)
            stay_away(link->retry_after_ms + jitter(1000), call->repeat, call->context);
        else
            link_back_off(&tries, call->repeat, call->context);
    }
    return true;
}

bool link_join(struct arena *arena, const char *url, const char *token, const char *name, struct account *out,
               struct err *err) {
    struct account nobody = {.url = arena_strdup(arena, url), .runner_id = "", .token = ""};
    char *end = arena_strdup(arena, url);
    while (str_ends_with(end, "/"))
        end[strlen(end) - 1] = '\0';
    nobody.url = end;
    struct link *link CLEANUP(link_cleanup) = link_new(&nobody);
    struct json *body = json_object(arena);
    json_set_text(arena, body, "joinToken", token);
    json_set_text(arena, body, "name", name);
    json_set_text(arena, body, "version", PENSTOCK_VERSION);
    const struct json *answer = NULL;
    const struct link_call call = {.method = "POST", .path = "/runner/join", .body = body};
    if (!link_send(link, arena, &call, NULL, &answer, err))
        return err_wrap(err, "unable to join '%s'", nobody.url);
    struct account account = {
        .url = nobody.url, .runner_id = json_get_text(answer, "runnerId"), .token = json_get_text(answer, "token")};
    if (!account.runner_id || !account.token)
        return err_set(err, ERR_INVALID, "'%s' answered the join without runnerId or token; is it Penstock?",
                       nobody.url);
    *out = account;
    return true;
}
