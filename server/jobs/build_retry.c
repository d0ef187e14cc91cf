/*
 * Builds that are done again: by themselves, since their project or their buildspec's on-failure says so, or because
 * somebody asks with RetryBuild. What is done again is the build as it was, overrides and all, under a new number.
 */
#include "server/jobs/build_state.h"

#include "common/str.h"

#include <string.h>

static bool read_document(struct arena *arena, const struct build_row *build, const struct json **out,
                          struct err *err) {
    return json_parse(arena, build->document, strlen(build->document), out, err) ||
           err_wrap(err, "reading a build's row");
}

bool build_repeat(struct tx *tx, struct arena *arena, const struct build_row *build, const char *initiator,
                  const char *idempotency_token, struct build_row *out, struct err *err) {
    struct build_draft draft = {.row = {.project = build->project,
                                        .initiator = initiator,
                                        .idempotency_token = idempotency_token,
                                        .branch = build->branch,
                                        .retry_limit = build->retry_limit}};
    bool found = false;
    if (!build_find_started(tx, arena, build->project, idempotency_token, &found, out, err))
        return false;
    if (found)
        return true;
    if (build->status == BUILD_IN_PROGRESS)
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "build '%s:%s' is in progress; stop it, or let it end", build->project, build->uuid);
    if (build->action_run_id)
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "build '%s:%s' belongs to a pipeline: retry the stage there", build->project, build->uuid);
    return read_document(arena, build, &draft.document, err) && build_make(tx, arena, &draft, out, err);
}

/* How many times a build may be done again: the buildspec's on-failure RETRY where that is what failed, else the
 * project's autoRetryLimit. */
static int limit_of(const struct build_row *build, const struct json *told) {
    const struct json *retry = json_get(told, "retry");
    return retry ? (int)json_get_integer(retry, "limit", 0) : build->retry_limit;
}

bool build_retry(struct tx *tx, struct arena *arena, const struct job_row *job, const struct json *told, bool *found,
                 struct build_row *successor, struct err *err) {
    struct build_row build;
    struct err own = {.kind = ERR_NONE};
    *found = false;
    if (!builds_get_by_id(tx, arena, job->build_id, &build, err))
        return false;
    int limit = limit_of(&build, told);
    if (build.status != BUILD_FAILED || build.next_uuid || job->cancel != JOB_CANCEL_NONE ||
        build.retry_number >= limit)
        return true;
    struct build_draft draft = {.row = {.project = build.project,
                                        .initiator = build.initiator,
                                        .action_run_id = build.action_run_id,
                                        .branch = build.branch,
                                        .retry_of = build.id,
                                        .retry_number = build.retry_number + 1,
                                        .retry_limit = limit,
                                        .batch_id = build.batch_id,
                                        .batch_identifier = build.batch_identifier}};
    if (!read_document(arena, &build, &draft.document, err) || !builds_set_retry_limit(tx, build.id, limit, err))
        return false;
    if (build_make(tx, arena, &draft, successor, &own)) {
        *found = true;
        return true;
    }
    /* A project that was deleted meanwhile has no number to give. */
    return own.kind == ERR_NOT_FOUND || err_set_code(err, own.kind, own.code, "%s", own.message);
}
