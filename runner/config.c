/*
 * Flags, environment and runner.json.
 */
#include "runner/config.h"

#include "common/json.h"
#include "common/str.h"
#include "runner/docker/fence.h"
#include "runner/docker/images.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCOUNT_CEILING (64 * 1024)
#define JOBS_MAX 64
#define GRACE_MAX 86400
#define IMAGE_CACHE_GIB 20
#define BUILD_CACHE_MAX 100000
#define IMAGE_CACHE_MAX 65536

#ifdef __aarch64__
#define COMMANDS_IMAGE "aws/codebuild/amazonlinux-aarch64-standard:3.0"
#else
#define COMMANDS_IMAGE "aws/codebuild/amazonlinux-x86_64-standard:5.0"
#endif

#define BUILD_SUBNETS "198.18.0.0/16"
#define ENGINE_IMAGE "docker:dind"
#define SUBNETS_PREFIX_MAX 27 /* room for four */
#define BUILD_DISK_MAX 65536

const char config_usage[] =
    "usage: penstock-runner [--join URL TOKEN] [--state DIR] [--name NAME] [--docker URL] [--jobs N] [--once]\n"
    "       penstock-runner build [DIR] [OPTION...]   a buildspec here, without a server; `penstock-runner build "
    "--help`\n"
    "  --join URL TOKEN  join the server once (a token comes from `penstock join`), then go on\n"
    "  --state DIR       where the runner keeps its token, git mirrors and work (/var/lib/penstock-runner)\n"
    "  --name NAME       how people see it (the host's name)\n"
    "  --docker URL      the Docker engine that builds use (DOCKER_HOST, else unix:///var/run/docker.sock)\n"
    "  --jobs N          how many jobs at a time (2)\n"
    "  --once            do one job and end\n"
    "  --grace SECONDS   how long SIGTERM lets jobs go on before they are given back (no limit)\n"
    "  --build-network NAME          'isolated' walls each build off; or a Docker network they share (isolated)\n"
    "  --build-subnets CIDR          where isolated networks take their addresses from (" BUILD_SUBNETS ")\n"
    "  --build-reach LIST            'ADDRESS:PORT,...' of this machine that isolated builds may reach (none)\n"
    "  --build-disk GIB              what a build may write (as CodeBuild for its computeType)\n"
    "  --privileged-builds WHAT      privilegedMode gets the host's Docker 'socket', an 'engine' of the build's own,\n"
    "                                or 'refuse' (refuse)\n"
    "  --engine-image IMAGE          what that engine runs in (" ENGINE_IMAGE ")\n"
    "  --codebuild-images LIST       'aws/codebuild/standard:7.0=IMAGE,aws/codebuild/*=IMAGE' (none)\n"
    "  --commands-image IMAGE        what Commands actions and rules run in (" COMMANDS_IMAGE ")\n"
    "  --build-aws-credentials WHAT  'runner' gives builds the runner's AWS credentials, 'none' does not (runner)\n"
    "  --image-builder WHAT          'auto': ECRBuildAndPublish uses BuildKit where it is; or 'classic' (auto)\n"
    "  --image-cache GIB             how much of image builds stays on the engine; 0: no limit (20)\n"
    "  --build-cache GIB             how much of projects' LOCAL_CUSTOM_CACHE stays in DIR; 0: nothing (10)\n"
    "  --rehearsal-clock URL         deployments wait by the clock of a sandbox, not of this machine (none)\n";

struct flag {
    const char *name;
    const char *variable;
    const char **value;
};

static bool find_flag(const struct flag *flags, size_t count, const char *argument, const struct flag **out) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal(flags[i].name, argument)) {
            *out = &flags[i];
            return true;
        }
    }
    return false;
}

static bool read_flags(int argc, char **argv, const struct flag *flags, size_t count, struct config *out, bool *help,
                       struct err *err) {
    for (int i = 1; i < argc; i++) {
        const struct flag *flag = NULL;
        if (str_equal(argv[i], "--help") || str_equal(argv[i], "-h")) {
            *help = true;
        } else if (str_equal(argv[i], "--once")) {
            out->once = true;
        } else if (str_equal(argv[i], "--join")) {
            if (i + 2 >= argc)
                return err_set(err, ERR_INVALID, "--join wants the server's URL and a token from `penstock join`");
            out->join_url = argv[++i];
            out->join_token = argv[++i];
        } else if (find_flag(flags, count, argv[i], &flag)) {
            if (i + 1 >= argc)
                return err_set(err, ERR_INVALID, "%s wants a value", flag->name);
            *flag->value = argv[++i];
        } else {
            return err_set(err, ERR_INVALID, "no flag '%s'; --help lists them", argv[i]);
        }
    }
    return true;
}

static const char *host_name(struct arena *arena) {
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !name[0])
        return "runner";
    return arena_strdup(arena, name);
}

bool config_isolates(const struct config *config) {
    return str_equal(config->build_network, "isolated");
}

/* "198.18.0.0/16" */
static bool read_subnets(const char *text, struct subnets *out, struct err *err) {
    char address[INET_ADDRSTRLEN] = "";
    struct in_addr parsed;
    long long prefix = 0;
    size_t length = strcspn(text, "/");
    if (length < sizeof address)
        memcpy(address, text, length);
    if (text[length] != '/' || inet_pton(AF_INET, address, &parsed) != 1 ||
        !str_to_int64(text + length + 1, 8, SUBNETS_PREFIX_MAX, &prefix))
        return err_set(err, ERR_INVALID, "--build-subnets must be an address and 8 to %d bits as '%s', not '%s'",
                       SUBNETS_PREFIX_MAX, BUILD_SUBNETS, text);
    *out = (struct subnets){.first = ntohl(parsed.s_addr) & (UINT32_MAX << (32 - prefix)), .prefix = (int)prefix};
    return true;
}

static bool is_address_and_port(const char *text) {
    char address[INET_ADDRSTRLEN] = "";
    struct in_addr parsed;
    long long port;
    size_t length = strcspn(text, ":");
    if (length < sizeof address)
        memcpy(address, text, length);
    return inet_pton(AF_INET, address, &parsed) == 1 && text[length] == ':' &&
           str_to_int64(text + length + 1, 1, UINT16_MAX, &port);
}

/* "192.168.0.10:5000,…" */
static bool read_reach(struct arena *arena, const char *text, const char *const **out, struct err *err) {
    const char **list = arena_array(arena, const char *, FENCE_REACH_MAX + 1);
    size_t count = 0;
    for (const char *at = text; at && *at;) {
        size_t length = strcspn(at, ",");
        const char *entry = arena_strndup(arena, at, length);
        if (count == FENCE_REACH_MAX || !is_address_and_port(entry))
            return err_set(err, ERR_INVALID,
                           "--build-reach must be up to %d of ADDRESS:PORT with commas between them, not '%s'",
                           FENCE_REACH_MAX, entry);
        list[count++] = entry;
        at += length + (at[length] == ',');
    }
    *out = list;
    return true;
}

static bool read_privileged(const char *text, enum privileged_builds *out, struct err *err) {
    if (!text || !*text || str_equal(text, "refuse"))
        *out = PRIVILEGED_REFUSED;
    else if (str_equal(text, "socket"))
        *out = PRIVILEGED_SOCKET;
    else if (str_equal(text, "engine"))
        *out = PRIVILEGED_ENGINE;
    else
        return err_set(err, ERR_INVALID, "--privileged-builds must be 'socket', 'engine' or 'refuse', not '%s'", text);
    return true;
}

/* As they came by flag or variable. */
struct build_texts {
    const char *subnets;
    const char *reach;
    const char *disk;
    const char *privileged;
};

static bool read_build_settings(struct arena *arena, const struct build_texts *texts, struct config *config,
                                struct err *err) {
    long long disk = 0;
    if (!config->build_network || !*config->build_network)
        config->build_network = "isolated";
    if (!config->engine_image || !*config->engine_image)
        config->engine_image = ENGINE_IMAGE;
    if (!config->commands_image || !*config->commands_image)
        config->commands_image = COMMANDS_IMAGE;
    if (texts->disk && *texts->disk && !str_to_int64(texts->disk, 1, BUILD_DISK_MAX, &disk))
        return err_set(err, ERR_INVALID, "--build-disk must be a number of GiB from 1 to %d, not '%s'", BUILD_DISK_MAX,
                       texts->disk);
    config->build_disk_gib = (int)disk;
    return read_subnets(texts->subnets && *texts->subnets ? texts->subnets : BUILD_SUBNETS, &config->build_subnets,
                        err) &&
           read_reach(arena, texts->reach, &config->build_reach, err) &&
           read_privileged(texts->privileged, &config->privileged_builds, err) &&
           image_map_check(config->codebuild_images, err);
}

static bool read_build_cache(const char *cache, struct config *config, struct err *err) {
    long long gibibytes = 10;
    if (cache && *cache && !str_to_int64(cache, 0, BUILD_CACHE_MAX, &gibibytes))
        return err_set(err, ERR_INVALID, "--build-cache must be a number of GiB from 0 to %d, not '%s'",
                       BUILD_CACHE_MAX, cache);
    config->build_cache_gib = (int)gibibytes;
    return true;
}

static bool read_image_settings(const char *builder, const char *cache, struct config *config, struct err *err) {
    long long gibibytes = IMAGE_CACHE_GIB;
    if (builder && *builder && !str_equal(builder, "auto") && !str_equal(builder, "classic"))
        return err_set(err, ERR_INVALID, "--image-builder must be 'auto' or 'classic', not '%s'", builder);
    if (cache && *cache && !str_to_int64(cache, 0, IMAGE_CACHE_MAX, &gibibytes))
        return err_set(err, ERR_INVALID, "--image-cache must be a number of GiB from 0 to %d, not '%s'",
                       IMAGE_CACHE_MAX, cache);
    config->classic_images = str_equal(builder, "classic");
    config->image_cache_gib = (int)gibibytes;
    return true;
}

bool config_read(struct arena *arena, int argc, char **argv, struct config *out, bool *help, struct err *err) {
    const char *jobs = NULL;
    const char *grace = NULL;
    const char *credentials = NULL;
    const char *image_builder = NULL;
    const char *image_cache = NULL;
    const char *build_cache = NULL;
    struct build_texts texts = {0};
    struct config config = {0};
    const struct flag flags[] = {
        {"--state", "PENSTOCK_STATE", &config.state},
        {"--name", "PENSTOCK_NAME", &config.name},
        {"--docker", "PENSTOCK_DOCKER", &config.docker},
        {"--jobs", "PENSTOCK_JOBS", &jobs},
        {"--grace", "PENSTOCK_GRACE", &grace},
        {"--build-network", "PENSTOCK_BUILD_NETWORK", &config.build_network},
        {"--build-subnets", "PENSTOCK_BUILD_SUBNETS", &texts.subnets},
        {"--build-reach", "PENSTOCK_BUILD_REACH", &texts.reach},
        {"--build-disk", "PENSTOCK_BUILD_DISK", &texts.disk},
        {"--privileged-builds", "PENSTOCK_PRIVILEGED_BUILDS", &texts.privileged},
        {"--engine-image", "PENSTOCK_ENGINE_IMAGE", &config.engine_image},
        {"--codebuild-images", "PENSTOCK_CODEBUILD_IMAGES", &config.codebuild_images},
        {"--commands-image", "PENSTOCK_COMMANDS_IMAGE", &config.commands_image},
        {"--build-aws-credentials", "PENSTOCK_BUILD_AWS_CREDENTIALS", &credentials},
        {"--image-builder", "PENSTOCK_IMAGE_BUILDER", &image_builder},
        {"--image-cache", "PENSTOCK_IMAGE_CACHE", &image_cache},
        {"--build-cache", "PENSTOCK_BUILD_CACHE", &build_cache},
        {"--rehearsal-clock", "PENSTOCK_REHEARSAL_CLOCK", &config.rehearsal_clock},
    };
    size_t count = sizeof flags / sizeof *flags;
    config.join_url = getenv("PENSTOCK_JOIN_URL");
    config.join_token = getenv("PENSTOCK_JOIN_TOKEN");
    for (size_t i = 0; i < count; i++)
        *flags[i].value = getenv(flags[i].variable);
    if (!read_flags(argc, argv, flags, count, &config, help, err))
        return false;
    long long number = 2;
    if (jobs && !str_to_int64(jobs, 1, JOBS_MAX, &number))
        return err_set(err, ERR_INVALID, "--jobs must be a number from 1 to %d, not '%s'", JOBS_MAX, jobs);
    long long grace_seconds = 0;
    if (grace && *grace && !str_to_int64(grace, 1, GRACE_MAX, &grace_seconds))
        return err_set(err, ERR_INVALID, "--grace must be seconds from 1 to %d, not '%s'", GRACE_MAX, grace);
    config.grace_seconds = (int)grace_seconds;
    if (credentials && !str_equal(credentials, "runner") && !str_equal(credentials, "none"))
        return err_set(err, ERR_INVALID, "--build-aws-credentials must be 'runner' or 'none', not '%s'", credentials);
    config.jobs = config.once ? 1 : (int)number;
    config.build_credentials = !str_equal(credentials, "none");
    if (!read_build_cache(build_cache, &config, err) || !read_image_settings(image_builder, image_cache, &config, err))
        return false;
    if (!config.state)
        config.state = "/var/lib/penstock-runner";
    if (!config.name)
        config.name = host_name(arena);
    if (!config.docker)
        config.docker = getenv("DOCKER_HOST");
    if (!config.docker || !*config.docker)
        config.docker = "unix:///var/run/docker.sock";
    if (!read_build_settings(arena, &texts, &config, err))
        return false;
    *out = config;
    return true;
}

static void close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

bool account_load(struct arena *arena, const char *state, struct account *out, struct err *err) {
    const char *path = arena_printf(arena, "%s/runner.json", state);
    int descriptor CLEANUP(close_descriptor) = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return err_set_errno(err, errno, "unable to open '%s'", path);
    char *text = arena_alloc(arena, ACCOUNT_CEILING);
    ssize_t length = read(descriptor, text, ACCOUNT_CEILING);
    if (length < 0)
        return err_set_errno(err, errno, "unable to read '%s'", path);
    const struct json *root;
    if (!json_parse(arena, text, (size_t)length, &root, err))
        return err_wrap(err, "'%s'", path);
    struct account account = {.url = json_get_text(root, "url"),
                              .runner_id = json_get_text(root, "runnerId"),
                              .token = json_get_text(root, "token")};
    if (!account.url || !account.runner_id || !account.token)
        return err_set(err, ERR_INVALID, "'%s' lacks url, runnerId or token; remove it and join again", path);
    *out = account;
    return true;
}

static bool write_all(int descriptor, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(descriptor, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return fsync(descriptor) == 0;
}

bool account_save(struct arena *arena, const char *state, const struct account *account, struct err *err) {
    struct json *root = json_object(arena);
    json_set_text(arena, root, "url", account->url);
    json_set_text(arena, root, "runnerId", account->runner_id);
    json_set_text(arena, root, "token", account->token);
    const char *text = json_print_pretty(arena, root);
    const char *path = arena_printf(arena, "%s/runner.json", state);
    const char *draft = arena_printf(arena, "%s/runner.json.new", state);
    int descriptor CLEANUP(close_descriptor) = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return err_set_errno(err, errno, "unable to write '%s'", draft);
    if (fchmod(descriptor, 0600) != 0 || !write_all(descriptor, text, strlen(text)) || rename(draft, path) != 0)
        return err_set_errno(err, errno, "unable to write '%s'", path);
    return true;
}
