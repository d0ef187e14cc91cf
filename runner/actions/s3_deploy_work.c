/*
 * Many small calls to S3 at a time.
 */
#include "runner/actions/s3_deploy.h"

#include <pthread.h>

#define WORKERS 8
#define OBJECTS_MAX ((size_t)ARCHIVE_ENTRIES_MAX * 5)

struct crew {
    const struct s3_work *work;
    pthread_mutex_t mutex;
    size_t next;
    bool failed;
    struct err err; /* the first */
};

static bool take(struct crew *crew, size_t *number) {
    pthread_mutex_lock(&crew->mutex);
    bool more = !crew->failed && crew->next < crew->work->count;
    if (more)
        *number = crew->next++;
    pthread_mutex_unlock(&crew->mutex);
    return more;
}

static void fail(struct crew *crew, const struct err *err) {
    pthread_mutex_lock(&crew->mutex);
    if (!crew->failed)
        crew->err = *err;
    crew->failed = true;
    pthread_mutex_unlock(&crew->mutex);
}

static void *work_on(void *context) {
    struct crew *crew = context;
    struct s3_deploy *deploy = crew->work->deploy;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct s3 s3 = deploy->s3;
    size_t number;
    s3.client = client;
    while (take(crew, &number)) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct err err = {0};
        if (!crew->work->one(deploy, &s3, &arena, number, crew->work->context, &err))
            fail(crew, &err);
    }
    return NULL;
}

bool s3_work_run(const struct s3_work *work, struct err *err) {
    struct crew crew = {.work = work, .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[WORKERS];
    size_t started = 0;
    while (started < WORKERS && started < work->count && pthread_create(&threads[started], NULL, work_on, &crew) == 0)
        started++;
    if (started == 0)
        (void)work_on(&crew);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&crew.mutex);
    return !crew.failed || err_set_code(err, crew.err.kind, crew.err.code, "%s", crew.err.message);
}

bool s3_deploy_list(struct s3_deploy *deploy, const char *prefix, const struct s3_object **out, size_t *count,
                    struct err *err) {
    return s3_list(&deploy->s3, deploy->arena, deploy->bucket, prefix, OBJECTS_MAX, out, count, err);
}

static bool delete_one(struct s3_deploy *deploy, struct s3 *s3, struct arena *arena, size_t number, const void *context,
                       struct err *err) {
    const char *const *keys = context;
    return s3_delete(s3, arena, deploy->bucket, keys[number], err);
}

bool s3_deploy_delete(struct s3_deploy *deploy, const char *const *keys, size_t count, struct err *err) {
    const struct s3_work work = {.deploy = deploy, .count = count, .one = delete_one, .context = keys};
    return s3_work_run(&work, err);
}
