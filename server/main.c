/*
 * penstock-server: puts the rooms together, in the order in which each needs the ones before, and takes them apart
 * again. The main thread then only waits for signals.
 */
#include "common/hash.h"
#include "common/log.h"
#include "common/str.h"
#include "server/artifacts/artifacts.h"
#include "server/auth/auth.h"
#include "server/config.h"
#include "server/engine/engine.h"
#include "server/engine_clock.h"
#include "server/first_run.h"
#include "server/git/hosting.h"
#include "server/logs/logs.h"
#include "server/pipeline_files.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/store/settings.h"
#include "server/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WORKERS 8
#define CONNECTIONS_MAX 4000
#define PROGRAMS_PATIENCE_MS 4000 /* of the ten seconds that a stop may take */
#define REQUESTS_PATIENCE_MS 8000

struct program {
    struct arena arena; /* the settings */
    struct config config;
    struct server server;
    struct engine_clock *clock;
    /* For wakes: they come from the database's thread, before the listener is open and after it is closed. The lock is
     * held while it opens, so that a commit of its first request waits instead of waking nobody. */
    pthread_mutex_t listener_lock;
    struct http_listener *listener;
    int lock_fd;
    int listen_fd;
};

/* The data folder */

static const char *in_data(struct program *program, const char *name) {
    return arena_printf(&program->arena, "%s/%s", program->config.data_directory, name);
}

static bool make_folder(const char *path, struct err *err) {
    return mkdir(path, 0700) == 0 || errno == EEXIST || err_set_errno(err, errno, "cannot make the folder '%s'", path);
}

/* Two servers on one folder would both think that they are the only writer. */
static bool lock_data(struct program *program, struct err *err) {
    const char *path = in_data(program, "server.lock");
    if (!make_folder(program->config.data_directory, err))
        return false;
    program->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (program->lock_fd < 0)
        return err_set_errno(err, errno, "cannot use the data folder '%s'", program->config.data_directory);
    if (flock(program->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno != EWOULDBLOCK)
        return err_set_errno(err, errno, "cannot lock '%s'", path);
    return err_set(err, ERR_CONFLICT, "another penstock-server uses the data folder '%s'; stop it or choose another",
                   program->config.data_directory);
}

/* Opening */

static void on_commit(void *context, const char *topic) {
    struct program *program = context;
    if (str_equal(topic, WAKE_CLOCK)) {
        engine_clock_wake(program->clock);
        return;
    }
    pthread_mutex_lock(&program->listener_lock);
    if (program->listener)
        http_wake(program->listener, topic);
    pthread_mutex_unlock(&program->listener_lock);
}

static bool open_engine(struct tx *tx, void *context, struct err *err) {
    const struct config *config = context;
    return settings_put(tx, SETTING_REGION, config->region, err) &&
           settings_put(tx, SETTING_ACCOUNT, config->account_id, err) && engine_open(tx, err);
}

static bool open_logs(struct program *program, struct err *err) {
    struct server *server = &program->server;
    if (!logs_open(in_data(program, "logs"), server->clock, &server->logs, err))
        return false;
    logs_set_limit(server->logs, (int64_t)program->config.log_limit_mib << 20);
    return true;
}

static bool open_rooms(struct program *program, struct err *err) {
    struct server *server = &program->server;
    const char *data = program->config.data_directory;
    return engine_clock_new(&program->clock, err) &&
           db_open(in_data(program, "penstock.db"), server->clock, on_commit, program, &server->db, err) &&
           auth_open(data, &server->auth, err) && open_logs(program, err) &&
           artifacts_open(in_data(program, "artifacts"), &server->artifacts, err) &&
           hosting_open(in_data(program, "repositories"), &server->hosting, err) &&
           make_folder(in_data(program, "bodies"), err);
}

/* What happened while nobody ran: before any door opens. */
static bool catch_up(struct program *program, struct err *err) {
    struct server *server = &program->server;
    const char *pipelines = program->config.pipelines_directory;
    return db_write(server->db, open_engine, &program->config, err) &&
           (!pipelines || pipeline_files_load(server, pipelines, err)) && hosting_scan_all(server, err);
}

static bool open_doors(struct program *program, struct err *err) {
    const struct http_settings settings = {
        .listen_fd = program->listen_fd,
        .workers = WORKERS,
        .connection_limit = CONNECTIONS_MAX,
        .body_directory = in_data(program, "bodies"),
        .routes = routes,
        .route_count = route_count,
        .server = &program->server,
    };
    pthread_mutex_lock(&program->listener_lock);
    bool opened = http_open(&settings, &program->server.listener, err);
    program->listener = program->server.listener;
    pthread_mutex_unlock(&program->listener_lock);
    if (opened)
        program->listen_fd = -1; /* the listener's now */
    return opened;
}

/* systemd, where it asks: one datagram. */
static void notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    close(fd);
}

static bool announce(struct program *program, const char *link, struct err *err) {
    if (!first_run_announce(&program->server, err))
        return false;
    printf("penstock-server listens on %s:%d; open %s\n", program->config.listen_address, program->config.listen_port,
           program->config.base_url);
    if (link)
        printf("sign in, once, within 30 minutes: %s\n", link);
    fflush(stdout);
    notify("READY=1");
    return true;
}

static bool start(struct program *program, struct err *err) {
    const char *link;
    int port;
    if (!lock_data(program, err) ||
        !http_bind(program->config.listen_address, program->config.listen_port, &program->listen_fd, &port, err))
        return false;
    config_set_port(&program->arena, &program->config, port);
    if (!open_rooms(program, err) || !catch_up(program, err) ||
        !first_run(&program->server, &program->arena, &link, err))
        return false;
    return open_doors(program, err) && engine_clock_start(program->clock, &program->server, err) &&
           announce(program, link, err);
}

/* Closing */

static void close_rooms(struct program *program) {
    struct server *server = &program->server;
    db_close(server->db);
    engine_clock_free(program->clock);
    hosting_close(server->hosting);
    artifacts_close(server->artifacts);
    logs_close(server->logs);
    auth_close(server->auth);
    if (program->listen_fd >= 0)
        close(program->listen_fd);
    if (program->lock_fd >= 0)
        close(program->lock_fd);
    arena_release(&program->arena);
}

/* From here on a second SIGTERM ends the program as it ends any other. Nothing is lost by that: what was answered is on
 * disk. */
static void let_signals_end(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

static void stop(struct program *program) {
    struct server *server = &program->server;
    let_signals_end();
    notify("STOPPING=1");
    LOG_INFO("stopping");
    hosting_stop(server->hosting, clock_boot_ms(&clock_system) + PROGRAMS_PATIENCE_MS);
    engine_clock_stop(program->clock);
    pthread_mutex_lock(&program->listener_lock); /* closing wakes everybody itself */
    program->listener = NULL;
    pthread_mutex_unlock(&program->listener_lock);
    if (!http_close(server->listener, REQUESTS_PATIENCE_MS)) {
        /* Everything that was answered is on disk; what was not is as if cut off by the network. */
        LOG_WARNING("a request did not end in time and was cut off");
        _exit(0);
    }
    close_rooms(program);
}

static void reload(struct program *program) {
    struct err err;
    const char *pipelines = program->config.pipelines_directory;
    if (pipelines && !pipeline_files_load(&program->server, pipelines, &err))
        LOG_ERROR("pipeline files were not read", "folder", pipelines, "err", err.message);
}

static void serve(struct program *program, const sigset_t *signals) {
    for (;;) {
        int signal_number = sigwaitinfo(signals, NULL);
        if (signal_number == SIGHUP)
            reload(program);
        else if (signal_number == SIGTERM || signal_number == SIGINT)
            return;
    }
}

/* Few heaps, given back soon: an idle server should be small, and its requests are short. */
static void set_up_memory(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

static int fail(const struct err *err) {
    fprintf(stderr, "penstock-server: %s\n", err->message);
    return 1;
}

int main(int argument_count, char **arguments) {
    static struct program program = {.lock_fd = -1, .listen_fd = -1, .listener_lock = PTHREAD_MUTEX_INITIALIZER};
    struct err err;
    sigset_t signals;
    set_up_memory();
    umask(077);
    if (!config_read(&program.arena, argument_count, arguments, &program.config, &err))
        return fail(&err);
    if (program.config.show_help || program.config.show_version) {
        fputs(program.config.show_help ? config_help : "penstock-server " PENSTOCK_VERSION "\n", stdout);
        return 0;
    }
    sigemptyset(&signals); /* before any thread, so that only sigwaitinfo gets them */
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    log_init("server", LOG_LEVEL_INFO);
    hash_init();
    program.server.config = &program.config;
    program.server.clock = &clock_system;
    if (!start(&program, &err))
        return fail(&err); /* what is open ends with the process */
    malloc_trim(0);
    serve(&program, &signals);
    stop(&program);
    return 0;
}
