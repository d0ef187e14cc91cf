/*
 * Requests to the engine.
 */
#include "runner/docker/engine.h"

#include "common/str.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define API_MINOR 41 /* Docker 20.10 */
#define DEFAULT_TCP_PORT "2375"

struct docker {
    const struct engine *engine;
    struct http_client *client;
};

struct docker *docker_open(const struct engine *engine) {
    struct docker *docker = calloc(1, sizeof *docker);
    if (!docker)
        abort();
    docker->engine = engine;
    docker->client = http_client_new();
    return docker;
}

void docker_close(struct docker *docker) {
    if (!docker)
        return;
    http_client_free(docker->client);
    free(docker);
}

void docker_cleanup(struct docker **docker) {
    docker_close(*docker);
}

static bool refuse(int status, const struct json *body, struct err *err) {
    const char *message = json_get_text_or(body, "message", "no reason given");
    enum err_kind kind = status == 404   ? ERR_NOT_FOUND
                         : status == 409 ? ERR_CONFLICT
                         : status >= 500 ? ERR_INTERNAL
                                         : ERR_INVALID;
    return err_set(err, kind, "Docker answered %d: %.800s", status, message);
}

static const char *base_url(struct arena *arena, const struct engine *engine) {
    return engine->socket_path ? "http://docker" : arena_printf(arena, "http://%s:%s", engine->host, engine->port);
}

bool docker_send(struct docker *docker, struct arena *arena, const struct docker_call *call, const struct json **answer,
                 struct err *err) {
    const struct engine *engine = docker->engine;
    const char *text = call->body ? json_print(arena, call->body) : NULL;
    struct http_header headers[2];
    size_t header_count = 0;
    headers[header_count++] = (struct http_header){.name = "Content-Type",
                                                   .value = call->read_body ? "application/x-tar" : "application/json"};
    if (call->registry_auth)
        headers[header_count++] = (struct http_header){.name = "X-Registry-Auth", .value = call->registry_auth};
    const struct http_request request = {
        .method = call->method,
        .url = arena_printf(arena, "%s%s%s%s", base_url(arena, engine), engine->api ? "/" : "",
                            engine->api ? engine->api : "", call->path),
        .unix_socket = engine->socket_path,
        .headers = headers,
        .header_count = header_count,
        .body = text,
        .body_size = text ? strlen(text) : 0,
        .read_body = call->read_body,
        .write_body = call->write_body,
        .interrupted = call->interrupted,
        .context = call->context,
        .timeout_ms = call->timeout_ms,
    };
    struct http_answer reply;
    if (!http_send(docker->client, arena, &request, &reply, err))
        return err_wrap(err, "Docker at '%s'", engine->url);
    const struct json *body = NULL;
    if (reply.body_size > 0)
        (void)json_parse(arena, reply.body, reply.body_size, &body, NULL);
    if (reply.status / 100 != 2 && reply.status != 304)
        return refuse(reply.status, body, err);
    if (answer)
        *answer = body;
    return true;
}

static bool parse_url(struct arena *arena, const char *url, struct engine *out, struct err *err) {
    *out = (struct engine){.url = arena_strdup(arena, url)};
    if (str_starts_with(url, "unix://") && url[7] == '/') {
        out->socket_path = arena_strdup(arena, url + 7);
        return true;
    }
    const char *rest = str_starts_with(url, "tcp://") ? url + 6 : str_starts_with(url, "http://") ? url + 7 : NULL;
    if (!rest || !*rest)
        return err_set(err, ERR_INVALID, "'%s' is no Docker address; write unix:///path or tcp://host:port", url);
    size_t length = strcspn(rest, "/");
    char *host = arena_strndup(arena, rest, length);
    char *colon = strrchr(host, ':');
    out->port = colon ? arena_strdup(arena, colon + 1) : DEFAULT_TCP_PORT;
    if (colon)
        *colon = '\0';
    out->host = host;
    return true;
}

static bool say_unreachable(const struct engine *engine, int error_number, struct err *err) {
    if (error_number == EACCES)
        return err_set(err, ERR_DENIED,
                       "no permission for Docker at '%s'; run the runner as root or as a member of group 'docker'",
                       engine->url);
    return err_set(err, ERR_UNAVAILABLE,
                   "no Docker engine at '%s' (%s); install docker.io and start it, or name another with --docker",
                   engine->url, strerror(error_number));
}

static bool open_unix(const struct engine *engine, int *out, struct err *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(engine->socket_path) >= sizeof address.sun_path)
        return err_set(err, ERR_INVALID, "the socket's path '%s' is too long", engine->socket_path);
    memcpy(address.sun_path, engine->socket_path, strlen(engine->socket_path) + 1);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return err_set_errno(err, errno, "unable to make a socket");
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error_number = errno;
        (void)close(descriptor);
        return say_unreachable(engine, error_number, err);
    }
    *out = descriptor;
    return true;
}

static bool open_tcp(const struct engine *engine, int *out, struct err *err) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int result = getaddrinfo(engine->host, engine->port, &hints, &found);
    if (result != 0)
        return err_set(err, ERR_UNAVAILABLE, "Docker at '%s': %s", engine->url, gai_strerror(result));
    int descriptor = -1;
    int error_number = ECONNREFUSED;
    for (const struct addrinfo *item = found; item && descriptor < 0; item = item->ai_next) {
        descriptor = socket(item->ai_family, item->ai_socktype | SOCK_CLOEXEC, item->ai_protocol);
        if (descriptor >= 0 && connect(descriptor, item->ai_addr, item->ai_addrlen) != 0) {
            error_number = errno;
            (void)close(descriptor);
            descriptor = -1;
        }
    }
    freeaddrinfo(found);
    if (descriptor < 0)
        return say_unreachable(engine, error_number, err);
    *out = descriptor;
    return true;
}

bool engine_open_socket(const struct engine *engine, int *out, struct err *err) {
    return engine->socket_path ? open_unix(engine, out, err) : open_tcp(engine, out, err);
}

/* Docker limits a container's disk on XFS (mounted with pquota, which it does not say here), btrfs and ZFS. */
static bool may_have_quotas(const struct json *info) {
    const char *driver = json_get_text(info, "Driver");
    if (str_equal(driver, "btrfs") || str_equal(driver, "zfs"))
        return true;
    bool on_xfs = false;
    json_each(pair, json_get(info, "DriverStatus")) /* [["Backing Filesystem", "extfs"], …] */
        on_xfs = on_xfs || (pair->first && pair->first->next && str_equal(pair->first->next->text, "xfs"));
    return on_xfs && str_equal(driver, "overlay2");
}

/* "1.44": the minor number; 0 where it is anything else. */
static long long minor_version(const char *text) {
    long long minor = 0;
    if (!text || !str_starts_with(text, "1.") || !str_to_int64(text + 2, 0, 10000, &minor))
        return 0;
    return minor;
}

bool engine_connect(struct arena *arena, const char *url, struct engine *out, struct err *err) {
    struct engine engine;
    int probe;
    if (!parse_url(arena, url, &engine, err) || !engine_open_socket(&engine, &probe, err))
        return false;
    (void)close(probe);
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(&engine);
    const struct json *version = NULL;
    const struct json *info = NULL;
    if (!docker_send(docker, arena, &(struct docker_call){.method = "GET", .path = "/version"}, &version, err))
        return false;
    long long newest = minor_version(json_get_text(version, "ApiVersion"));
    long long oldest = minor_version(json_get_text(version, "MinAPIVersion"));
    if (newest < API_MINOR)
        return err_set(err, ERR_INVALID, "the Docker engine at '%s' is too old; 20.10 or newer is needed", url);
    engine.api = arena_printf(arena, "v1.%lld", oldest > API_MINOR ? oldest : API_MINOR);
    if (!docker_send(docker, arena, &(struct docker_call){.method = "GET", .path = "/info"}, &info, err))
        return false;
    engine.cpus = json_get_integer(info, "NCPU", 0);
    engine.memory_bytes = json_get_integer(info, "MemTotal", 0);
    engine.root = json_get_text_or(info, "DockerRootDir", "");
    engine.disk_quotas = may_have_quotas(info);
    *out = engine;
    return true;
}
