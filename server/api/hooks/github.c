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
#define BRANCH_PREFIX "refs/heads/"
#define BRANCH_MAX_BYTES 255

/* What people see of the commit; the payload has it only where it is the pushed one. */
static void describe(struct arena *arena, const struct json *body, struct change *change) {
    const struct json *commit = json_get(body, "head_commit");
    change->by = change_first_line(arena, json_get_text(json_get(body, "pusher"), "name"));
    if (!str_equal(json_get_text(commit, "id"), change->commit_id))
        return;
    change->summary = change_first_line(arena, json_get_text(commit, "message"));
    change->url = change_link(arena, json_get_text(commit, "url"));
    change->author = change_first_line(arena, json_get_text(json_get(commit, "author"), "name"));
    change->created_ms = change_time_ms(json_get_text(commit, "timestamp"));
}

static bool is_gone(const struct json *body) {
    const char *after = json_get_text(body, "after");
    return json_get_bool(body, "deleted", false) || (after && *after && strspn(after, "0") == strlen(after));
}

/* A push as a change; *reason (not NULL) where it starts nothing. GitHub does not tell "Shop" from "shop" in names. */
static bool read_push(struct arena *arena, const struct json *body, const struct source_hook_row *hook,
                      struct change *out, const char **reason, struct err *err) {
    const char *repository = json_get_text(json_get(body, "repository"), "full_name");
    const char *ref = json_get_text(body, "ref"), *after = json_get_text(body, "after");
    if (!repository || !ref)
        return err_set(err, ERR_INVALID, "a push has the texts 'repository.full_name' and 'ref'");
    *reason = NULL;
    if (strcasecmp(repository, hook->repository) != 0)
        *reason = arena_printf(arena, "this hook is for repository '%s'", hook->repository);
    else if (!str_starts_with(ref, BRANCH_PREFIX))
        *reason = "only pushes to branches start pipelines";
    else if (is_gone(body))
        *reason = "the branch was deleted";
    if (*reason)
        return true;
    const char *branch = ref + strlen(BRANCH_PREFIX);
    if (!*branch || strlen(branch) > BRANCH_MAX_BYTES)
        return err_set(err, ERR_INVALID, "member 'ref' must name a branch of at most %d bytes", BRANCH_MAX_BYTES);
    if (!change_is_commit(after))
        return err_set(err, ERR_INVALID, "member 'after' must be a commit: 40 or 64 lower-case hex digits");
    *out = (struct change){.branch = branch, .commit_id = after};
    describe(arena, body, out);
    return true;
}

static bool read_headers(const struct request *request, const char **event, const char **id, struct err *err) {
    *event = request_header(request, "x-github-event");
    *id = request_header(request, "x-github-delivery");
    if (!*event)
        return err_set(err, ERR_INVALID, "header 'X-GitHub-Event' is missing");
    if (!*id || !wire_is_name(*id, 64, "-"))
        return err_set(err, ERR_INVALID, "header 'X-GitHub-Delivery' must have 1 to 64 letters, digits or '-'");
    return true;
}

/* Past the signature. */
static bool take(const struct request *request, struct reply *reply, const struct source_hook_row *hook,
                 struct err *err) {
    struct payload payload CLEANUP(payload_release) = {0};
    struct delivery delivery = {.hook = hook, .payload = &payload};
    const char *event, *reason;
    const struct json *body;
    struct change change;
    if (!read_headers(request, &event, &delivery.id, err) || !payload_open(request, &payload, err))
        return false;
    if (str_equal(event, "ping")) {
        change_take(request, reply, &delivery);
        return true;
    }
    if (!str_equal(event, "push")) {
        change_pass_over(request, reply, "only pushes start pipelines");
        return true;
    }
    if (!payload_json(request, &payload, &body, err) || !read_push(request->arena, body, hook, &change, &reason, err))
        return false;
    if (reason) {
        change_pass_over(request, reply, reason);
        return true;
    }
    delivery.change = &change;
    change_take(request, reply, &delivery);
    return true;
}

bool hooks_github_head(struct request *request, struct err *err) {
    return sender_claims(request, SIGNATURE, err);
}

void hooks_github(struct request *request, struct reply *reply) {
    struct source_hook_row hook;
    struct err err = {0};
    if (!sender_check(request, "github", SIGNATURE, &hook, &err) || !take(request, reply, &hook, &err))
        reply_error(request, reply, &err);
}
