/*
 * The writer is held up by a piece of its own, until each of the others waits behind it, in the order given: so a group
 * has the same pieces in the same order each time, whatever the threads do.
 */
#include "tests/sim/group.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>

struct asker {
    pthread_t thread;
    struct db *db;
    struct piece *piece;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool held, go;

static bool hold(struct tx *tx, void *context, struct err *err) {
    (void)tx, (void)context, (void)err;
    pthread_mutex_lock(&mutex);
    held = true;
    pthread_cond_broadcast(&changed);
    while (!go)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return true;
}

static void *ask(void *argument) {
    struct asker *asker = argument;
    asker->piece->done = db_write(asker->db, asker->piece->work, asker->piece->context, &asker->piece->err);
    return NULL;
}

static void begin(struct asker *asker, struct db *db, struct piece *piece) {
    *asker = (struct asker){.db = db, .piece = piece};
    int code = pthread_create(&asker->thread, NULL, ask, asker);
    assert(code == 0);
    (void)code;
}

static void hold_writer(struct asker *asker, struct db *db, struct piece *piece) {
    begin(asker, db, piece);
    pthread_mutex_lock(&mutex);
    while (!held)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void let_go(void) {
    pthread_mutex_lock(&mutex);
    go = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

void group_write(struct db *db, struct piece *pieces, size_t count) {
    struct asker askers[GROUP_PIECES_MAX + 1];
    struct piece first = {.work = hold};
    assert(count <= GROUP_PIECES_MAX);
    held = go = false;
    hold_writer(&askers[0], db, &first);
    for (size_t i = 0; i < count; i++) {
        begin(&askers[i + 1], db, &pieces[i]);
        while (db_waiting(db) != i + 1)
            sched_yield();
    }
    let_go();
    for (size_t i = 0; i <= count; i++)
        pthread_join(askers[i].thread, NULL);
}
