/*
 * penstock-runner: leases jobs from a Penstock server and does them; `penstock-runner build` needs no server. Wiring
 * only.
 */
#include "common/hash.h"
#include "common/http_client.h"
#include "common/log.h"
#include "common/str.h"
#include "runner/aws/call.h"
#include "runner/config.h"
#include "runner/docker/engine.h"
#include "runner/docker/sandbox.h"
#include "runner/docker/sign_in.h"
#include "runner/folder.h"
#include "runner/leftovers.h"
#include "runner/link.h"
#include "runner/local.h"
#include "runner/loop.h"
#include "runner/rehearsal.h"
#include "runner/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One runner for one state folder: two would take each other's containers for leftovers. The lock lives as long as the
 * program. */
static bool take_state(struct arena *arena, struct config *config, struct err *err) {
    char real[PATH_MAX];
    if (!folder_ensure(config->state, err))
        return false;
    if (!realpath(config->state, real))
        return err_set_errno(err, errno, "state folder '%s'", config->state);
    config->state = arena_strdup(arena, real);
    const char *path = arena_printf(arena, "%s/lock", config->state);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return err_set_errno(err, errno, "unable to write to the state folder '%s'", config->state);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        (void)close(lock);
        return err_set(err, ERR_CONFLICT, "another runner uses the state folder '%s'; give this one its own --state",
                       config->state);
    }
    return true;
}

/* A join token is spent once; started again with the same command line, the runner goes on as who it is. */
static bool become_member(struct arena *arena, const struct config *config, struct account *account, struct err *err) {
    struct err missing = {0};
    if (account_load(arena, config->state, account, &missing))
        return true;
    if (missing.kind != ERR_NOT_FOUND)
        return err_set(err, missing.kind, "%s", missing.message);
    if (!config->join_url)
        return err_set(err, ERR_INVALID,
                       "this runner has not joined a server; get a token with `penstock join` and start it once with "
                       "--join URL TOKEN");
    return link_join(arena, config->join_url, config->join_token, config->name, account, err) &&
           account_save(arena, config->state, account, err);
}

/* What an earlier process of this runner left when it was killed. */
static bool remove_leftovers(struct arena *arena, const struct runner *runner, struct err *err) {
    bool kept; /* a network that somebody else uses is in nobody's way */
    if (!leftovers_remove(arena, runner->engine, runner->account->runner_id, &kept, err))
        return false;
    folder_remove(arena_printf(arena, "%s/work", runner->config->state));
    return true;
}

static void start_sandboxes(struct runner *runner) {
    const struct config *config = runner->config;
    if (!config_isolates(config))
        return;
    runner->sandboxes = sandboxes_new(&(struct sandboxes_settings){.engine = runner->engine,
                                                                   .runner_id = runner->account->runner_id,
                                                                   .first_address = config->build_subnets.first,
                                                                   .prefix = config->build_subnets.prefix,
                                                                   .reach = config->build_reach,
                                                                   .spares = config->jobs});
}

/* Looks for AWS credentials before the first job needs them: a machine without any is found out by a timeout. */
static void *look_for_credentials(void *aws) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct aws_credentials credentials;
    (void)aws_credentials(aws, &arena, &credentials, NULL);
    return NULL;
}

static void warm_up(struct runner *runner) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, look_for_credentials, runner->aws) == 0)
        pthread_detach(thread);
}

static void set_process_up(void) {
    (void)setenv("TZ", "UTC", 1); /* zip files carry local times; the same commit must give the same bytes anywhere */
    tzset();
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive: names are UTF-8 */
    (void)prctl(PR_SET_DUMPABLE, 0);      /* no core file, no reading of our memory by others: it holds tokens */
    (void)mallopt(M_ARENA_MAX, 2);        /* a heap for each thread would be most of an idle runner */
    (void)signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* loop_run waits for them; threads inherit this */
}

static bool start(struct arena *arena, struct config *config, struct runner *runner, struct account *account,
                  struct engine *engine, struct err *err) {
    if (!take_state(arena, config, err) || !http_client_global_init(err))
        return false;
    *runner = (struct runner){.config = config,
                              .account = account,
                              .engine = engine,
                              .aws = aws_new(),
                              .ecr = sign_in_new(),
                              .rehearsal = rehearsal_new(config->rehearsal_clock),
                              .slots = slots_new()};
    if (!engine_connect(arena, config->docker, engine, err) || !become_member(arena, config, account, err) ||
        !remove_leftovers(arena, runner, err))
        return false;
    warm_up(runner);
    start_sandboxes(runner);
    return loop_hello(runner, arena, &runner->region, err);
}

int main(int argc, char **argv) {
    struct arena arena = ARENA_INIT;
    struct config config;
    struct account account;
    struct engine engine;
    struct runner runner;
    struct err err = {0};
    bool help = false;
    set_process_up();
    hash_init();
    bool local = argc > 1 && str_equal(argv[1], "build");
    log_init("runner", local ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO);
    if (local)
        _exit(local_main(argc - 1, argv + 1)); /* around the thread that waits for signals */
    if (!config_read(&arena, argc, argv, &config, &help, &err)) {
        (void)fprintf(stderr, "penstock-runner: %s\n", err.message);
        arena_release(&arena);
        return 2;
    }
    if (help) {
        (void)fputs(config_usage, stdout);
        arena_release(&arena);
        return 0;
    }
    if (!start(&arena, &config, &runner, &account, &engine, &err)) {
        if (loop_is_unwanted())
            _exit(0); /* told to end while it waited for its server */
        (void)fprintf(stderr, "penstock-runner: %s\n", err.message);
        _exit(1); /* as at the end: what was made so far belongs to the program, not to this function */
    }
    settle();
    LOG_INFO("ready", "server", account.url, "runner", account.runner_id, "docker", engine.url);
    /* Idle slots' threads still sit in their questions: the program ends around them. */
    int exit_code = loop_run(&runner);
    sandboxes_free(runner.sandboxes);
    _exit(exit_code);
}
