/*
 * A local build from its command line to its last line. A build whose buildspec asks for RETRY is tried again here, as
 * the server would start its successor.
 */
#include "runner/local.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/http_client.h"
#include "common/log.h"
#include "common/str.h"
#include "runner/aws/call.h"
#include "runner/docker/engine.h"
#include "runner/docker/sandbox.h"
#include "runner/docker/sign_in.h"
#include "runner/folder.h"
#include "runner/job.h"
#include "runner/leftovers.h"
#include "runner/local_options.h"
#include "runner/runner.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Passes Ctrl-C on to the build that runs now. */
struct stopper {
    pthread_mutex_t mutex;
    struct heartbeat *heartbeat; /* or NULL */
    bool stopped;
};

static struct stopper stopper = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void take_signals(sigset_t *signals) {
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
}

static void *wait_for_signals(void *context) {
    (void)context;
    sigset_t signals;
    take_signals(&signals);
    for (;;) {
        if (sigwaitinfo(&signals, NULL) < 0)
            continue;
        pthread_mutex_lock(&stopper.mutex);
        stopper.stopped = true;
        if (stopper.heartbeat)
            heartbeat_raise(stopper.heartbeat, STOP_CANCELLED);
        pthread_mutex_unlock(&stopper.mutex);
    }
    return NULL;
}

static void watch_signals(void) {
    sigset_t signals;
    pthread_t thread;
    take_signals(&signals);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (pthread_create(&thread, NULL, wait_for_signals, NULL) != 0)
        abort();
    pthread_detach(thread);
}

/* NULL: none any more. */
static bool set_heartbeat(struct heartbeat *heartbeat) {
    pthread_mutex_lock(&stopper.mutex);
    stopper.heartbeat = heartbeat;
    bool stopped = stopper.stopped;
    pthread_mutex_unlock(&stopper.mutex);
    return stopped;
}

struct attempt {
    struct wire_result result;
    const char *status; /* buildStatus */
    int64_t took_ms;
};

static const char *status_of(const struct wire_result *result) {
    const char *told = json_get_text(result->build, "buildStatus");
    if (told)
        return told;
    return result->outcome == WIRE_SUCCEEDED ? "SUCCEEDED" : result->outcome == WIRE_STOPPED ? "STOPPED" : "FAILED";
}

static void say(int log, const char *text) {
    (void)!write(log, text, strlen(text));
}

/* What passes here by the leave of one's own machine must not be a surprise on the server. */
static void say_leave(const struct config *config, const struct wire_job *message, int log, struct arena *arena) {
    bool open = !config_isolates(config) && !str_equal(config->build_network, "none");
    bool privileged = config->privileged_builds != PRIVILEGED_REFUSED &&
                      json_get_bool(json_get(message->build, "environment"), "privilegedMode", false);
    const char *network = open ? arena_printf(arena, "the network '%s'", config->build_network) : "";
    if (open || privileged)
        say(log, arena_printf(arena,
                              "penstock-runner: the build gets %s%s%s; a server's runner may refuse what it does with "
                              "that (%s%s%s)\n",
                              network, open && privileged ? " and " : "", privileged ? "privilegedMode" : "",
                              open ? "--build-network" : "", open && privileged ? ", " : "",
                              privileged ? "--privileged-builds" : ""));
}

static bool try_once(const struct runner *runner, struct local *local, const struct local_options *options,
                     int64_t number, int log, struct attempt *out, struct err *err) {
    struct arena *arena = options->arena;
    struct wire_job *message = arena_new(arena, struct wire_job);
    int64_t begun_ms = clock_boot_ms(&clock_system);
    if (!local_message(options, runner->config->commands_image, message, err))
        return false;
    if (number == 1)
        say_leave(runner->config, message, log, arena);
    message->id = arena_printf(arena, "%s-%lld", runner->account->runner_id, (long long)number);
    local->artifacts = json_array(arena);
    local->reports = json_array(arena);
    *out = (struct attempt){0};
    struct heartbeat *heartbeat = heartbeat_start_local();
    if (set_heartbeat(heartbeat))
        heartbeat_raise(heartbeat, STOP_CANCELLED);
    job_run_local(runner, local, log, heartbeat, arena, message, &out->result);
    (void)set_heartbeat(NULL);
    heartbeat_end(heartbeat);
    out->status = status_of(&out->result);
    out->took_ms = clock_boot_ms(&clock_system) - begun_ms;
    return true;
}

static bool run_all(const struct runner *runner, struct local *local, const struct local_options *options, int log,
                    struct attempt *last, struct err *err) {
    for (int64_t number = 1;; number++) {
        if (!try_once(runner, local, options, number, log, last, err))
            return false;
        int64_t limit = json_get_integer(json_get(last->result.build, "retry"), "limit", 0);
        if (!str_equal(last->status, "FAILED") || number > limit || set_heartbeat(NULL))
            return true;
        say(log,
            arena_printf(options->arena, "penstock-runner: the build FAILED and is tried again: retry %lld of %lld\n",
                         (long long)number, (long long)limit));
    }
}

static void print_json(const struct local *local, const struct attempt *attempt) {
    struct arena *arena = local->arena;
    const struct json *build = attempt->result.build;
    struct json *root = json_object(arena);
    json_set_text(arena, root, "buildStatus", attempt->status);
    json_set_text(arena, root, "message",
                  attempt->result.error_message ? attempt->result.error_message : attempt->result.summary);
    if (json_get(build, "phases"))
        json_set(arena, root, "phases", json_copy(arena, json_get(build, "phases")));
    json_set(arena, root, "exportedEnvironmentVariables",
             json_get(build, "exportedEnvironmentVariables")
                 ? json_copy(arena, json_get(build, "exportedEnvironmentVariables"))
                 : json_array(arena));
    json_set(arena, root, "artifacts", json_copy(arena, local->artifacts));
    json_set(arena, root, "reports", json_copy(arena, local->reports));
    if (json_get(build, "retry"))
        json_set(arena, root, "retry", json_copy(arena, json_get(build, "retry")));
    (void)printf("%s\n", json_print_pretty(arena, root));
    (void)fflush(stdout);
}

/* The first that did not succeed, or NULL. */
static const char *failed_phase(const struct json *build) {
    json_each(phase, json_get(build, "phases")) {
        const char *status = json_get_text(phase, "phaseStatus");
        if (status && !str_equal(status, "SUCCEEDED"))
            return json_get_text(phase, "phaseType");
    }
    return NULL;
}

/* The sentence without what this line has said before it: status and phase. */
static const char *reason_of(struct arena *arena, const struct attempt *attempt, const char *phase) {
    const struct wire_result *result = &attempt->result;
    const char *sentence = result->error_message ? result->error_message : result->summary;
    if (!sentence)
        return "no reason is known";
    const char *begin = arena_printf(arena, "the build failed in %s: ", phase ? phase : "");
    return str_starts_with(sentence, begin) ? sentence + strlen(begin) : sentence;
}

/* The one line that is read where nothing else is. */
static void print_end(struct arena *arena, const struct attempt *attempt, int log) {
    const char *phase = failed_phase(attempt->result.build);
    const char *reason = reason_of(arena, attempt, phase);
    bool good = str_equal(attempt->status, "SUCCEEDED");
    say(log, arena_printf(arena, "penstock-runner: %s%s%s after %.1f s%s%s\n", attempt->status, phase ? " in " : "",
                          phase ? phase : "", (double)attempt->took_ms / 1000, good ? "" : ": ", good ? "" : reason));
}

/* Where work in progress lies: --state, else what the person's desktop has for caches. */
static bool set_state(struct arena *arena, struct config *config, bool given, struct err *err) {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (!given && cache && *cache == '/')
        config->state = arena_printf(arena, "%s/penstock-runner", cache);
    else if (!given)
        config->state = arena_printf(arena, "%s/.cache/penstock-runner", home && *home ? home : "/tmp");
    return folder_ensure(config->state, err);
}

static bool start(struct arena *arena, const struct local_options *options, struct config *config,
                  struct engine *engine, struct account *account, struct runner *runner, struct err *err) {
    bool help = false;
    bool state_given = getenv("PENSTOCK_STATE") != NULL;
    char uuid[UUID_SIZE];
    /* One's own machine and one's own buildspec: the walls of a runner that serves a team must be asked for. */
    (void)setenv("PENSTOCK_BUILD_NETWORK", "bridge", 0);
    (void)setenv("PENSTOCK_PRIVILEGED_BUILDS", "socket", 0);
    for (int i = 1; i < options->rest_count; i++)
        state_given = state_given || str_equal(options->rest[i], "--state");
    if (!config_read(arena, options->rest_count, options->rest, config, &help, err) ||
        !set_state(arena, config, state_given, err) || !http_client_global_init(err) ||
        !engine_connect(arena, config->docker, engine, err))
        return false;
    hash_uuid(uuid);
    const char *runner_id = arena_printf(arena, "local-%s", uuid);
    if (!leftovers_claim(arena, engine, config->state, runner_id, err))
        return false;
    *account = (struct account){.url = "", .runner_id = runner_id, .token = ""};
    *runner = (struct runner){.config = config,
                              .account = account,
                              .engine = engine,
                              .region = "us-east-1",
                              .aws = aws_new(),
                              .ecr = sign_in_new()};
    if (config_isolates(config))
        runner->sandboxes = sandboxes_new(&(struct sandboxes_settings){.engine = engine,
                                                                       .runner_id = account->runner_id,
                                                                       .first_address = config->build_subnets.first,
                                                                       .prefix = config->build_subnets.prefix,
                                                                       .reach = config->build_reach});
    return true;
}

static int refuse(const struct err *err) {
    (void)fprintf(stderr, "penstock-runner: %s\n", err->message);
    return 2;
}

int local_main(int argc, char **argv) {
    struct arena arena = ARENA_INIT; /* not released: threads that end with the program still read it */
    struct local_options options;
    struct config config;
    struct engine engine;
    struct account account;
    struct runner runner;
    struct attempt last = {0};
    struct err err = {0};
    if (!local_options_read(&arena, argc, argv, &options, &err))
        return refuse(&err);
    if (options.help) {
        (void)fputs(local_usage, stdout);
        (void)fflush(stdout); /* main ends with _exit */
        return 0;
    }
    watch_signals();
    if (!start(&arena, &options, &config, &engine, &account, &runner, &err))
        return refuse(&err);
    struct local local = {.arena = &arena,
                          .sources = options.sources,
                          .source_count = options.source_count,
                          .without_git = options.without_git,
                          .output_folder = options.output_folder};
    const int log = options.json ? STDERR_FILENO : STDOUT_FILENO;
    bool ran = run_all(&runner, &local, &options, log, &last, &err);
    sandboxes_free(runner.sandboxes);
    if (!str_equal(last.status, "FAULT")) /* then something may be left: the next build looks */
        leftovers_give_up(&arena, config.state, account.runner_id);
    if (!ran)
        return refuse(&err);
    print_end(&arena, &last, log);
    if (options.json)
        print_json(&local, &last);
    return str_equal(last.status, "SUCCEEDED") ? 0 : 1;
}
