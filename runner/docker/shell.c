/*
 * Orders and answers. The engine copies the two output streams by two tasks of its own, so that "exit 0" may overtake
 * the last lines printed. Therefore the shell also prints a mark, random for each order, at the end of the output; it
 * is taken out again and says only "everything up to here has come". Were it lost, a second's wait would do instead.
 */
#include "runner/docker/shell.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/docker/demux.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MARK_SIZE 34 /* RS, 32 characters, RS: the first byte is rare, so hardly anything is held back */
#define MARK_BYTE '\036'
#define MARK_WAIT_MS 1000
#define CONTROL_CEILING 4096
#define HELD_CEILING (1024 * 1024)
#define PIECE_BYTES 65536

/* The order's name, the mark's text, and the rest are separated by spaces. */
static const char program[] =
    "while IFS= read -r penstock_order; do\n"
    "  penstock_rest=${penstock_order#* }\n"
    "  penstock_mark=${penstock_rest%% *}\n"
    "  penstock_rest=${penstock_rest#* }\n"
    "  case $penstock_order in\n"
    "  'load '*) set -a; . \"$penstock_rest\"; set +a; penstock_exit=0;;\n"
    "  'run '*) \"${penstock_rest%% *}\" \"${penstock_rest#* }\" 2>&1 </dev/null; penstock_exit=$?;;\n"
    "  esac\n"
    "  printf '\\036%s\\036' \"$penstock_mark\"\n"
    "  echo \"exit $penstock_exit\" >&2\n"
    "done\n";

const char *const shell_command[] = {"/bin/sh", "-c", program, NULL};

struct shell {
    int socket_fd;
    struct demux demux;
    void (*output)(void *context, const void *bytes, size_t size);
    void *context;
    struct str control; /* the shell's own standard error */
    struct str held;    /* output that may be the beginning of the mark */
    char mark[MARK_SIZE + 1];
    bool marked;
};

/* Passes output on without the mark. */
static void pass_output(struct shell *shell, const char *bytes, size_t size) {
    str_append_bytes(&shell->held, bytes, size);
    char *text = shell->held.text;
    size_t length = shell->held.length;
    const char *mark = shell->mark[0] ? memmem(text, length, shell->mark, MARK_SIZE) : NULL;
    if (mark) {
        size_t before = (size_t)(mark - text);
        shell->marked = true;
        shell->output(shell->context, text, before);
        shell->output(shell->context, mark + MARK_SIZE, length - before - MARK_SIZE);
        str_clear(&shell->held);
        return;
    }
    size_t keep = 0;
    for (size_t tail = length < MARK_SIZE ? length : MARK_SIZE - 1; tail > 0 && keep == 0; tail--)
        if (memcmp(text + length - tail, shell->mark, tail) == 0)
            keep = tail;
    shell->output(shell->context, text, length - keep);
    memmove(text, text + length - keep, keep);
    shell->held.length = keep;
}

static void take(void *context, enum stream_kind kind, const void *bytes, size_t size) {
    struct shell *shell = context;
    if (kind == STREAM_ERRORS)
        str_append_bytes(&shell->control, bytes, size);
    else if (size > 0)
        pass_output(shell, bytes, size);
}

struct shell *shell_new(int socket_fd, void (*output)(void *context, const void *bytes, size_t size), void *context) {
    struct shell *shell = calloc(1, sizeof *shell);
    if (!shell)
        abort();
    shell->socket_fd = socket_fd;
    shell->output = output;
    shell->context = context;
    shell->control = (struct str)STR_INIT(CONTROL_CEILING);
    shell->held = (struct str)STR_INIT(HELD_CEILING);
    shell->demux = (struct demux){.take = take, .context = shell};
    return shell;
}

void shell_free(struct shell *shell) {
    if (!shell)
        return;
    (void)close(shell->socket_fd);
    str_release(&shell->control);
    str_release(&shell->held);
    free(shell);
}

void shell_cut(struct shell *shell) {
    (void)shutdown(shell->socket_fd, SHUT_RDWR);
}

static bool give_order(struct shell *shell, const char *name, const char *rest, struct err *err) {
    char text[MARK_SIZE - 1];
    hash_random_text(text, MARK_SIZE - 2);
    (void)snprintf(shell->mark, sizeof shell->mark, "%c%s%c", MARK_BYTE, text, MARK_BYTE);
    shell->marked = false;
    str_clear(&shell->control);
    struct str line CLEANUP(str_release) = STR_INIT(8192);
    str_printf(&line, "%s %s %s\n", name, text, rest);
    if (line.cut || strchr(rest, '\n'))
        return err_set(err, ERR_INVALID, "a script's path is too long");
    size_t sent = 0;
    while (sent < line.length) {
        ssize_t result = send(shell->socket_fd, line.text + sent, line.length - sent, MSG_NOSIGNAL);
        if (result < 0 && errno == EINTR)
            continue;
        if (result <= 0)
            return err_set(err, ERR_UNAVAILABLE, "the build container is gone");
        sent += (size_t)result;
    }
    return true;
}

/* One read. *idle where nothing came for wait_ms (-1: forever). */
static bool read_some(struct shell *shell, int wait_ms, bool *idle, struct err *err) {
    char piece[PIECE_BYTES];
    struct pollfd wait = {.fd = shell->socket_fd, .events = POLLIN};
    int ready = poll(&wait, 1, wait_ms);
    *idle = ready == 0;
    if (ready == 0 || (ready < 0 && errno == EINTR))
        return true;
    ssize_t got = recv(shell->socket_fd, piece, sizeof piece, 0);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0) {
        shell->output(shell->context, str_text(&shell->held), shell->held.length); /* no mark comes any more */
        str_clear(&shell->held);
        return err_set(err, ERR_UNAVAILABLE, "the build container ended");
    }
    return demux_feed(&shell->demux, piece, (size_t)got, err);
}

/* "exit 3\n" as the last line of what the shell said; anything before it is its own complaint (no room for a process).
 */
static bool read_exit(struct shell *shell, int *exit_code) {
    if (!str_ends_with(shell->control.text, "\n"))
        return false;
    char *end = shell->control.text + shell->control.length - 1;
    char *line = memrchr(shell->control.text, '\n', (size_t)(end - shell->control.text));
    line = line ? line + 1 : shell->control.text;
    long long value;
    *end = '\0';
    bool good = str_starts_with(line, "exit ") && str_to_int64(line + 5, 0, 255, &value);
    *end = '\n';
    if (!good)
        return false;
    *exit_code = (int)value;
    if (line > shell->control.text)
        shell->output(shell->context, shell->control.text, (size_t)(line - shell->control.text));
    return true;
}

static bool wait_for_exit(struct shell *shell, int *exit_code, struct err *err) {
    bool idle = false;
    while (!read_exit(shell, exit_code))
        if (!read_some(shell, -1, &idle, err))
            return false;
    while (!shell->marked && !idle)
        if (!read_some(shell, MARK_WAIT_MS, &idle, err))
            return false;
    return true;
}

bool shell_run(struct shell *shell, const char *interpreter, const char *path, int *exit_code, struct err *err) {
    struct str order CLEANUP(str_release) = STR_INIT(8192);
    str_printf(&order, "%s %s", interpreter, path);
    return give_order(shell, "run", str_text(&order), err) && wait_for_exit(shell, exit_code, err);
}

bool shell_load(struct shell *shell, const char *path, struct err *err) {
    int exit_code;
    return give_order(shell, "load", path, err) && wait_for_exit(shell, &exit_code, err);
}
