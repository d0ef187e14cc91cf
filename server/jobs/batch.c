/*
 * Batches on their way: what happens when a build has ended, when they are stopped, and when they are tried again.
 */
#include "server/jobs/batch.h"

#include "common/str.h"
#include "server/jobs/batch_rules.h"
#include "server/jobs/batch_state.h"
#include "server/jobs/queue.h"
#include "server/store/action_runs.h"
#include "server/store/log_rows.h"
#include "server/wake.h"

#include <stdio.h>
#include <string.h>

static const struct build_ending stopped_build = {.status = BUILD_STOPPED};

/* A batch, its groups, and the same as the rules see them. */
struct scene {
    struct tx *tx;
    struct arena *arena;
    struct batch_row batch;
    struct batch_group_row *groups;
    size_t count;
    struct batch_rule_group *rules;
};

/* ---- looking ---- */

static enum batch_group_state state_of(const struct batch_group_row *group) {
    if (group->again || !group->build_id)
        return BATCH_GROUP_WAITING;
    switch (group->build_status) {
    case BUILD_IN_PROGRESS:
        return BATCH_GROUP_RUNNING;
    case BUILD_SUCCEEDED:
        return BATCH_GROUP_SUCCEEDED;
    case BUILD_FAILED:
    case BUILD_FAULT:
    case BUILD_TIMED_OUT:
    case BUILD_STOPPED:
        break;
    }
    return BATCH_GROUP_FAILED;
}

static bool read_dependencies(struct scene *scene, size_t number, struct err *err) {
    const struct json *names = NULL;
    if (!batch_read_json(scene->arena, scene->groups[number].depends_on, &names, err))
        return false;
    size_t *depends_on = arena_array(scene->arena, size_t, names->count + 1);
    struct batch_rule_group *rule = &scene->rules[number];
    json_each(name, names) {
        for (size_t i = 0; i < scene->count; i++)
            if (str_equal(scene->groups[i].identifier, name->text))
                depends_on[rule->depend_count++] = i;
    }
    rule->depends_on = depends_on;
    return true;
}

static bool load(struct tx *tx, struct arena *arena, int64_t batch_id, struct scene *out, struct err *err) {
    *out = (struct scene){.tx = tx, .arena = arena};
    if (!batches_get_by_id(tx, arena, batch_id, &out->batch, err) ||
        !batch_groups_list(tx, arena, batch_id, &out->groups, &out->count, err))
        return false;
    out->rules = arena_array(arena, struct batch_rule_group, out->count + 1);
    for (size_t i = 0; i < out->count; i++) {
        out->rules[i].state = state_of(&out->groups[i]);
        out->rules[i].ignore_failure = out->groups[i].ignore_failure;
        if (!read_dependencies(out, i, err))
            return false;
    }
    return true;
}

static const char *describe_group(const struct scene *scene, size_t number) {
    const struct batch_group_row *group = &scene->groups[number];
    if (scene->rules[number].state == BATCH_GROUP_WAITING)
        return "not built";
    return build_status_name(group->build_status);
}

/* What became of the buildspec, where it gave no builds: the sentence that ended the phase in which it was read. */
static const char *describe_source(const struct scene *scene) {
    const struct json *state = NULL;
    const char *message = NULL;
    if (batch_read_json(scene->arena, scene->batch.state, &state, NULL) && json_get_text(state, "summary"))
        return json_get_text(state, "summary"); /* it is over */
    json_each(phase, json_get(state, "phases")) {
        if (str_equal(json_get_text(phase, "phaseType"), "DOWNLOAD_BATCHSPEC")) /* the last one: it may be retried */
            message = json_get_text(json_first(json_get(phase, "contexts")), "message");
    }
    return arena_printf(scene->arena, "the batch's buildspec: %s", message ? message : describe_group(scene, 0));
}

/* "2 of 3 builds succeeded; linux: FAILED, other: not built" */
static const char *summarize(const struct scene *scene) {
    size_t builds = 0, good = 0;
    const char *others = "";
    for (size_t i = 0; i < scene->count; i++) {
        bool succeeded = scene->rules[i].state == BATCH_GROUP_SUCCEEDED;
        bool counts = scene->groups[i].kind == BATCH_GROUP_BUILD;
        builds += counts;
        good += counts && succeeded;
        if (!succeeded && (counts || scene->rules[i].state != BATCH_GROUP_WAITING))
            others = arena_printf(scene->arena, "%s%s%s: %s", others, *others ? ", " : "; ",
                                  scene->groups[i].identifier, describe_group(scene, i));
    }
    if (builds == 0)
        return describe_source(scene);
    return arena_printf(scene->arena, "%zu of %zu builds succeeded%s", good, builds, others);
}

/* ---- carrying out ---- */

static bool start(struct scene *scene, const struct batch_group_row *group, struct err *err) {
    struct err own = {.kind = ERR_NONE};
    struct json *state = NULL;
    if (batch_start_group(scene->tx, scene->arena, &scene->batch, group, &own)) {
        if (group->kind != BATCH_GROUP_COMBINE)
            return true;
        int64_t now_ms = clock_wall_ms(tx_clock(scene->tx));
        if (!batch_state_read(scene->arena, &scene->batch, &state, err))
            return false;
        batch_state_close(scene->arena, state, BUILD_SUCCEEDED, NULL, now_ms);
        batch_state_begin(scene->arena, state, "COMBINE_ARTIFACTS", now_ms);
        return batch_keep(scene->tx, scene->arena, &scene->batch, state, err);
    }
    if (own.kind != ERR_NOT_FOUND && own.kind != ERR_INVALID)
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    /* The project was deleted: nothing more of it can be built. */
    const struct batch_trouble trouble = {.code = "CLIENT_ERROR", .message = own.message};
    if (!batch_state_read(scene->arena, &scene->batch, &state, err))
        return false;
    batch_state_close(scene->arena, state, BUILD_FAILED, &trouble, clock_wall_ms(tx_clock(scene->tx)));
    if (!batch_keep(scene->tx, scene->arena, &scene->batch, state, err) ||
        !batches_set_stop(scene->tx, &scene->batch, BATCH_STOP_FAILED, err))
        return false;
    scene->batch.stop = BATCH_STOP_FAILED;
    return true;
}

/* *ended: no runner had it, so that it is over. */
static bool cancel(struct scene *scene, const struct batch_group_row *group, enum job_cancel how, bool *ended,
                   struct err *err) {
    struct job_row job;
    bool found = false, over = false;
    if (!job_rows_of_build(scene->tx, scene->arena, group->build_id, &found, &job, err))
        return false;
    if (!found)
        return err_set(err, ERR_INTERNAL, "build %s is in progress without a job", group->build_uuid);
    if (!queue_cancel(scene->tx, job.id, how, &over, err))
        return false;
    if (!over)
        return true;
    *ended = true;
    return build_finish(scene->tx, scene->arena, &job, &stopped_build, err) &&
           batch_say(scene->tx, scene->arena, &scene->batch, err, "%s: STOPPED before it had begun", group->identifier);
}

static bool close_log(struct scene *scene, struct err *err) {
    struct action_run_row action;
    char topic[WAKE_TOPIC_SIZE];
    if (!scene->batch.action_run_id)
        return true;
    if (!action_runs_get_by_id(scene->tx, scene->arena, scene->batch.action_run_id, &action, err))
        return false;
    (void)snprintf(topic, sizeof topic, WAKE_LOG, action.uuid);
    tx_wake(scene->tx, topic);
    return log_rows_close(scene->tx, action.uuid, err);
}

static bool finish(struct scene *scene, enum build_status status, struct err *err) {
    struct json *state = NULL;
    int64_t now_ms = clock_wall_ms(tx_clock(scene->tx));
    const char *summary = summarize(scene);
    const struct batch_trouble trouble = {.code = status == BUILD_TIMED_OUT ? "BUILD_TIMED_OUT" : "CLIENT_ERROR",
                                          .message = summary};
    if (!batch_state_read(scene->arena, &scene->batch, &state, err))
        return false;
    batch_state_close(scene->arena, state, status, status == BUILD_SUCCEEDED ? NULL : &trouble, now_ms);
    batch_state_end(scene->arena, state, status, now_ms);
    json_set_text(scene->arena, state, "summary", summary);
    return batches_end(scene->tx, scene->batch.id, status, json_print(scene->arena, state), err) &&
           batch_tell(scene->tx, &scene->batch, status, err) &&
           batch_say(scene->tx, scene->arena, &scene->batch, err, "%s: %s", build_status_name(status), summary) &&
           close_log(scene, err);
}

/* *again: something has changed that the rules have not seen. */
static bool carry_out(struct scene *scene, const struct batch_decision *decision, bool *again, struct err *err) {
    *again = decision->start_count > 0;
    if (decision->fails_fast && !batches_set_stop(scene->tx, &scene->batch, BATCH_STOP_FAILED, err))
        return false;
    for (size_t i = 0; i < decision->start_count && scene->batch.stop == BATCH_STOP_NONE; i++)
        if (!start(scene, &scene->groups[decision->start[i]], err))
            return false;
    for (size_t i = 0; i < decision->stop_count; i++)
        if (!cancel(scene, &scene->groups[decision->stop[i]], JOB_CANCEL_UNDO, again, err))
            return false;
    return !decision->ended || finish(scene, decision->status, err);
}

bool batch_look(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err) {
    for (bool again = true; again;) {
        struct scene scene;
        struct batch_decision decision;
        if (!load(tx, arena, batch_id, &scene, err))
            return false;
        if (scene.batch.status != BUILD_IN_PROGRESS)
            return true;
        const struct batch_rule_view view = {.groups = scene.rules,
                                             .count = scene.count,
                                             .was_read = scene.count > 1,
                                             .fast_fail = scene.batch.fast_fail,
                                             .stop = scene.batch.stop};
        batch_decide(arena, &view, &decision);
        if (!carry_out(&scene, &decision, &again, err))
            return err_wrap(err, "moving the batch '%s:%s'", scene.batch.project, scene.batch.uuid);
    }
    return true;
}

/* ---- a build has ended ---- */

/* Why the buildspec could not be read: the runner's context, else the sentence. */
static struct batch_trouble trouble_of(const struct build_ending *ending) {
    struct batch_trouble trouble = {.code = ending->code ? ending->code : "CLIENT_ERROR", .message = ending->message};
    json_each(phase, json_get(ending->told, "phases")) {
        const struct json *context = json_first(json_get(phase, "contexts"));
        if (!context || !json_get_text(context, "message") || !*json_get_text(context, "message"))
            continue;
        return (struct batch_trouble){.code = json_get_text_or(context, "statusCode", "CLIENT_ERROR"),
                                      .message = json_get_text(context, "message")};
    }
    return trouble;
}

/* The buildspec was read, or not. */
static bool take_source(struct scene *scene, const struct build_ending *ending, struct err *err) {
    struct batch_trouble trouble = {0};
    struct json *state = NULL;
    int64_t now_ms = clock_wall_ms(tx_clock(scene->tx));
    if (scene->batch.stop != BATCH_STOP_NONE || scene->count > 1) /* nothing is begun any more; or it was read before */
        return true;
    if (!batch_state_read(scene->arena, &scene->batch, &state, err))
        return false;
    json_set_text(scene->arena, state, "resolvedSourceVersion", json_get_text(ending->told, "resolvedSourceVersion"));
    if (ending->status != BUILD_SUCCEEDED)
        trouble = trouble_of(ending);
    else if (!batch_expand(scene->tx, scene->arena, &scene->batch, json_get(ending->told, "batch"), &trouble, err))
        return false;
    bool good = ending->status == BUILD_SUCCEEDED && !trouble.message;
    batch_state_close(scene->arena, state, good ? BUILD_SUCCEEDED : BUILD_FAILED, &trouble, now_ms);
    if (good)
        batch_state_begin(scene->arena, state, "IN_PROGRESS", now_ms);
    return batch_keep(scene->tx, scene->arena, &scene->batch, state, err) &&
           (good || (batches_set_stop(scene->tx, &scene->batch, BATCH_STOP_FAILED, err) &&
                     batch_say(scene->tx, scene->arena, &scene->batch, err, "%s: %s", BATCH_SOURCE_GROUP,
                               trouble.message ? trouble.message : build_status_name(ending->status))));
}

/* What the pipeline shows of an action whose batch goes on. */
static bool show_progress(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err) {
    struct scene scene;
    if (!load(tx, arena, batch_id, &scene, err))
        return false;
    if (!scene.batch.action_run_id || scene.batch.status != BUILD_IN_PROGRESS)
        return true;
    return action_runs_progress(tx, scene.batch.action_run_id, summarize(&scene), NULL, NULL, -1, err);
}

bool batch_build_ended(struct tx *tx, struct arena *arena, const struct job_row *job, const struct build_ending *ending,
                       struct err *err) {
    struct scene scene;
    struct build_row build;
    if (!builds_get_by_id(tx, arena, job->build_id, &build, err) || !load(tx, arena, job->batch_id, &scene, err))
        return false;
    if (scene.batch.status != BUILD_IN_PROGRESS)
        return true;
    if (str_equal(build.batch_identifier, BATCH_SOURCE_GROUP) && !take_source(&scene, ending, err))
        return false;
    return batch_say(tx, arena, &scene.batch, err, "%s: %s%s%s", build.batch_identifier,
                     build_status_name(build.status), ending->message ? ", " : "",
                     ending->message ? ending->message : "") &&
           batch_tell(tx, &scene.batch, BUILD_IN_PROGRESS, err) && batch_look(tx, arena, job->batch_id, err) &&
           show_progress(tx, arena, job->batch_id, err);
}

/* ---- stopping, and going on ---- */

bool batch_stop(struct tx *tx, struct arena *arena, int64_t batch_id, enum batch_stop why, struct err *err) {
    struct batch_row batch;
    if (!batches_get_by_id(tx, arena, batch_id, &batch, err))
        return false;
    if (batch.status != BUILD_IN_PROGRESS || !state_may_follow(&batch_stops, (int)batch.stop, (int)why))
        return true;
    return batches_set_stop(tx, &batch, why, err) &&
           batch_say(tx, arena, &batch, err,
                     why == BATCH_STOP_TIMEOUT ? "its time is over: what runs is stopped" : "what runs is stopped") &&
           batch_look(tx, arena, batch_id, err);
}

bool batch_abandon(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err) {
    struct scene scene;
    bool ended = false;
    if (!batch_stop(tx, arena, batch_id, BATCH_STOP_ASKED, err) || !load(tx, arena, batch_id, &scene, err))
        return false;
    for (size_t i = 0; i < scene.count; i++)
        if (scene.rules[i].state == BATCH_GROUP_RUNNING &&
            !cancel(&scene, &scene.groups[i], JOB_CANCEL_ABANDON, &ended, err))
            return false;
    return batch_look(tx, arena, batch_id, err);
}

bool batch_retry(struct tx *tx, struct arena *arena, const struct batch_row *batch, bool all,
                 const char *idempotency_token, struct err *err) {
    struct scene scene;
    struct json *state = NULL;
    const struct json *document = NULL;
    int64_t now_ms = clock_wall_ms(tx_clock(tx));
    if (!load(tx, arena, batch->id, &scene, err) || !batch_state_read(arena, batch, &state, err) ||
        !batch_read_json(arena, batch->document, &document, err))
        return false;
    if (idempotency_token && str_equal(json_get_text(state, "retryToken"), idempotency_token))
        return true;
    if (batch->action_run_id)
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "batch '%s:%s' belongs to a pipeline: retry the stage there", batch->project, batch->uuid);
    if (!state_may_follow(&batch_statuses, (int)batch->status, BUILD_IN_PROGRESS))
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "batch '%s:%s' is %s; only one that failed can be retried", batch->project, batch->uuid,
                            build_status_name(batch->status));
    bool was_read = scene.count > 1;
    for (size_t i = was_read; i < scene.count; i++)
        if (scene.groups[i].build_id && (all || scene.rules[i].state != BATCH_GROUP_SUCCEEDED) &&
            !batch_groups_set_again(tx, batch->id, scene.groups[i].position, true, err))
            return false;
    json_remove(state, "summary");
    json_remove(state, "retryToken");
    json_set_text(arena, state, "retryToken", idempotency_token);
    batch_state_begin(arena, state, "SUBMITTED", now_ms);
    batch_state_close(arena, state, BUILD_SUCCEEDED, NULL, now_ms);
    batch_state_begin(arena, state, was_read ? "IN_PROGRESS" : "DOWNLOAD_BATCHSPEC", now_ms);
    return batches_reopen(tx, batch, json_print(arena, state), batch_expiry(tx, document), err) &&
           batch_tell(tx, batch, BUILD_IN_PROGRESS, err) && batch_look(tx, arena, batch->id, err);
}

/* ---- for the engine ---- */

bool batch_get_end(struct tx *tx, struct arena *arena, int64_t batch_id, bool *ended, struct batch_end *out,
                   struct err *err) {
    struct scene scene;
    struct job_row job;
    bool found = false;
    *ended = false;
    if (!load(tx, arena, batch_id, &scene, err))
        return false;
    if (scene.batch.status == BUILD_IN_PROGRESS)
        return true;
    *ended = true;
    *out = (struct batch_end){.row = scene.batch, .summary = summarize(&scene)};
    for (size_t i = 0; i < scene.count; i++) {
        if (scene.groups[i].kind != BATCH_GROUP_COMBINE || !scene.groups[i].build_id)
            continue;
        if (!job_rows_of_build(tx, arena, scene.groups[i].build_id, &found, &job, err))
            return false;
        out->job_id = found ? job.id : NULL;
    }
    return true;
}

bool batch_has_begun(struct tx *tx, struct arena *arena, int64_t batch_id, bool *out, struct err *err) {
    struct scene scene;
    struct job_row job;
    bool found = false;
    if (!load(tx, arena, batch_id, &scene, err) ||
        !job_rows_of_build(tx, arena, scene.groups[0].build_id, &found, &job, err))
        return false;
    *out = scene.count > 1 || (found && job.attempts > 0);
    return true;
}
