#include "server/git/remote.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/spawn.h"
#include "common/str.h"
#include "server/git/insides.h"
#include "server/git/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OUTPUT_BYTES_MAX (16 * 1024 * 1024)
#define COMPLAINT_BYTES_MAX 2000
#define ENVIRONMENT_ENTRIES_MAX 48
#define PACK_BYTES_MAX "--fsize=268435456" /* of each file that git writes */

/* How far back a pull request's two sides are fetched in search of where they parted. */
static const char *const depths[] = {"--depth=50", "--depth=1000", "--depth=20000"};

struct environment {
    const char *entries[ENVIRONMENT_ENTRIES_MAX + 1];
    int count;
    int settings;
};

/* One question under way. */
struct question {
    struct hosting *hosting;
    struct arena *arena;
    const struct remote *remote;
    const char *folder;
    int64_t until_boot_ms;
    const char *complaint; /* what git said last where it failed */
};

static void add(struct environment *environment, const char *entry) {
    if (environment->count < ENVIRONMENT_ENTRIES_MAX)
        environment->entries[environment->count++] = entry;
}

static void set(struct arena *arena, struct environment *environment, const char *name, const char *value) {
    add(environment, arena_printf(arena, "GIT_CONFIG_KEY_%d=%s", environment->settings, name));
    add(environment, arena_printf(arena, "GIT_CONFIG_VALUE_%d=%s", environment->settings, value));
    environment->settings++;
}

/* By the environment, which other users of the machine cannot read, and for this one server only. */
static void set_credentials(struct arena *arena, struct environment *environment, const struct remote *remote) {
    const char *host = strstr(remote->url, "://");
    if (!host || !remote->user_name)
        return;
    host += 3;
    const char *origin = arena_strndup(arena, remote->url, (size_t)(host - remote->url) + strcspn(host, "/"));
    const char *pair = arena_printf(arena, "%s:%s", remote->user_name, remote->password ? remote->password : "");
    char *encoded = arena_alloc(arena, HASH_BASE64_SIZE(strlen(pair)));
    hash_to_base64(pair, strlen(pair), encoded);
    set(arena, environment, arena_printf(arena, "http.%s/.extraHeader", origin),
        arena_printf(arena, "Authorization: Basic %s", encoded));
}

static void fill_environment(const struct question *question, struct environment *environment) {
    static const char *const passed[] = {"PATH",        "http_proxy", "https_proxy",   "no_proxy",
                                         "HTTPS_PROXY", "NO_PROXY",   "SSL_CERT_FILE", "SSL_CERT_DIR"};
    struct arena *arena = question->arena;
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        const char *value = getenv(passed[i]);
        if (value)
            add(environment, arena_printf(arena, "%s=%s", passed[i], value));
    }
    add(environment, "HOME=/nonexistent");
    add(environment, "LC_ALL=C");
    add(environment, "GIT_TERMINAL_PROMPT=0");
    add(environment, "GIT_ASKPASS=/bin/false");
    add(environment, "GIT_CONFIG_NOSYSTEM=1");
    add(environment, "GIT_CONFIG_GLOBAL=/dev/null");
    add(environment, "GIT_ALLOW_PROTOCOL=http:https");
    set(arena, environment, "http.followRedirects", "false");
    set(arena, environment, "protocol.version", "2");
    set(arena, environment, "core.hooksPath", "/dev/null");
    set(arena, environment, "credential.helper", "");
    set(arena, environment, "gc.auto", "0");
    set(arena, environment, "maintenance.auto", "false");
    set(arena, environment, "fetch.fsckObjects", "true");
    set(arena, environment, "fetch.unpackLimit", "1"); /* one file, whose size is limited */
    set_credentials(arena, environment, question->remote);
    add(environment, arena_printf(arena, "GIT_CONFIG_COUNT=%d", environment->settings));
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

/* The line in which git says why. */
static const char *read_complaint(struct arena *arena, int fd) {
    char *text = arena_alloc(arena, COMPLAINT_BYTES_MAX + 1);
    ssize_t size = pread(fd, text, COMPLAINT_BYTES_MAX, 0);
    text[size > 0 ? size : 0] = '\0';
    const char *line = strstr(text, "fatal: ");
    if (!line)
        line = strstr(text, "error: ");
    line = line ? line + strlen("fatal: ") : text;
    return arena_strndup(arena, line, strcspn(line, "\n"));
}

/* Runs git to its end; *out its output, or NULL where it exits with an error (question->complaint says which). */
static bool ask(struct question *question, const char *const *arguments, const char **out, size_t *out_size,
                struct err *err) {
    struct environment environment = {0};
    struct spawn_result result;
    int64_t left = question->until_boot_ms - clock_boot_ms(&clock_system);
    int errors CLEANUP(close_fd) = memfd_create("git errors", MFD_CLOEXEC);
    if (errors < 0)
        return err_set_errno(err, errno, "cannot make a file for git's messages");
    fill_environment(question, &environment);
    const struct spawn spawn = {
        .arguments = arguments,
        .environment = environment.entries,
        .directory = "/",
        .input = -1,
        .output = -1,
        .errors = errors,
        .timeout_ms = left > 1 ? (int)left : 1,
        .interrupted = hosting_is_stopping,
        .context = question->hosting,
    };
    if (!spawn_run_collect(&spawn, question->arena, OUTPUT_BYTES_MAX, &result, err))
        return err_wrap(err, "the git program");
    if (result.timed_out || result.interrupted)
        return err_set(err, ERR_UNAVAILABLE, "asking '%s' took too long", question->remote->url);
    if (result.output_cut)
        return err_set(err, ERR_UNAVAILABLE, "the answer of '%s' is too long", question->remote->url);
    *out = result.exit_code == 0 ? result.output : NULL;
    *out_size = result.output_size;
    if (!*out)
        question->complaint = read_complaint(question->arena, errors);
    return true;
}

/* What git could not do. */
static bool refuse(const struct question *question, struct err *err) {
    const char *why = question->complaint, *url = question->remote->url;
    if (strstr(why, "not our ref") || strstr(why, "couldn't find remote ref") || strstr(why, "no such remote ref"))
        return err_set(err, ERR_NOT_FOUND, "'%s' does not have it (any more): %.300s", url, why);
    if (strstr(why, "Authentication failed") || strstr(why, "could not read Username") || strstr(why, "error: 403"))
        return err_set(err, ERR_DENIED, "'%s' refuses the hook's credentials", url);
    return err_set(err, ERR_UNAVAILABLE, "unable to ask '%s': %.300s", url, *why ? why : "git gave no reason");
}

static bool is_commit(const char *text) {
    size_t length = strlen(text);
    return (length == 40 || length == 64) && strspn(text, "0123456789abcdef") == length;
}

static bool check(const struct remote *remote, struct err *err) {
    return str_starts_with(remote->url, "https://") || str_starts_with(remote->url, "http://") ||
           err_set(err, ERR_INVALID, "only http and https addresses can be asked, not '%s'", remote->url);
}

static bool begin(struct question *question, const char *like, struct err *err) {
    const char *const arguments[] = {
        "git",    "init",           "--quiet",
        "--bare", "--template=",    strlen(like) == 64 ? "--object-format=sha256" : "--object-format=sha1",
        "--",     question->folder, NULL};
    const char *said = NULL;
    size_t size = 0;
    if (!ask(question, arguments, &said, &size, err))
        return false;
    return said || err_set(err, ERR_INTERNAL, "cannot make a folder for a question: %.300s", question->complaint);
}

/* Both commits down to that depth. */
static bool fetch(struct question *question, const struct remote_comparison *comparison, const char *depth,
                  struct err *err) {
    const char *const arguments[] = {"prlimit",
                                     PACK_BYTES_MAX,
                                     "git",
                                     arena_printf(question->arena, "--git-dir=%s", question->folder),
                                     "fetch",
                                     "--quiet",
                                     "--no-tags",
                                     "--no-write-fetch-head",
                                     "--no-recurse-submodules",
                                     "--filter=blob:none",
                                     depth,
                                     "--end-of-options",
                                     question->remote->url,
                                     comparison->from,
                                     comparison->to,
                                     NULL};
    const char *said = NULL;
    size_t size = 0;
    return ask(question, arguments, &said, &size, err) && (said || refuse(question, err));
}

/* *out NULL: none in what was fetched so far. */
static bool find_fork(struct question *question, const struct remote_comparison *comparison, const char **out,
                      struct err *err) {
    const char *const arguments[] = {"git",
                                     arena_printf(question->arena, "--git-dir=%s", question->folder),
                                     "merge-base",
                                     "--end-of-options",
                                     comparison->from,
                                     comparison->to,
                                     NULL};
    const char *said = NULL;
    size_t size = 0;
    if (!ask(question, arguments, &said, &size, err))
        return false;
    *out = said ? arena_strndup(question->arena, said, strcspn(said, "\n")) : NULL;
    if (*out && !is_commit(*out))
        *out = NULL;
    return true;
}

/* The commit to compare with. */
static bool find_start(struct question *question, const struct remote_comparison *comparison, const char **out,
                       struct err *err) {
    *out = comparison->since_fork ? NULL : comparison->from;
    if (*out)
        return fetch(question, comparison, "--depth=1", err);
    for (size_t i = 0; !*out && i < sizeof depths / sizeof *depths; i++) {
        if (!fetch(question, comparison, depths[i], err) || !find_fork(question, comparison, out, err))
            return false;
    }
    if (!*out)
        return err_set(err, ERR_NOT_FOUND, "%s and %s have nothing in common", comparison->from, comparison->to);
    /* It was merged already, and `from` is what came of it. */
    return !str_equal(*out, comparison->to) || str_equal(comparison->from, comparison->to) ||
           err_set(err, ERR_NOT_FOUND, "%s is in %s already", comparison->to, comparison->from);
}

static bool compare(struct question *question, const char *from, const char *to, const char *const **out,
                    size_t *out_count, struct err *err) {
    const char *const arguments[] = {"git",
                                     arena_printf(question->arena, "--git-dir=%s", question->folder),
                                     "diff-tree",
                                     "-r",
                                     "-z",
                                     "--name-only",
                                     "--no-renames",
                                     "--no-ext-diff",
                                     "--end-of-options",
                                     from,
                                     to,
                                     "--",
                                     NULL};
    const char *said = NULL, **files = NULL;
    size_t size = 0, count = 0, capacity = 0;
    if (!ask(question, arguments, &said, &size, err))
        return false;
    if (!said)
        return refuse(question, err);
    for (const char *at = said; at < said + size; at += strlen(at) + 1) {
        if (count == capacity)
            files = arena_grow(question->arena, files, sizeof *files, &capacity);
        files[count++] = at;
    }
    *out = files;
    *out_count = count;
    return true;
}

static struct question question_about(struct hosting *hosting, struct arena *arena, const struct remote *remote) {
    return (struct question){
        .hosting = hosting,
        .arena = arena,
        .remote = remote,
        .folder = hosting_new_folder(hosting, arena),
        .until_boot_ms = clock_boot_ms(&clock_system) + REMOTE_PATIENCE_MS,
        .complaint = "",
    };
}

bool remote_changed_files(struct hosting *hosting, struct arena *arena, const struct remote *remote,
                          const struct remote_comparison *comparison, const char *const **out, size_t *out_count,
                          struct err *err) {
    struct question question = question_about(hosting, arena, remote);
    const char *start = NULL;
    if (!check(remote, err))
        return false;
    if (!is_commit(comparison->from) || !is_commit(comparison->to))
        return err_set(err, ERR_INVALID, "commits have 40 or 64 lower-case hex digits");
    bool ok = begin(&question, comparison->to, err) && find_start(&question, comparison, &start, err) &&
              compare(&question, start, comparison->to, out, out_count, err);
    hosting_remove_folder(question.folder);
    return ok;
}

/* Lines of "<id>\t<ref>"; the peeled one ("refs/tags/v1^{}") comes after the tag itself. */
static const char *find_tagged(struct arena *arena, const char *text, const char *ref) {
    const char *found = NULL, *peeled = arena_printf(arena, "%s^{}", ref);
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n"), id_length = strcspn(line, "\t\n");
        const char *name = arena_strndup(arena, line + id_length, length - id_length);
        if (*name == '\t' && (str_equal(name + 1, peeled) || (!found && str_equal(name + 1, ref))))
            found = arena_strndup(arena, line, id_length);
        line += length + (line[length] == '\n');
    }
    return found && is_commit(found) ? found : NULL;
}

bool remote_tagged_commit(struct hosting *hosting, struct arena *arena, const struct remote *remote, const char *tag,
                          const char **out, struct err *err) {
    struct question question = question_about(hosting, arena, remote);
    const char *said = NULL, *ref = arena_printf(arena, "refs/tags/%s", tag);
    size_t size = 0;
    if (!check(remote, err))
        return false;
    if (!reading_branch_name_valid(tag))
        return err_set(err, ERR_INVALID, "'%.120s' cannot name a tag", tag);
    const char *const arguments[] = {
        "git", "ls-remote", "--quiet", "--end-of-options", remote->url, ref, arena_printf(arena, "%s^{}", ref), NULL};
    if (!ask(&question, arguments, &said, &size, err))
        return false;
    const char *found = said ? find_tagged(arena, said, ref) : NULL;
    if (!said)
        return refuse(&question, err);
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "'%s' has no tag '%s' (any more)", remote->url, tag);
    *out = found;
    return true;
}
