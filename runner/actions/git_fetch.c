/*
 * `git fetch` with nothing of its user's or machine's settings, no prompt, no redirect, no transport but ssh and HTTP.
 * Credentials go in by the environment (GIT_CONFIG_*), which other users of the machine cannot read; never by argv.
 */
#include "runner/actions/git_fetch.h"

#include "common/hash.h"
#include "common/spawn.h"
#include "common/str.h"
#include "runner/actions/git_snapshot.h"
#include "runner/folder.h"
#include "runner/runner.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FETCH_MS (30 * 60 * 1000)
#define TIDY_MS (10 * 60 * 1000)
#define OUTPUT_CEILING (64 * 1024)
#define ENVIRONMENT_MAX 48

struct environment_list {
    const char *entries[ENVIRONMENT_MAX + 1];
    int count;
    int settings; /* GIT_CONFIG_COUNT */
};

static void add(struct environment_list *list, const char *entry) {
    if (list->count < ENVIRONMENT_MAX)
        list->entries[list->count++] = entry;
}

static void pass(struct arena *arena, struct environment_list *list, const char *name) {
    const char *value = getenv(name);
    if (value)
        add(list, arena_printf(arena, "%s=%s", name, value));
}

static void set(struct arena *arena, struct environment_list *list, const char *name, const char *value) {
    add(list, arena_printf(arena, "GIT_CONFIG_KEY_%d=%s", list->settings, name));
    add(list, arena_printf(arena, "GIT_CONFIG_VALUE_%d=%s", list->settings, value));
    list->settings++;
}

/* "https://git.example.com" */
static const char *origin_of(struct arena *arena, const char *url) {
    const char *host = strstr(url, "://") + 3;
    return arena_strndup(arena, url, (size_t)(host - url) + strcspn(host, "/"));
}

static void add_credentials(struct arena *arena, struct environment_list *list, const struct git_remote *remote) {
    const char *origin = origin_of(arena, remote->url);
    const char *pair = arena_printf(arena, "%s:%s", remote->username, remote->password ? remote->password : "");
    char *encoded = arena_alloc(arena, HASH_BASE64_SIZE(strlen(pair)));
    hash_to_base64(pair, strlen(pair), encoded);
    set(arena, list, arena_printf(arena, "http.%s/.extraHeader", origin),
        arena_printf(arena, "Authorization: Basic %s", encoded));
}

static void fill_environment(struct arena *arena, struct environment_list *list, const struct git_remote *remote) {
    static const char *const passed[] = {"PATH",        "HOME",     "http_proxy",    "https_proxy",  "no_proxy",
                                         "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK"};
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        pass(arena, list, passed[i]);
    add(list, "LANG=C");
    add(list, "GIT_TERMINAL_PROMPT=0");
    add(list, "GIT_ASKPASS=/bin/false");
    add(list, "GIT_CONFIG_NOSYSTEM=1");
    add(list, "GIT_CONFIG_GLOBAL=/dev/null");
    add(list, remote ? "GIT_ALLOW_PROTOCOL=http:https:ssh" : "GIT_ALLOW_PROTOCOL=file"); /* out of a mirror */
    add(list, "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oStrictHostKeyChecking=yes");
    set(arena, list, "http.followRedirects", "false");
    set(arena, list, "protocol.version", "2");
    set(arena, list, "core.hooksPath", "/dev/null");
    set(arena, list, "credential.helper", "");
    set(arena, list, "gc.auto", "0");
    set(arena, list, "fetch.fsckObjects", "true");
    if (remote && remote->insecure)
        set(arena, list, arena_printf(arena, "http.%s/.sslVerify", origin_of(arena, remote->url)), "false");
    if (remote && remote->username && !str_starts_with(remote->url, "ssh://"))
        add_credentials(arena, list, remote);
    add(list, arena_printf(arena, "GIT_CONFIG_COUNT=%d", list->settings));
}

const char *git_reason(struct arena *arena, const char *output) {
    const char *line = strstr(output, "fatal: ");
    if (!line)
        line = strstr(output, "error: ");
    return line ? arena_strndup(arena, line + 7, strcspn(line + 7, "\n")) : "";
}

/* The repository may well be there, but not at this moment: what curl and git say of connections and of servers' 5xx.
 */
static bool is_passing(const char *output) {
    static const char *const words[] = {"unable to access",      "RPC failed",
                                        "hung up unexpectedly",  "early EOF",
                                        "unexpected disconnect", "returned error: 5"};
    if (strstr(output, "returned error: 4"))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(output, words[i]))
            return true;
    return false;
}

static bool refuse(struct arena *arena, const struct git_remote *remote, const struct spawn_result *result,
                   struct err *err) {
    const char *why = git_reason(arena, result->output);
    if (result->timed_out)
        return err_set(err, ERR_UNAVAILABLE, "fetching from '%s' took too long", remote->url);
    if (is_passing(result->output))
        return err_set_code(err, ERR_UNAVAILABLE, GIT_PASSING, "unable to fetch from '%s': %.500s", remote->url, why);
    if (strstr(why, "couldn't find remote ref"))
        return err_set(err, ERR_NOT_FOUND, "no branch '%s' in '%s'", remote->branch ? remote->branch : "HEAD",
                       remote->url);
    if (strstr(why, "Authentication failed") || strstr(why, "could not read Username") ||
        strstr(why, "could not read Password") || strstr(result->output, "403") ||
        strstr(result->output, "Permission denied"))
        return err_set(err, ERR_DENIED, "'%s' refuses the credentials: %.300s", remote->url, why);
    if (strstr(why, "not found"))
        return err_set(err, ERR_NOT_FOUND, "no repository at '%s'", remote->url);
    return err_set(err, ERR_UNAVAILABLE, "unable to fetch from '%s': %.500s", remote->url,
                   *why ? why : "git gave no reason");
}

bool git_run(struct job *job, const char *const *arguments, const struct git_remote *remote,
             struct spawn_result *result, struct err *err) {
    struct environment_list environment = {0};
    fill_environment(job->arena, &environment, remote);
    const struct spawn spawn = {.arguments = arguments,
                                .environment = environment.entries,
                                .input = -1,
                                .output = -1,
                                .errors = -1,
                                .timeout_ms = FETCH_MS,
                                .interrupted = job_is_stopped,
                                .context = job};
    if (!spawn_run_collect(&spawn, job->arena, OUTPUT_CEILING, result, err))
        return err_wrap(err, "the git program");
    return !result->interrupted || err_set(err, ERR_UNAVAILABLE, "interrupted");
}

bool git_mirror(struct job *job, const char *url, const char **out, struct err *err) {
    char hex[SHA256_HEX_SIZE];
    hash_sha256_hex(url, strlen(url), hex);
    const char *mirrors = arena_printf(job->arena, "%s/mirrors", job->runner->config->state);
    const char *path = arena_printf(job->arena, "%s/%.32s.git", mirrors, hex);
    *out = path;
    return folder_ensure(mirrors, err) && folder_ensure(path, err);
}

bool git_mirror_init(struct job *job, const char *mirror, struct err *err) {
    struct stat status;
    if (stat(arena_printf(job->arena, "%s/HEAD", mirror), &status) == 0)
        return true;
    const char *const arguments[] = {"git", "init", "--quiet", "--bare", "--template=", "--", mirror, NULL};
    struct spawn_result result;
    if (!git_run(job, arguments, NULL, &result, err))
        return false;
    return result.exit_code == 0 || err_set(err, ERR_INTERNAL, "unable to make the mirror '%s': %.300s", mirror,
                                            git_reason(job->arena, result.output));
}

/* HEAD first: without it the folder is no repository, so that a half emptied one is made anew. The lock stays: others
 * wait for this very file. */
static bool empty_mirror(struct job *job, const char *mirror, struct err *err) {
    folder_remove(arena_printf(job->arena, "%s/HEAD", mirror));
    DIR *folder = opendir(mirror);
    if (!folder)
        return err_set_errno(err, errno, "unable to read '%s'", mirror);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..") &&
            !str_equal(entry->d_name, GIT_MIRROR_LOCK))
            folder_remove(arena_printf(job->arena, "%s/%s", mirror, entry->d_name));
    (void)closedir(folder);
    return true;
}

/* What only a new mirror mends. */
static bool is_stuck(const char *output) {
    return strstr(output, "cannot lock ref") || strstr(output, ".lock': File exists");
}

static bool fetch_one(struct job *job, const char *mirror, const struct git_remote *remote, const char *refspec,
                      struct err *err) {
    const char *const arguments[] = {"git",
                                     arena_printf(job->arena, "--git-dir=%s", mirror),
                                     "fetch",
                                     "--quiet",
                                     "--no-tags",
                                     "--force",
                                     "--no-write-fetch-head",
                                     "--no-recurse-submodules",
                                     "--end-of-options",
                                     remote->url,
                                     refspec,
                                     remote->tags ? "+refs/tags/*:refs/tags/*" : NULL,
                                     NULL};
    struct spawn_result result;
    if (!git_run(job, arguments, remote, &result, err))
        return false;
    if (result.exit_code == 0)
        return true;
    reporter_log(job->reporter, result.output, result.output_size);
    if (is_stuck(result.output))
        return err_set(err, ERR_CONFLICT, "the mirror '%s' takes no fetch: %.300s", mirror,
                       git_reason(job->arena, result.output));
    return refuse(job->arena, remote, &result, err);
}

void git_tidy(const char *mirror) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *const arguments[] = {
        "git", arena_printf(&arena, "--git-dir=%s", mirror), "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet",
        NULL};
    const char *const environment[] = {
        arena_printf(&arena, "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"), "GIT_CONFIG_NOSYSTEM=1",
        "GIT_CONFIG_GLOBAL=/dev/null", NULL};
    const struct spawn spawn = {.arguments = arguments,
                                .environment = environment,
                                .input = -1,
                                .output = -1,
                                .errors = -1,
                                .timeout_ms = TIDY_MS};
    struct spawn_result result;
    (void)spawn_run(&spawn, &result, NULL); /* an untidy mirror is only slower */
}

static bool fetch_ref(struct job *job, const char *mirror, const struct git_remote *remote, const char *from,
                      const char *to, const char **ref, struct err *err) {
    *ref = to;
    return fetch_one(job, mirror, remote, arena_printf(job->arena, "+%s:%s", from, to), err);
}

static bool fetch_named(struct job *job, const char *mirror, const struct git_remote *remote, const char **ref,
                        struct err *err) {
    if (!remote->branch && !remote->ref)
        return fetch_ref(job, mirror, remote, "HEAD", "refs/penstock/HEAD", ref, err);
    if (remote->ref)
        return fetch_ref(job, mirror, remote, remote->ref, arena_printf(job->arena, "refs/penstock/%s", remote->ref),
                         ref, err);
    const char *branch = arena_printf(job->arena, "refs/heads/%s", remote->branch);
    if (fetch_ref(job, mirror, remote, branch, branch, ref, err))
        return true;
    const char *tag = arena_printf(job->arena, "refs/tags/%s", remote->branch);
    return err->kind == ERR_NOT_FOUND && !remote->commit && fetch_ref(job, mirror, remote, tag, tag, ref, err);
}

static bool fetch_any(struct job *job, const char *mirror, const struct git_remote *remote, const char **ref,
                      struct err *err) {
    bool named = remote->branch || remote->ref || !remote->commit;
    bool fetched = named && fetch_named(job, mirror, remote, ref, err);
    if (fetched && (!remote->commit || git_has_commit(mirror, remote->commit)))
        return true;
    if (named && !fetched && (!remote->commit || err->kind != ERR_NOT_FOUND))
        return false;
    /* The branch has gone, or was rewritten since: most servers give out a commit by its name. */
    const char *to = arena_printf(job->arena, "refs/penstock/%s", remote->commit);
    if (fetch_ref(job, mirror, remote, remote->commit, to, ref, err))
        return true;
    return err->kind != ERR_CONFLICT && !str_equal(err->code, GIT_PASSING) &&
           err_set(err, ERR_NOT_FOUND, "no commit %s in '%s'", remote->commit, remote->url);
}

bool git_fetch(struct job *job, const char *mirror, const struct git_remote *remote, const char **ref,
               struct err *err) {
    struct err own = {0};
    if (fetch_any(job, mirror, remote, ref, &own))
        return true;
    if (own.kind != ERR_CONFLICT)
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    job_log(job, "%s; making it anew", own.message);
    return empty_mirror(job, mirror, err) && git_mirror_init(job, mirror, err) &&
           fetch_any(job, mirror, remote, ref, err);
}
