/*
 * Fetch and snapshot, one at a time for each mirror.
 */
#include "runner/actions/fetch.h"

#include "common/str.h"
#include "runner/actions/git_fetch.h"
#include "runner/actions/git_names.h"
#include "runner/actions/git_repository.h"
#include "runner/actions/git_snapshot.h"
#include "runner/actions/git_submodules.h"
#include "runner/aws/secrets_manager.h"
#include "runner/link.h"
#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_WAIT_MS 200
#define TRIES_ELSEWHERE 5

static void close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

/* Two slots may want the same mirror; git's own locks would make the second one fail instead of wait. */
static bool lock_mirror(struct job *job, const char *mirror, int *out, struct err *err) {
    const char *path = arena_printf(job->arena, "%s/" GIT_MIRROR_LOCK, mirror);
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return err_set_errno(err, errno, "unable to lock '%s'", path);
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (!heartbeat_sleep(job->heartbeat, LOCK_WAIT_MS, STOP_TIMED_OUT)) {
            (void)close(descriptor);
            return err_set(err, ERR_UNAVAILABLE, "interrupted");
        }
    }
    *out = descriptor;
    return true;
}

static bool is_own(const struct git_remote *remote) {
    return str_equal(remote->username, "runner");
}

/* The server's own repositories are read with the runner's token; it says so by the user's name. */
static void use_own_token(const struct job *job, struct git_remote *remote) {
    if (remote->password || !is_own(remote))
        return;
    remote->password = job->runner->account->token;
}

/* A repository that is away for a moment is asked again. The server's own ones until it is back: it is also what the
 * job reports to, so that a server that stays away ends the job by itself. */
static bool fetch_patiently(struct job *job, const char *mirror, const struct git_remote *remote, const char **ref,
                            struct err *err) {
    struct err own = {0};
    int tries = 0, pauses = 0;
    while (!git_fetch(job, mirror, remote, ref, &own)) {
        tries++;
        if (!str_equal(own.code, GIT_PASSING) || job_is_stopped(job) || (!is_own(remote) && tries >= TRIES_ELSEWHERE))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(job, "%s; trying again", own.message);
        link_back_off(&pauses, job_is_stopped, job);
        own = (struct err){0};
    }
    return true;
}

/* What Secrets Manager holds for a source server: the token alone, or CodeBuild's {"ServerType", "AuthType", "Token"},
 * with "Username" for BASIC_AUTH. */
static bool read_secret(struct job *job, const char *secret, struct git_remote *remote, struct err *err) {
    const struct secret_query query = {.aws = job->runner->aws,
                                       .region = job->message->region,
                                       .secret = secret,
                                       .interrupted = job_is_stopped,
                                       .context = job};
    const struct json *tree = NULL;
    const char *value = NULL;
    if (!secret_value(&query, job->arena, &value, err))
        return err_wrap(err, "the token for '%s'", remote->url);
    remote->password = value;
    if (!json_parse(job->arena, value, strlen(value), &tree, NULL) || tree->type != JSON_OBJECT)
        return true;
    remote->password = json_get_text(tree, "Token");
    remote->username = json_get_text_or(tree, "Username", remote->username);
    return remote->password ||
           err_set(err, ERR_INVALID, "the secret '%s' is an object without 'Token'; store the token there", secret);
}

static bool read_source(struct job *job, const struct json *source, struct git_remote *out, struct err *err) {
    const char *secret = json_get_text(source, "secret");
    *out = (struct git_remote){.url = json_get_text(source, "url"),
                               .branch = json_get_text(source, "branch"),
                               .ref = json_get_text(source, "ref"),
                               .commit = json_get_text(source, "commit"),
                               .username = json_get_text(source, "username"),
                               .password = json_get_text(source, "password"),
                               .insecure = json_get_bool(source, "insecure", false)};
    if (!out->url)
        return err_set(err, ERR_INVALID, "the source has no repository");
    if (!git_check_url(out->url, err) || (out->branch && !git_check_branch(out->branch, err)) ||
        (out->ref && !git_check_branch(out->ref, err)) || (out->commit && !git_check_commit(out->commit, err)) ||
        (secret && !read_secret(job, secret, out, err)))
        return false;
    use_own_token(job, out);
    return true;
}

static const char *subject(const struct git_remote *remote) {
    const char *words[] = {remote->ref, remote->branch, remote->commit, "HEAD"};
    size_t i = 0;
    while (!words[i])
        i++;
    return words[i];
}

static bool bring(struct job *job, const char *mirror, const struct git_remote *remote, const char **commit,
                  struct err *err) {
    const char *ref;
    *commit = remote->commit;
    /* Tags may have come since. */
    if (*commit && !remote->tags && git_has_commit(mirror, *commit)) {
        job_log(job, "commit %s of %s is here already", *commit, remote->url);
        return true;
    }
    job_log(job, "fetching %s of %s", subject(remote), remote->url);
    return fetch_patiently(job, mirror, remote, &ref, err) &&
           (*commit || git_ref_commit(job->arena, mirror, ref, commit, err));
}

bool fetch_from(struct job *job, const struct fetch_request *request, struct fetched *out, struct err *err) {
    struct git_remote remote;
    const char *mirror, *commit;
    int lock CLEANUP(close_descriptor) = -1;
    int64_t depth = json_get_integer(request->source, "depth", 0);
    if (!read_source(job, request->source, &remote, err) || !git_mirror(job, remote.url, &mirror, err) ||
        !lock_mirror(job, mirror, &lock, err) || !git_mirror_init(job, mirror, err))
        return false;
    remote.tags = request->repository && depth == 0;
    reporter_add_secret(job->reporter, remote.password);
    if (!bring(job, mirror, &remote, &commit, err))
        return false;
    out->branch = remote.branch;
    out->mirror = mirror;
    out->username = remote.username;
    out->password = remote.password;
    const char *zip = arena_printf(job->arena, "%s/%s.zip", job->folder, request->name);
    const struct git_repository_request repository = {.mirror = mirror,
                                                      .url = remote.url,
                                                      .branch = remote.branch,
                                                      .commit = commit,
                                                      .depth = depth,
                                                      .tags = remote.tags,
                                                      .name = request->name};
    if (!git_snapshot(job->arena, mirror, commit, zip, job_is_stopped, job, out, err) ||
        (request->repository && !git_repository(job, &repository, &out->repository, err)))
        return false;
    return !json_get_bool(request->source, "submodules", false) || git_submodules(job, request, &remote, out, err);
}

bool fetch_source(struct job *job, struct fetched *out, struct err *err) {
    const struct fetch_request request = {.source = job->message->source, .name = "source"};
    return fetch_from(job, &request, out, err);
}
