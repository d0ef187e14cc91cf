/*
 * Container requests.
 */
#include "runner/docker/containers.h"

#include "common/str.h"

#define KILL_MS (10 * 1000)
#define TRANSFER_MS (30 * 60 * 1000)
#define CPU_SHARES 512 /* half of what others have */
#define OOM_SCORE 500
#define START_MS (5 * 60 * 1000) /* an engine under load is slow to start, but a hung one must not hold the job */

static void set_texts(struct arena *arena, struct json *object, const char *name, const char *const *texts) {
    struct json *list = json_set_array(arena, object, name);
    for (; texts && *texts; texts++)
        json_append_text(arena, list, *texts);
}

/* What a build can do without: a raw socket forges packets past the rules of its network, and a device node is a way
 * to the machine's disks where the cgroup's list of devices has a hole. Setuid programs work (sudo, su), so
 * no-new-privileges is not set. */
static const char *const dropped[] = {"NET_RAW", "MKNOD", NULL};
static const char *const every[] = {"ALL", NULL};

static void set_build_rules(struct arena *arena, struct json *host) {
    set_texts(arena, host, "CapDrop", dropped);
    /* Where the machine is short, what keeps it running comes first. */
    json_set_integer(arena, host, "CpuShares", CPU_SHARES);
    json_set_integer(arena, host, "OomScoreAdj", OOM_SCORE);
    /* A core file may land on the host: kernel.core_pattern. Open files are as the engine has them: more than its own
     * it cannot give. */
    struct json *core = json_append_object(arena, json_set_array(arena, host, "Ulimits"));
    json_set_text(arena, core, "Name", "core");
    json_set_integer(arena, core, "Soft", 0);
    json_set_integer(arena, core, "Hard", 0);
}

static void set_fence_rules(struct arena *arena, struct json *host, const struct container_spec *spec) {
    const char *const added[] = {spec->capability, NULL};
    const char *const options[] = {"no-new-privileges", NULL};
    set_texts(arena, host, "CapDrop", every);
    set_texts(arena, host, "CapAdd", added);
    set_texts(arena, host, "SecurityOpt", options);
    json_set_bool(arena, host, "ReadonlyRootfs", true);
    if (str_equal(spec->network, "host")) /* an engine with userns-remap gives the host's network only to real root */
        json_set_text(arena, host, "UsernsMode", "host");
}

static bool is_engine(const struct container_spec *spec) {
    return spec->kind == CONTAINER_ENGINE || spec->kind == CONTAINER_ENGINE_LIMITED;
}

/* What "privileged" would bring, as far as dockerd and the containers that it starts need it. */
static void set_engine_rules(struct arena *arena, struct json *host) {
    static const char *const added[] = {"DAC_READ_SEARCH", "LINUX_IMMUTABLE", "NET_ADMIN",  "NET_BROADCAST",
                                        "IPC_LOCK",        "IPC_OWNER",       "SYS_PTRACE", "SYS_ADMIN",
                                        "SYS_NICE",        "SYSLOG",          "LEASE",      NULL};
    static const char *const options[] = {"seccomp=unconfined", "apparmor=unconfined", "label=disable", NULL};
    set_texts(arena, host, "CapAdd", added);
    set_texts(arena, host, "SecurityOpt", options);
    set_texts(arena, host, "MaskedPaths", NULL);
    set_texts(arena, host, "ReadonlyPaths", NULL);
}

static struct json *host_settings(struct arena *arena, const struct container_spec *spec) {
    struct json *host = json_object(arena);
    json_set_text(arena, host, "NetworkMode", spec->network);
    if (spec->nano_cpus > 0)
        json_set_integer(arena, host, "NanoCpus", spec->nano_cpus);
    if (spec->memory_bytes > 0) {
        json_set_integer(arena, host, "Memory", spec->memory_bytes);
        json_set_integer(arena, host, "MemorySwap", spec->memory_bytes);
    }
    if (spec->pids > 0)
        json_set_integer(arena, host, "PidsLimit", spec->pids);
    if (spec->disk_bytes > 0)
        json_set_text(arena, json_set_object(arena, host, "StorageOpt"), "size",
                      arena_printf(arena, "%lld", (long long)spec->disk_bytes));
    if (spec->binds)
        set_texts(arena, host, "Binds", spec->binds);
    if (spec->kind == CONTAINER_BUILD)
        set_build_rules(arena, host);
    else if (spec->kind == CONTAINER_FENCE)
        set_fence_rules(arena, host, spec);
    else if (spec->kind == CONTAINER_ENGINE_LIMITED)
        set_engine_rules(arena, host);
    else
        json_set_bool(arena, host, "Privileged", true);
    /* The engine need not keep a second copy of the output: we read it as it comes. */
    json_set_text(arena, json_set_object(arena, host, "LogConfig"), "Type", "none");
    return host;
}

static void set_streams(struct arena *arena, struct json *body) {
    static const char *const names[] = {"OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_set_bool(arena, body, names[i], true);
}

static struct json *container_settings(struct arena *arena, const struct container_spec *spec) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "Image", spec->image);
    if (spec->kind == CONTAINER_ENGINE) {
        set_texts(arena, body, "Cmd", spec->command);
    } else {
        set_texts(arena, body, "Entrypoint", spec->command);
        set_texts(arena, body, "Cmd", NULL);
    }
    set_texts(arena, body, "Env", spec->environment);
    json_set_text(arena, body, "User", spec->kind == CONTAINER_FENCE ? "0" : "root");
    json_set_text(arena, body, "WorkingDir", "/");
    if (is_engine(spec)) /* anonymous: removed with the container */
        (void)json_set_object(arena, json_set_object(arena, body, "Volumes"), "/var/lib/docker");
    else
        set_streams(arena, body);
    struct json *labels = json_set_object(arena, body, "Labels");
    json_set_text(arena, labels, LABEL_RUNNER, spec->runner_id);
    json_set_text(arena, labels, LABEL_JOB, spec->job_id);
    json_set(arena, body, "HostConfig", host_settings(arena, spec));
    return body;
}

bool container_create(struct docker *docker, struct arena *arena, const struct container_spec *spec, const char **id,
                      struct err *err) {
    const struct json *body = container_settings(arena, spec);
    const struct json *answer = NULL;
    const struct docker_call call = {
        .method = "POST", .path = "/containers/create", .body = body, .timeout_ms = START_MS};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    *id = json_get_text(answer, "Id");
    return *id || err_set(err, ERR_INTERNAL, "Docker made a container without an id");
}

static bool act(struct docker *docker, struct arena *arena, const char *method, const char *path, int timeout_ms,
                struct err *err) {
    const struct docker_call call = {.method = method, .path = path, .timeout_ms = timeout_ms};
    return docker_send(docker, arena, &call, NULL, err);
}

bool container_start(struct docker *docker, struct arena *arena, const char *id, struct err *err) {
    return act(docker, arena, "POST", arena_printf(arena, "/containers/%s/start", id), START_MS, err);
}

bool container_kill(struct docker *docker, struct arena *arena, const char *id, struct err *err) {
    struct err own = {0};
    if (act(docker, arena, "POST", arena_printf(arena, "/containers/%s/kill", id), KILL_MS, &own))
        return true;
    if (own.kind == ERR_NOT_FOUND || own.kind == ERR_CONFLICT) /* gone, or not running */
        return true;
    return err_set(err, own.kind, "%s", own.message);
}

bool container_remove(struct docker *docker, struct arena *arena, const char *id, struct err *err) {
    struct err own = {0};
    if (act(docker, arena, "DELETE", arena_printf(arena, "/containers/%s?force=1&v=1", id), START_MS, &own))
        return true;
    if (own.kind == ERR_NOT_FOUND || own.kind == ERR_CONFLICT) /* gone, or being removed */
        return true;
    return err_set(err, own.kind, "%s", own.message);
}

bool container_inspect(struct docker *docker, struct arena *arena, const char *id, struct container_state *out,
                       struct err *err) {
    const struct json *answer = NULL;
    struct err own = {0};
    const struct docker_call call = {.method = "GET", .path = arena_printf(arena, "/containers/%s/json", id)};
    if (!docker_send(docker, arena, &call, &answer, &own) && own.kind != ERR_NOT_FOUND)
        return err_set(err, own.kind, "%s", own.message);
    const struct json *state = json_get(answer, "State");
    *out = (struct container_state){
        .exists = answer != NULL,
        .started = !str_equal(json_get_text(state, "Status"), "created"),
        .running = json_get_bool(state, "Running", false),
        .out_of_memory = json_get_bool(state, "OOMKilled", false),
        .exit_code = (int)json_get_integer(state, "ExitCode", 0),
        .memory_bytes = json_get_integer(json_get(answer, "HostConfig"), "Memory", 0),
    };
    return true;
}

bool container_runs(struct docker *docker, struct arena *arena, const char *id, bool *out, struct err *err) {
    struct container_state state;
    if (!container_inspect(docker, arena, id, &state, err))
        return false;
    *out = state.running;
    return true;
}

bool container_wait(struct docker *docker, struct arena *arena, const char *id, int *exit_code, struct err *err) {
    const struct json *answer = NULL;
    const struct docker_call call = {
        .method = "POST", .path = arena_printf(arena, "/containers/%s/wait", id), .timeout_ms = START_MS};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    *exit_code = (int)json_get_integer(answer, "StatusCode", -1);
    return true;
}

bool container_written(struct docker *docker, struct arena *arena, const char *id, int64_t *bytes, struct err *err) {
    const struct json *answer = NULL;
    const struct docker_call call = {
        .method = "GET", .path = arena_printf(arena, "/containers/%s/json?size=1", id), .timeout_ms = START_MS};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    *bytes = json_get_integer(answer, "SizeRw", 0);
    return true;
}

bool containers_with_label(struct docker *docker, struct arena *arena, const char *label, const char *value,
                           const char *const **ids, size_t *count, struct err *err) {
    struct json *filters = json_object(arena);
    json_append_text(arena, json_set_array(arena, filters, "label"), arena_printf(arena, "%s=%s", label, value));
    const struct json *answer = NULL;
    const struct docker_call call = {.method = "GET",
                                     .path = arena_printf(arena, "/containers/json?all=1&filters=%s",
                                                          http_encode(arena, json_print(arena, filters), false))};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    const char **found = arena_array(arena, const char *, (answer ? answer->count : 0) + 1);
    *count = 0;
    json_each(item, answer) {
        const char *id = json_get_text(item, "Id");
        if (id)
            found[(*count)++] = id;
    }
    *ids = found;
    return true;
}

/* A request has one context for all that it calls. */
struct transfer {
    const struct container_stop *stop;
    ptrdiff_t (*read_tar)(void *context, void *buffer, size_t room);
    bool (*write_tar)(void *context, const void *bytes, size_t size);
    void *context;
};

static bool is_given_up(void *context) {
    const struct transfer *transfer = context;
    return transfer->stop->interrupted(transfer->stop->context);
}

static ptrdiff_t read_piece(void *context, void *buffer, size_t room) {
    const struct transfer *transfer = context;
    return transfer->read_tar(transfer->context, buffer, room);
}

static bool write_piece(void *context, const void *bytes, size_t size) {
    const struct transfer *transfer = context;
    return transfer->write_tar(transfer->context, bytes, size);
}

bool container_put(struct docker *docker, struct arena *arena, const char *id, const struct container_stop *stop,
                   ptrdiff_t (*read_tar)(void *context, void *buffer, size_t room), void *context, struct err *err) {
    struct transfer transfer = {.stop = stop, .read_tar = read_tar, .context = context};
    const struct docker_call call = {.method = "PUT",
                                     .path = arena_printf(arena, "/containers/%s/archive?path=%%2F", id),
                                     .read_body = read_piece,
                                     .interrupted = is_given_up,
                                     .context = &transfer,
                                     .timeout_ms = TRANSFER_MS};
    return docker_send(docker, arena, &call, NULL, err);
}

bool container_get(struct docker *docker, struct arena *arena, const char *id, const struct container_stop *stop,
                   const char *path, bool (*write_tar)(void *context, const void *bytes, size_t size), void *context,
                   struct err *err) {
    struct transfer transfer = {.stop = stop, .write_tar = write_tar, .context = context};
    const struct docker_call call = {
        .method = "GET",
        .path = arena_printf(arena, "/containers/%s/archive?path=%s", id, http_encode(arena, path, false)),
        .write_body = write_piece,
        .interrupted = is_given_up,
        .context = &transfer,
        .timeout_ms = TRANSFER_MS};
    return docker_send(docker, arena, &call, NULL, err);
}

bool container_exec(struct docker *docker, struct arena *arena, const char *id, const char *user,
                    const char *const *command, const char **exec_id, struct err *err) {
    struct json *body = json_object(arena);
    json_set_bool(arena, body, "AttachStdin", true);
    json_set_bool(arena, body, "AttachStdout", true);
    json_set_bool(arena, body, "AttachStderr", true);
    json_set_text(arena, body, "User", user);
    set_texts(arena, body, "Cmd", command);
    const struct json *answer = NULL;
    const struct docker_call call = {
        .method = "POST", .path = arena_printf(arena, "/containers/%s/exec", id), .body = body};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    *exec_id = json_get_text(answer, "Id");
    return *exec_id || err_set(err, ERR_INTERNAL, "Docker made an exec without an id");
}
