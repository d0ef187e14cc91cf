/*
 * The threads that run handlers: ordinary blocking functions, a few at a time. Slow ones (a clone of a large
 * repository) may take only half of the threads, so that heartbeats and pages go on.
 */
#include "common/log.h"
#include "server/http/exchange.h"

#define THREAD_STACK_BYTES (512 * 1024)

void workers_enqueue(struct exchange *exchange) {
    struct http_listener *listener = exchange->listener;
    if (exchange->phase == PHASE_PARKED)
        exchange->phase = PHASE_RUNNING;
    list_append(exchange->route->slow ? &listener->slow : &listener->quick, exchange);
    pthread_cond_signal(&listener->runnable);
}

/* The next one that may run now; waits for it. NULL at the end. */
static struct exchange *take(struct http_listener *listener) {
    int slow_most = listener->settings.workers > 1 ? listener->settings.workers / 2 : 1;
    for (;;) {
        struct exchange_list *list = NULL;
        if (listener->quick.first)
            list = &listener->quick;
        else if (listener->slow.first && listener->slow_running < slow_most)
            list = &listener->slow;
        if (list) {
            struct exchange *exchange = list->first;
            list_remove(list, exchange);
            return exchange;
        }
        if (listener->stopped)
            return NULL;
        pthread_cond_wait(&listener->runnable, &listener->lock);
    }
}

static void finish(struct exchange *exchange) {
    exchange->phase = PHASE_ANSWER;
    MHD_resume_connection(exchange->mhd);
}

/* After a run that asked to wait: parks, or runs again where the wait is over or a wake came meanwhile. */
static void park_or_repeat(struct exchange *exchange) {
    struct http_listener *listener = exchange->listener;
    pthread_mutex_lock(&listener->lock);
    if (listener->closing || park_missed(exchange) || exchange->reply.wait_until_boot_ms <= listener_now()) {
        workers_enqueue(exchange);
    } else {
        exchange->phase = PHASE_PARKED;
        park_add(exchange);
        deadline_set(exchange->connection, DEADLINE_AGAIN, exchange->reply.wait_until_boot_ms);
    }
    pthread_mutex_unlock(&listener->lock);
}

/* Notes which wakes came before the handler looks. False where the listener closes. */
static bool look(struct exchange *exchange) {
    struct http_listener *listener = exchange->listener;
    pthread_mutex_lock(&listener->lock);
    exchange->seen = listener->wakes;
    bool open = !listener->closing || !exchange->reply.wait_topic;
    pthread_mutex_unlock(&listener->lock);
    return open;
}

static void refuse(struct exchange *exchange, const struct err *err) {
    exchange_refuse(exchange, reply_status_of(err), err);
    finish(exchange);
}

static bool check_body(struct exchange *exchange, struct err *err) {
    if (exchange->body_checked || !exchange->route->check_body)
        return true;
    exchange->body_checked = true;
    return exchange->route->check_body(&exchange->request, err);
}

static void run_handler(struct exchange *exchange) {
    struct err err;
    err_clear(&err);
    if (!look(exchange)) {
        exchange_turn_away(exchange);
        finish(exchange);
        return;
    }
    if (exchange->reply.wait_topic && park_is_abandoned(exchange)) {
        /* Run again, the handler might give something away to nobody: a job that waits for its offer to expire. */
        err_set(&err, ERR_UNAVAILABLE, "the client did not wait for the answer");
        exchange->close_after = true;
        refuse(exchange, &err);
        return;
    }
    if (!check_body(exchange, &err)) {
        refuse(exchange, &err);
        return;
    }
    arena_release(&exchange->run_arena);
    exchange->request.arena = &exchange->run_arena;
    exchange->reply = (struct reply){.body_fd = -1};
    exchange->route->handler(&exchange->request, &exchange->reply);
    if (exchange->reply.status == 0 && exchange->reply.wait_topic && !exchange->reply.feed) {
        park_or_repeat(exchange);
        return;
    }
    if (exchange->reply.status == 0) {
        err_set(&err, ERR_INTERNAL, "the handler of '%s' gave no answer", exchange->route->path);
        refuse(exchange, &err);
        return;
    }
    finish(exchange);
}

static void check_head(struct exchange *exchange) {
    struct err err;
    err_clear(&err);
    if (!exchange->route->check_head(&exchange->request, &err)) {
        if (exchange->request.has_body)
            exchange->close_after = true;
        refuse(exchange, &err);
    } else if (exchange->request.has_body) {
        exchange->phase = PHASE_BODY;
        MHD_resume_connection(exchange->mhd);
    } else {
        exchange->phase = PHASE_RUNNING;
        run_handler(exchange);
    }
}

static void run(struct exchange *exchange) {
    if (exchange->phase == PHASE_CHECKING)
        check_head(exchange);
    else if (exchange->phase == PHASE_FEEDING)
        stream_feed(exchange);
    else
        run_handler(exchange);
}

static void *worker_main(void *context) {
    struct http_listener *listener = context;
    pthread_setname_np(pthread_self(), "http-worker");
    pthread_mutex_lock(&listener->lock);
    struct exchange *exchange;
    while ((exchange = take(listener))) {
        bool slow = exchange->route->slow;
        listener->slow_running += slow;
        pthread_mutex_unlock(&listener->lock);
        run(exchange); /* after this the exchange is another's */
        pthread_mutex_lock(&listener->lock);
        listener->slow_running -= slow;
        if (slow && listener->slow.first)
            pthread_cond_signal(&listener->runnable);
    }
    pthread_mutex_unlock(&listener->lock);
    return NULL;
}

bool workers_start(struct http_listener *listener, struct err *err) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    int failure = 0;
    while (!failure && listener->worker_count < listener->settings.workers) {
        failure = pthread_create(&listener->workers[listener->worker_count], &attributes, worker_main, listener);
        listener->worker_count += !failure;
    }
    pthread_attr_destroy(&attributes);
    return !failure || err_set_errno(err, failure, "cannot start a thread");
}

void workers_join(struct http_listener *listener) {
    for (int i = 0; i < listener->worker_count; i++)
        pthread_join(listener->workers[i], NULL);
}
