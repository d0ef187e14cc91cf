/*
 * The rehearsal's clock over HTTP. One connection, one question at a time: what moves a clock has to be in order.
 */
#include "runner/rehearsal.h"

#include "common/http_client.h"
#include "common/json.h"
#include "common/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 4096

struct rehearsal {
    pthread_mutex_t mutex;
    struct http_client *client;
    char *url;
    int64_t latest_ms;
};

struct rehearsal *rehearsal_new(const char *url) {
    if (!url || !*url)
        return NULL;
    struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    char *own = strdup(url);
    if (!rehearsal || !own)
        abort();
    pthread_mutex_init(&rehearsal->mutex, NULL);
    rehearsal->client = http_client_new();
    rehearsal->url = own;
    return rehearsal;
}

void rehearsal_free(struct rehearsal *rehearsal) {
    if (!rehearsal)
        return;
    http_client_free(rehearsal->client);
    pthread_mutex_destroy(&rehearsal->mutex);
    free(rehearsal->url);
    free(rehearsal);
}

/* With the mutex held. `body` NULL: GET. */
static bool ask(struct rehearsal *rehearsal, struct arena *arena, const char *body) {
    const struct http_header type = {.name = "Content-Type", .value = "application/json"};
    const struct http_request request = {.method = body ? "POST" : "GET",
                                         .url = rehearsal->url,
                                         .headers = &type,
                                         .header_count = body ? 1 : 0,
                                         .body = body,
                                         .body_size = body ? strlen(body) : 0,
                                         .answer_ceiling = ANSWER_MAX};
    struct http_answer answer;
    const struct json *read = NULL;
    struct err err = {0};
    if (!http_send(rehearsal->client, arena, &request, &answer, &err))
        LOG_WARNING("the rehearsal's clock does not answer", "url", rehearsal->url, "error", err.message);
    else if (answer.status != 200 || !json_parse(arena, answer.body, answer.body_size, &read, &err) ||
             json_get_integer(read, "nowMs", -1) < 0)
        LOG_WARNING("the rehearsal's clock does not tell the time", "url", rehearsal->url, "answer", answer.body);
    else
        rehearsal->latest_ms = json_get_integer(read, "nowMs", 0);
    return json_get_integer(read, "nowMs", -1) >= 0;
}

int64_t rehearsal_now_ms(struct rehearsal *rehearsal) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    pthread_mutex_lock(&rehearsal->mutex);
    (void)ask(rehearsal, &arena, NULL);
    int64_t now_ms = rehearsal->latest_ms;
    pthread_mutex_unlock(&rehearsal->mutex);
    return now_ms;
}

bool rehearsal_advance(struct rehearsal *rehearsal, int64_t milliseconds) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *body = arena_printf(&arena, "{\"advanceMs\": %lld}", (long long)milliseconds);
    pthread_mutex_lock(&rehearsal->mutex);
    bool moved = ask(rehearsal, &arena, body);
    pthread_mutex_unlock(&rehearsal->mutex);
    return moved;
}
