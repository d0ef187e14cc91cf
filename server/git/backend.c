/*
 * The doors under /git/NAME/: `git http-backend` does the talking. It gets the request's body as a file and writes its
 * answer into another, so that a slow client holds no process and no thread; its answer is a CGI one. After a push the
 * repository is scanned, and only then is the push answered.
 */
#include "common/log.h"
#include "common/spawn.h"
#include "common/str.h"
#include "server/config.h"
#include "server/git/hosting.h"
#include "server/git/insides.h"
#include "server/server.h"
#include "server/store/repositories.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM_TIMEOUT_MS (30 * 60 * 1000)
#define HEAD_BYTES_MAX 8192
#define COMPLAINT_BYTES_MAX 800

struct git_request {
    const char *name;   /* of the repository */
    const char *action; /* "info/refs" */
    bool is_push;       /* changes refs */
};

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

/* What is asked */

static bool is_known_action(const struct request *request, const struct git_request *asked) {
    const char *service = request_query(request, "service");
    if (str_equal(asked->action, "info/refs"))
        return str_equal(request->method, "GET") &&
               (str_equal(service, "git-upload-pack") || str_equal(service, "git-receive-pack"));
    return str_equal(request->method, "POST") &&
           (str_equal(asked->action, "git-upload-pack") || str_equal(asked->action, "git-receive-pack"));
}

static bool for_writing(const struct request *request, const struct git_request *asked) {
    return asked->is_push || str_equal(request_query(request, "service"), "git-receive-pack");
}

static bool look_up(struct tx *tx, void *context, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct repository_row row;
    return repositories_get(tx, &arena, context, &row, err);
}

static bool read_request(struct request *request, struct git_request *out, struct err *err) {
    char *name = arena_strdup(request->arena, request->captures[0]);
    size_t length = strlen(name);
    if (length > 4 && str_ends_with(name, ".git"))
        name[length - 4] = '\0';
    *out = (struct git_request){name, request->captures[1], str_equal(request->captures[1], "git-receive-pack")};
    if (!is_known_action(request, out))
        return err_set(err, ERR_NOT_FOUND, "git asks for info/refs, git-upload-pack or git-receive-pack here");
    if (request->principal.kind == PRINCIPAL_RUNNER && for_writing(request, out))
        return err_set(err, ERR_DENIED, "runners read repositories and never write");
    if (!hosting_name_valid(name))
        return err_set(err, ERR_NOT_FOUND, "there is no repository '%.120s'", name);
    return db_read(request->server->db, look_up, name, err);
}

/* The program */

static const char *header_or_empty(const struct request *request, const char *name) {
    const char *value = request_header(request, name);
    return value ? value : "";
}

static const char *const *make_environment(const struct request *request, const struct git_request *asked) {
    struct arena *arena = request->arena;
    const struct hosting *hosting = request->server->hosting;
    size_t count;
    const char **list = git_environment(hosting, arena, asked->name, &count);
    list[count++] = arena_printf(arena, "GIT_PROJECT_ROOT=%s", hosting->directory);
    list[count++] = "GIT_HTTP_EXPORT_ALL=1";
    list[count++] = arena_printf(arena, "PATH_INFO=/%s.git/%s", asked->name, asked->action);
    list[count++] = arena_printf(arena, "REQUEST_METHOD=%s", request->method);
    list[count++] = arena_printf(arena, "QUERY_STRING=%s", request->query);
    list[count++] = arena_printf(arena, "CONTENT_TYPE=%s", header_or_empty(request, "content-type"));
    list[count++] = arena_printf(arena, "CONTENT_LENGTH=%zu", request->body_size);
    list[count++] = arena_printf(arena, "HTTP_CONTENT_ENCODING=%s", header_or_empty(request, "content-encoding"));
    list[count++] = arena_printf(arena, "GIT_PROTOCOL=%s", header_or_empty(request, "git-protocol"));
    list[count++] = arena_printf(arena, "REMOTE_USER=%s", request->principal.name);
    list[count++] = arena_printf(arena, "REMOTE_ADDR=%s", request->remote_address);
    return list;
}

static int unnamed_file(const struct hosting *hosting) {
    int fd = open(hosting->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : memfd_create("git answer", MFD_CLOEXEC); /* some overlay file systems have none */
}

static void log_complaint(const struct request *request, const struct git_request *asked, int errors, int exit_code) {
    char text[COMPLAINT_BYTES_MAX + 1];
    ssize_t size = pread(errors, text, COMPLAINT_BYTES_MAX, 0);
    if (exit_code == 0 && size <= 0)
        return;
    text[size > 0 ? size : 0] = '\0';
    LOG_WARNING("git http-backend", "request_id", request->id, "repository", asked->name, "said", text);
}

static bool run_backend(const struct request *request, const struct git_request *asked, int output, struct err *err) {
    static const char *const arguments[] = {"git", "http-backend", NULL};
    int errors CLEANUP(close_fd) = memfd_create("git errors", MFD_CLOEXEC);
    struct spawn_result result;
    const struct spawn spawn = {
        .arguments = arguments,
        .environment = make_environment(request, asked),
        .directory = "/",
        .input = request->body_fd,
        .output = output,
        .errors = errors,
        .timeout_ms = PROGRAM_TIMEOUT_MS,
        .interrupted = hosting_is_stopping,
        .context = request->server->hosting,
    };
    if (errors < 0)
        return err_set_errno(err, errno, "cannot make a file for git's messages");
    if (!spawn_run(&spawn, &result, err))
        return false;
    log_complaint(request, asked, errors, result.exit_code);
    if (result.interrupted)
        return err_set(err, ERR_UNAVAILABLE, "the server is stopping; ask again in a moment");
    if (result.timed_out)
        return err_set(err, ERR_UNAVAILABLE, "git took longer than %d minutes", PROGRAM_TIMEOUT_MS / 60000);
    return true;
}

/* Its answer: header lines, an empty line, the body */

static bool take_header(const struct request *request, struct reply *reply, char *line) {
    char *colon = strchr(line, ':');
    if (!colon)
        return false;
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " ");
    long long status;
    if (str_equal(line, "Status"))
        reply->status = str_to_int64(arena_strndup(request->arena, value, 3), 200, 599, &status) ? (int)status : 500;
    else if (str_equal(line, "Content-Type"))
        reply->content_type = arena_strdup(request->arena, value);
    else if (!str_equal(line, "Content-Length") && reply->header_count < 8)
        reply_header(request, reply, line, value);
    return true;
}

static bool take_answer(const struct request *request, struct reply *reply, int output, struct err *err) {
    struct stat status;
    char *head = arena_alloc(request->arena, HEAD_BYTES_MAX + 1);
    ssize_t size = pread(output, head, HEAD_BYTES_MAX, 0);
    char *end = size > 0 ? strstr(head, "\r\n\r\n") : NULL;
    if (!end || fstat(output, &status) != 0)
        return err_set(err, ERR_INTERNAL, "git http-backend gave no answer");
    reply->status = 200;
    end[2] = '\0';
    for (char *line = head, *next; *line; line = next) {
        next = strstr(line, "\r\n");
        *next = '\0';
        next += 2;
        if (!take_header(request, reply, line))
            return err_set(err, ERR_INTERNAL, "git http-backend gave a header without a colon");
    }
    reply->body_offset = end + 4 - head;
    reply->body_size = (size_t)(status.st_size - reply->body_offset);
    reply->body_fd = output;
    return true;
}

/* A push and its scan are one: nobody else pushes to the repository in between. */
static bool serve(struct request *request, const struct git_request *asked, int output, struct err *err) {
    struct server *server = request->server;
    if (!asked->is_push) {
        /* What is shown here as pushed is not pushed again. It may have come after the last scan all the same: git goes
         * on when the server is killed. */
        return run_backend(request, asked, output, err) &&
               (!for_writing(request, asked) || hosting_scan(server, asked->name, err));
    }
    hosting_lock(server->hosting, asked->name);
    bool served = run_backend(request, asked, output, err);
    struct err failure;
    bool scanned = scan_locked(server, asked->name, request->principal.arn, &failure);
    hosting_unlock(server->hosting, asked->name);
    if (served && !scanned) {
        *err = failure;
        return err_wrap(err, "the push is kept, but looking at it failed; push again");
    }
    return served;
}

void hosting_door(struct request *request, struct reply *reply) {
    struct err err;
    struct git_request asked;
    if (!read_request(request, &asked, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    int output = unnamed_file(request->server->hosting);
    if (output < 0) {
        err_set_errno(&err, errno, "cannot make a file for git's answer");
        reply_error(request, reply, &err);
        return;
    }
    if (serve(request, &asked, output, &err) && take_answer(request, reply, output, &err))
        return; /* the listener closes the file */
    close(output);
    *reply = (struct reply){.body_fd = -1};
    reply_error(request, reply, &err);
}
