/*
 * docker build. The program gets its own process group, environment and configuration folder; nothing of the person who
 * started the runner reaches it. It dies with the runner (setpriv), and the engine ends a build whose client is gone.
 */
#include "runner/actions/image_docker.h"

#include "common/file.h"
#include "common/spawn.h"
#include "common/str.h"
#include "runner/actions/build_limits.h"
#include "runner/docker/engine.h"
#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_PIECE 65536
#define ARGUMENTS_FIXED 48 /* more than are written below */
#define VERSION_MS 30000
#define CPU_PERIOD_US 100000
#define CPU_SHARES "512"         /* half of what others have: as builds (docker/containers.c) */
#define FIRST_WITHOUT_BUILTIN 23 /* from here on BuildKit is a plug-in, buildx, which may be missing */

enum builder { BUILDER_UNKNOWN, BUILDER_CLASSIC, BUILDER_BUILDKIT };

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

static bool ask(const char *const *arguments, struct arena *arena, struct spawn_result *out, struct err *err) {
    const struct spawn spawn = {
        .arguments = arguments, .input = -1, .output = -1, .errors = -1, .timeout_ms = VERSION_MS};
    return spawn_run_collect(&spawn, arena, 4096, out, err);
}

/* "Docker version 20.10.24+dfsg1, build 297e128": the command line of 20.10 speaks BuildKit itself. */
static bool look(enum builder *out, struct err *err) {
    static const char *const version[] = {"docker", "--version", NULL};
    static const char *const plugin[] = {"docker", "buildx", "version", NULL};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct spawn_result result;
    struct err own = {0};
    if (!ask(version, &arena, &result, &own))
        return err_set(err, ERR_UNAVAILABLE,
                       "this runner has no docker command line, which builds images; install Debian's docker.io (%s)",
                       own.message);
    const char *number = strstr(result.output, "version ");
    long major = number ? strtol(number + strlen("version "), NULL, 10) : 0;
    if (result.exit_code != 0 || major <= 0)
        return err_set(err, ERR_UNAVAILABLE, "the docker command line of this runner does not say its version");
    *out = BUILDER_BUILDKIT;
    if (major >= FIRST_WITHOUT_BUILTIN && (!ask(plugin, &arena, &result, &own) || result.exit_code != 0))
        *out = BUILDER_CLASSIC;
    return true;
}

bool image_builder_find(struct job *job, bool *buildkit, struct err *err) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static enum builder found = BUILDER_UNKNOWN; /* asked once; a runner is started anew after an upgrade */
    pthread_mutex_lock(&mutex);
    bool good = found != BUILDER_UNKNOWN || look(&found, err);
    enum builder builder = found;
    pthread_mutex_unlock(&mutex);
    *buildkit = builder == BUILDER_BUILDKIT && !job->runner->config->classic_images;
    return good;
}

/* What the program prints, on its way to the log. */
struct output {
    struct job *job;
    int descriptor;
    char last_line[IMAGE_LINE_SIZE]; /* that holds a letter, cut; for the sentence of a failure */
    char line[IMAGE_LINE_SIZE];
    size_t length;
};

static void end_line(struct output *output) {
    output->line[output->length] = '\0';
    /* BuildKit ends with a frame of dashes around what failed. */
    if (strspn(output->line, "- ") < output->length)
        memcpy(output->last_line, output->line, output->length + 1);
    output->length = 0;
}

static void keep_last_line(struct output *output, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            end_line(output);
        else if ((unsigned char)bytes[i] >= ' ' && output->length + 1 < sizeof output->line)
            output->line[output->length++] = bytes[i];
    }
}

static void *forward(void *context) {
    struct output *output = context;
    char *piece = malloc(OUTPUT_PIECE);
    if (!piece)
        abort();
    for (;;) {
        ssize_t got = read(output->descriptor, piece, OUTPUT_PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        keep_last_line(output, piece, (size_t)got);
        reporter_log(output->job->reporter, piece, (size_t)got);
    }
    if (output->length > 0)
        end_line(output);
    free(piece);
    return NULL;
}

/* Runs the program to its end, its output going to the log. */
static bool run(struct spawn *spawn, struct output *output, struct spawn_result *result, struct err *err) {
    int ends[2];
    pthread_t thread;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set_errno(err, errno, "making a pipe for docker build");
    int reading CLEANUP(close_descriptor) = ends[0];
    int writing CLEANUP(close_descriptor) = ends[1];
    output->descriptor = reading;
    spawn->output = writing;
    if (pthread_create(&thread, NULL, forward, output) != 0)
        return err_set(err, ERR_INTERNAL, "unable to start a thread");
    bool good = spawn_run(spawn, result, err);
    close_descriptor(&writing);
    pthread_join(thread, NULL);
    return good;
}

/* ---- what docker is told ---- */

struct words {
    const char **items;
    size_t count;
};

static void add(struct words *words, const char *word) {
    words->items[words->count++] = word;
}

static void add_two(struct words *words, const char *option, const char *value) {
    add(words, option);
    add(words, value);
}

static void add_settings(struct words *words, struct arena *arena, const struct image_build *build) {
    const struct image_settings *settings = build->settings;
    for (size_t i = 0; i < settings->argument_count; i++)
        add_two(words, "--build-arg",
                arena_printf(arena, "%s=%s", settings->arguments[i].name, settings->arguments[i].value));
    for (size_t i = 0; i < settings->secret_count; i++)
        add_two(words, "--secret",
                arena_printf(arena, "id=%s,src=secrets/%s", settings->secrets[i].name, settings->secrets[i].name));
    if (settings->target)
        add_two(words, "--target", settings->target);
    if (settings->platform)
        add_two(words, "--platform", settings->platform);
    if (settings->pull)
        add(words, "--pull");
}

/* What a build without a computeType has. Only the classic builder obeys: BuildKit in dockerd takes the same options
 * and forgets them. Neither can count processes; the limit "nproc" would not, since it leaves root alone. */
static void add_limits(struct words *words, struct job *job) {
    const struct engine *engine = job->runner->engine;
    const struct machine machine = {.cpus = engine->cpus, .memory_bytes = engine->memory_bytes};
    const struct build_limits limits = build_limits(NULL, &machine, 0);
    const char *memory = arena_printf(job->arena, "%lld", (long long)limits.memory_bytes);
    long long quota = limits.nano_cpus / (1000000000 / CPU_PERIOD_US);
    if (limits.memory_bytes > 0) {
        add_two(words, "--memory", memory);
        add_two(words, "--memory-swap", memory);
    }
    if (quota > 0) {
        add_two(words, "--cpu-period", arena_printf(job->arena, "%d", CPU_PERIOD_US));
        add_two(words, "--cpu-quota", arena_printf(job->arena, "%lld", quota));
    }
    add_two(words, "--cpu-shares", CPU_SHARES);
    add_two(words, "--ulimit", "core=0:0");
}

static const char *const *make_arguments(struct job *job, const struct image_build *build) {
    struct arena *arena = job->arena;
    size_t room = ARGUMENTS_FIXED + 2 * (build->settings->argument_count + build->settings->secret_count);
    struct words words = {.items = arena_array(arena, const char *, room)};
    add_two(&words, "setpriv", "--pdeathsig");
    add_two(&words, "KILL", "docker");
    add_two(&words, "--host", job->runner->engine->url);
    add(&words, "build");
    if (build->buildkit) {
        add_two(&words, "--progress", "plain");
    } else {
        add(&words, "--force-rm"); /* of what its RUN steps ran in, also where one failed */
        add_limits(&words, job);
    }
    add_two(&words, "--iidfile", "image");
    add_two(&words, "--tag", build->name);
    add_two(&words, "--label", IMAGE_LABEL "=1");
    if (build->network)
        add_two(&words, "--network", build->network);
    add_settings(&words, arena, build);
    add_two(&words, "--file", build->dockerfile);
    add_two(&words, "--", build->context);
    add(&words, NULL);
    return words.items;
}

static const char *const *make_environment(struct job *job, bool buildkit) {
    static const char *const passed[] = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
                                         "http_proxy", "https_proxy", "no_proxy"};
    const size_t fixed = 5;
    const char **list = arena_array(job->arena, const char *, fixed + sizeof passed / sizeof *passed + 1);
    size_t count = 0;
    const char *path = getenv("PATH");
    list[count++] = arena_printf(job->arena, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
    list[count++] = arena_printf(job->arena, "HOME=%s", job->folder);
    list[count++] = arena_printf(job->arena, "DOCKER_CONFIG=%s/docker", job->folder);
    list[count++] = buildkit ? "DOCKER_BUILDKIT=1" : "DOCKER_BUILDKIT=0";
    list[count++] = "LANG=C.UTF-8";
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        if (getenv(passed[i]))
            list[count++] = arena_printf(job->arena, "%s=%s", passed[i], getenv(passed[i]));
    return list;
}

static bool read_image_id(struct job *job, const char **image, struct err *err) {
    struct arena *arena = job->arena;
    const char *text = NULL;
    size_t size = 0;
    if (!file_get(arena, arena_printf(arena, "%s/image", job->folder), 256, &text, &size, err))
        return false;
    *image = arena_strndup(arena, text, strcspn(text, "\r\n"));
    return str_starts_with(*image, "sha256:") ||
           err_set(err, ERR_INTERNAL, "docker build did not say which image it made");
}

bool image_docker_build(struct job *job, const struct image_build *build, const char **image, struct err *err) {
    struct output output = {.job = job};
    struct spawn_result result;
    struct spawn spawn = {.arguments = make_arguments(job, build),
                          .environment = make_environment(job, build->buildkit),
                          .directory = job->folder,
                          .input = -1,
                          .errors = -1,
                          .interrupted = job_is_stopped,
                          .context = job};
    bool good = run(&spawn, &output, &result, err);
    reporter_flush_mask(job->reporter);
    if (!good)
        return false;
    if (result.interrupted)
        return err_set(err, ERR_UNAVAILABLE, "docker build was stopped");
    if (result.exit_code != 0)
        return err_set_code(err, ERR_INVALID, "JobFailed", "docker build ended with exit code %d%s%s%s",
                            result.exit_code, *output.last_line ? "; it last said '" : "",
                            reporter_masked(job->reporter, job->arena, output.last_line), *output.last_line ? "'" : "");
    return read_image_id(job, image, err);
}
