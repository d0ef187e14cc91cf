/*
 * GitHub's webhook. The order is the protection: signature over the raw bytes, then the headers that name event and
 * delivery, then the body. Addresses in the body are not used: what is cloned is what the hook was set up with.
 */
#include "server/api/hooks/change.h"
#include "server/api/hooks/hooks.h"
#include "server/api/hooks/sender.h"

#include "common/str.h"
#include "common/wire_read.h"

#include <string.h>
#include <strings.h>

#define SIGNATURE "x-hub-signature-256"
#define EVENT "x-github-event"
#define BRANCH_PREFIX "refs/heads/"
#define TAG_PREFIX "refs/tags/"
#define NAME_MAX_BYTES 255
#define COMMITS_MAX 2048      /* GitHub tells no more of a push, */
#define COMMIT_FILES_MAX 3000 /* nor more files of a commit */
#define NUMBER_MAX INT32_MAX

static bool is_zeros(const char *text) {
    return text && *text && strspn(text, "0") == strlen(text);
}

/* ---- pushes ---- */

/* What people see of the commit; the payload has it only where it is the pushed one. Of a tag it is the tagged one,
 * while `after` may be the tag itself. */
static void describe(struct arena *arena, const struct json *body, struct engine_change_request *request) {
    const struct json *commit = json_get(body, "head_commit");
    request->by = change_first_line(arena, json_get_text(json_get(body, "pusher"), "name"));
    if (!str_equal(json_get_text(commit, "id"), request->commit_id))
        return;
    request->summary = change_first_line(arena, json_get_text(commit, "message"));
    request->url = change_link(arena, json_get_text(commit, "url"));
    request->author = change_first_line(arena, json_get_text(json_get(commit, "author"), "name"));
    request->created_ms = change_time_ms(json_get_text(commit, "timestamp"));
}

/* The files of one commit; false where they may not be all. */
static bool add_files(struct arena *arena, const struct json *commit, struct engine_change_request *request,
                      const char ***files, size_t *capacity) {
    static const char *const lists[] = {"added", "modified", "removed"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct json *list = json_get(commit, lists[i]);
        if (!list || list->type != JSON_ARRAY)
            return false;
        count += list->count;
        json_each(file, list) {
            if (file->type != JSON_TEXT)
                return false;
            if (request->file_count == *capacity)
                *files = arena_grow(arena, *files, sizeof **files, capacity);
            (*files)[request->file_count++] = file->text;
        }
    }
    return count < COMMIT_FILES_MAX;
}

/* The files of the push, where the payload has them all. Senders that look like GitHub (Gitea) tell of the newest
 * commits only, and how many there are. */
static bool read_files(struct arena *arena, const struct json *body, struct engine_change_request *request) {
    const struct json *commits = json_get(body, "commits");
    const char **files = NULL;
    size_t capacity = 0;
    if (!commits || commits->type != JSON_ARRAY || commits->count == 0 || commits->count >= COMMITS_MAX ||
        json_get_integer(body, "total_commits", (int64_t)commits->count) > (int64_t)commits->count ||
        json_get_bool(body, "forced", false))
        return false;
    bool all = true;
    json_each(commit, commits) {
        all = all && add_files(arena, commit, request, &files, &capacity);
    }
    request->files = files;
    if (!all)
        request->file_count = 0;
    return all;
}

static bool read_branch_push(struct arena *arena, const struct json *body, const char *branch, const char *after,
                             struct change *out, struct err *err) {
    const char *before = json_get_text(body, "before");
    if (!*branch || strlen(branch) > NAME_MAX_BYTES)
        return err_set(err, ERR_INVALID, "member 'ref' must name a branch of at most %d bytes", NAME_MAX_BYTES);
    out->request = (struct engine_change_request){
        .kind = CHANGE_BRANCH,
        .branch = branch,
        .commit_id = after,
        .new_branch = json_get_bool(body, "created", false) || is_zeros(before),
    };
    if (out->request.new_branch)
        return true;
    out->request.files_known = read_files(arena, body, &out->request);
    if (change_is_commit(before))
        out->comparison = (struct remote_comparison){.from = before, .to = after};
    else
        out->request.files_unknown = "the delivery names no commit to compare with";
    return true;
}

static bool read_tag_push(struct arena *arena, const struct json *body, const char *tag, const char *after,
                          struct change *out, struct err *err) {
    const char *tagged = json_get_text(json_get(body, "head_commit"), "id");
    if (!*tag || strlen(tag) > NAME_MAX_BYTES)
        return err_set(err, ERR_INVALID, "member 'ref' must name a tag of at most %d bytes", NAME_MAX_BYTES);
    out->request = (struct engine_change_request){
        .kind = CHANGE_TAG,
        .tag = tag,
        .commit_id = change_is_commit(tagged) ? tagged : after,
        .ref = arena_printf(arena, TAG_PREFIX "%s", tag),
        .files_known = true,
    };
    out->tag_object = !change_is_commit(tagged);
    return true;
}

/* A push as a change; *reason (not NULL) where it starts nothing. */
static bool read_push(struct arena *arena, const struct json *body, struct change *out, const char **reason,
                      struct err *err) {
    const char *ref = json_get_text(body, "ref"), *after = json_get_text(body, "after");
    if (!ref)
        return err_set(err, ERR_INVALID, "a push has the texts 'repository.full_name' and 'ref'");
    bool tag = str_starts_with(ref, TAG_PREFIX);
    if (!tag && !str_starts_with(ref, BRANCH_PREFIX))
        *reason = "only pushes to branches and of tags start pipelines";
    else if (json_get_bool(body, "deleted", false) || is_zeros(after))
        *reason = tag ? "the tag was deleted" : "the branch was deleted";
    if (*reason)
        return true;
    if (!change_is_commit(after))
        return err_set(err, ERR_INVALID, "member 'after' must be a commit: 40 or 64 lower-case hex digits");
    if (!(tag ? read_tag_push(arena, body, ref + strlen(TAG_PREFIX), after, out, err)
              : read_branch_push(arena, body, ref + strlen(BRANCH_PREFIX), after, out, err)))
        return false;
    describe(arena, body, &out->request);
    return true;
}

/* ---- pull requests ---- */

/* `synchronized` is Gitea's word. */
static bool read_event(const char *action, enum trigger_event *out) {
    static const struct {
        const char *action;
        enum trigger_event event;
    } events[] = {
        {"opened", TRIGGER_OPEN},          {"reopened", TRIGGER_OPEN}, {"synchronize", TRIGGER_UPDATED},
        {"synchronized", TRIGGER_UPDATED}, {"closed", TRIGGER_CLOSED},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (str_equal(action, events[i].action)) {
            *out = events[i].event;
            return true;
        }
    }
    return false;
}

/* Its branch is in another repository, which may be anybody's, or is gone. */
static bool is_from_fork(const struct json *head, const struct source_hook_row *hook) {
    const char *repository = json_get_text(json_get(head, "repo"), "full_name");
    return !repository || strcasecmp(repository, hook->repository) != 0;
}

static bool is_branch(const char *name) {
    return name && *name && strlen(name) <= NAME_MAX_BYTES;
}

static void describe_pull_request(struct arena *arena, const struct json *body, const struct json *pull_request,
                                  struct engine_change_request *request) {
    request->by = change_first_line(arena, json_get_text(json_get(body, "sender"), "login"));
    request->summary = change_first_line(arena, json_get_text(pull_request, "title"));
    request->url = change_link(arena, json_get_text(pull_request, "html_url"));
    request->author = change_first_line(arena, json_get_text(json_get(pull_request, "user"), "login"));
}

static bool read_pull_request(struct arena *arena, const struct json *body, const struct source_hook_row *hook,
                              struct change *out, const char **reason, struct err *err) {
    const struct json *pull_request = json_get(body, "pull_request");
    const struct json *head = json_get(pull_request, "head"), *base = json_get(pull_request, "base");
    const char *action = json_get_text(body, "action");
    const char *commit = json_get_text(head, "sha"), *base_commit = json_get_text(base, "sha");
    int64_t number = json_get_integer(body, "number", 0);
    enum trigger_event event = TRIGGER_OPEN;
    if (!action)
        return err_set(err, ERR_INVALID, "an event of a pull request has the text 'action'");
    if (!read_event(action, &event)) {
        *reason = "only pull requests that are opened, get commits or are closed start pipelines";
        return true;
    }
    if (number < 1 || number > NUMBER_MAX || !change_is_commit(commit) || !is_branch(json_get_text(head, "ref")) ||
        !is_branch(json_get_text(base, "ref")))
        return err_set(err, ERR_INVALID,
                       "a pull request has 'number', and in 'pull_request' the texts 'head.ref', 'head.sha', "
                       "'base.ref'");
    if (is_from_fork(head, hook) && !hook->fork_pull_requests) {
        *reason = "the pull request comes from another repository; PutSourceHook with forkPullRequests allows it";
        return true;
    }
    out->request = (struct engine_change_request){
        .kind = CHANGE_PULL_REQUEST,
        .event = event,
        .number = number,
        .branch = json_get_text(base, "ref"),
        .head_branch = json_get_text(head, "ref"),
        .commit_id = commit,
        .ref = arena_printf(arena, "refs/pull/%lld/head", (long long)number),
        .files_unknown = "the delivery names no commit to compare with",
    };
    if (change_is_commit(base_commit))
        out->comparison = (struct remote_comparison){.from = base_commit, .to = commit, .since_fork = true};
    describe_pull_request(arena, body, pull_request, &out->request);
    return true;
}

/* ---- the door ---- */

static bool read_headers(const struct request *request, const char **event, const char **id, struct err *err) {
    *event = request_header(request, EVENT);
    *id = request_header(request, "x-github-delivery");
    if (!*event)
        return err_set(err, ERR_INVALID, "header 'X-GitHub-Event' is missing");
    if (!*id || !wire_is_name(*id, 64, "-"))
        return err_set(err, ERR_INVALID, "header 'X-GitHub-Delivery' must have 1 to 64 letters, digits or '-'");
    return true;
}

/* *reason (not NULL) where it starts nothing. GitHub does not tell "Shop" from "shop" in names. */
static bool read_change(const struct request *request, const struct delivery *delivery, bool is_push,
                        struct change *out, const char **reason, struct err *err) {
    const struct json *body;
    *reason = NULL;
    if (!payload_json(request, delivery->payload, &body, err))
        return false;
    const char *repository = json_get_text(json_get(body, "repository"), "full_name");
    if (!repository)
        return err_set(err, ERR_INVALID, "the body has the text 'repository.full_name'");
    if (strcasecmp(repository, delivery->hook->repository) != 0) {
        *reason = arena_printf(request->arena, "this hook is for repository '%s'", delivery->hook->repository);
        return true;
    }
    return is_push ? read_push(request->arena, body, out, reason, err)
                   : read_pull_request(request->arena, body, delivery->hook, out, reason, err);
}

/* Past the signature. */
static bool take(const struct request *request, struct reply *reply, const struct source_hook_row *hook,
                 struct err *err) {
    struct payload payload CLEANUP(payload_release) = {0};
    struct delivery delivery = {.hook = hook, .payload = &payload};
    const char *event, *reason;
    struct change change = {0};
    if (!read_headers(request, &event, &delivery.id, err) || !payload_open(request, &payload, err))
        return false;
    bool is_push = str_equal(event, "push"), is_pull_request = str_equal(event, "pull_request");
    if (str_equal(event, "ping")) {
        change_take(request, reply, &delivery);
        return true;
    }
    if (!is_push && !is_pull_request) {
        change_pass_over(request, reply, "only pushes and pull requests start pipelines");
        return true;
    }
    if (!read_change(request, &delivery, is_push, &change, &reason, err))
        return false;
    if (reason) {
        change_pass_over(request, reply, reason);
        return true;
    }
    change.may_wait = is_pull_request;
    delivery.change = &change;
    change_take(request, reply, &delivery);
    return true;
}

bool hooks_github_head(struct request *request, struct err *err) {
    return sender_claims(request, SIGNATURE, err);
}

bool hooks_github_is_slow(const struct request *request) {
    return str_equal(request_header(request, EVENT), "pull_request");
}

void hooks_github(struct request *request, struct reply *reply) {
    struct source_hook_row hook;
    struct err err = {0};
    if (!sender_check(request, "github", SIGNATURE, &hook, &err) || !take(request, reply, &hook, &err))
        reply_error(request, reply, &err);
}
