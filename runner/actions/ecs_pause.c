/*
 * Service deployments that shift traffic, and the pauses in them that somebody has to answer. The question stands in
 * the document while the hook waits; the answer comes with a heartbeat, at once.
 */
#include "runner/actions/ecs_watch.h"

#include "common/clock.h"
#include "common/str.h"

/* No right to see them, or no such thing here: the service alone has to do. */
static void do_without(struct deploy *deploy, const struct err *why) {
    deploy->no_service_deployments = true;
    deployment_note(deploy->report, "the stages of the deployment cannot be shown: %s", why->message);
}

static bool cannot_be_had(const struct deploy *deploy, const struct err *why) {
    return why->kind == ERR_DENIED || ecs_has_no_service_deployments(&deploy->refused);
}

/* Which of the service's deployments is ours: the one whose revision runs our definition. */
static bool is_ours(struct deploy *deploy, struct arena *arena, const struct json *candidate, bool *yes,
                    struct err *err) {
    const struct json *revision;
    const char *arn = json_get_text(candidate, "targetServiceRevisionArn");
    *yes = false;
    if (!arn || !ecs_describe_service_revision(&deploy->ecs, arena, arn, &revision, err))
        return arn == NULL;
    *yes = str_equal(json_get_text(revision, "taskDefinition"), deploy->registered);
    return true;
}

static bool find_service_deployment(struct deploy *deploy, struct arena *arena, struct err *err) {
    const struct json *list;
    if (!ecs_list_service_deployments(&deploy->ecs, arena, deploy_since_ms(deploy) - 1, &list, err))
        return false;
    json_each(candidate, list) {
        const char *arn = json_get_text(candidate, "serviceDeploymentArn");
        bool ours;
        if (!arn || str_equal(arn, deploy->service_deployment_before))
            continue;
        if (!is_ours(deploy, arena, candidate, &ours, err))
            return false;
        if (!ours)
            continue;
        deploy->service_deployment = arena_strdup(deploy->arena, arn);
        return deploy_mark(deploy, err);
    }
    return true;
}

bool deploy_read_shift(struct deploy *deploy, struct arena *arena, struct ecs_shift *shift, bool *found,
                       struct err *err) {
    const struct json *deployment;
    struct err own = {0};
    *found = false;
    if (!deploy->service_deployment && !find_service_deployment(deploy, arena, &own)) {
        if (!cannot_be_had(deploy, &own))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        do_without(deploy, &own);
    }
    if (!deploy->service_deployment)
        return true;
    if (ecs_describe_service_deployment(&deploy->ecs, arena, deploy->service_deployment, &deployment, &own)) {
        *found = true;
        *shift = ecs_shift_read(arena, deployment, deploy->strategy);
        return true;
    }
    if (own.kind == ERR_NOT_FOUND)
        return true; /* too new to show */
    if (!cannot_be_had(deploy, &own))
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    do_without(deploy, &own);
    return true;
}

/* ---- pauses ---- */

static const char *sentence_of(struct arena *arena, const struct deploy *deploy, const struct ecs_pause *pause) {
    char until[CLOCK_TEXT_SIZE] = "";
    if (pause->expires_ms)
        clock_format_rfc3339(pause->expires_ms, until);
    return arena_printf(arena, "%s of service '%s' to %s waits: %s%s%s", deploy->strategy, deploy->ecs.service,
                        ecs_short_name(deploy->registered), ecs_stage_words(pause->stage),
                        !*until                 ? ""
                        : pause->then_continues ? "; without an answer ECS goes on at "
                                                : "; without an answer ECS rolls back at ",
                        until);
}

/* One hook may wait in several stages, each of which wants an answer of its own. */
static const char *id_of(struct arena *arena, const struct ecs_pause *pause) {
    return pause->hook ? arena_printf(arena, "%s/%s", pause->hook, pause->stage ? pause->stage : "") : NULL;
}

static void show_pause(struct deploy *deploy, const struct ecs_pause *pause) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *shown = json_object(&arena);
    const char *sentence = sentence_of(&arena, deploy, pause);
    json_set_text(&arena, shown, "id", id_of(&arena, pause));
    json_set_text(&arena, shown, "stage", pause->stage);
    json_set_text(&arena, shown, "sentence", sentence);
    json_set_text(&arena, shown, "testUrl", deploy->plan.test_url);
    json_set_time(&arena, shown, "expires", pause->expires_ms);
    deployment_set(deploy->report, "pause", shown);
    deployment_note(deploy->report, "%s", sentence);
    deploy->pause = arena_strdup(deploy->arena, pause->hook);
    deploy->pause_id = id_of(deploy->arena, pause);
    deploy->pause_since_ms = job_now_ms(deploy->job);
}

/* Time that people took is not the deployment's. */
static bool end_pause(struct deploy *deploy, struct err *err) {
    deploy->paused_ms += job_now_ms(deploy->job) - deploy->pause_since_ms;
    deploy->pause = NULL;
    deploy->pause_id = NULL;
    deploy->pause_since_ms = 0;
    deployment_set(deploy->report, "pause", NULL);
    deployment_note(deploy->report, "the pause is over");
    return deploy_mark(deploy, err);
}

static bool reject(struct deploy *deploy, const struct heartbeat_decision *decision, struct err *err) {
    deploy->undo = UNDO_REJECTED;
    deploy->undo_ms = job_now_ms(deploy->job);
    deploy->undo_by = arena_strdup(deploy->arena, decision->by);
    deploy->undo_sentence =
        arena_printf(deploy->arena, "%s rejected the deployment%s%.300s", decision->by ? decision->by : "somebody",
                     decision->summary ? ": " : "", decision->summary ? decision->summary : "");
    deployment_note(deploy->report, "%s", deploy->undo_sentence);
    return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", deploy->undo_sentence);
}

static bool answer(struct deploy *deploy, const struct ecs_pause *pause, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct heartbeat_decision decision;
    struct err own = {0};
    if (str_equal(deploy->answered, deploy->pause_id) ||
        !heartbeat_decision(deploy->job->heartbeat, deploy->pause_id, &decision))
        return true;
    if (!decision.approved)
        return reject(deploy, &decision, err);
    if (ecs_continue_service_deployment(&deploy->ecs, &arena, deploy->service_deployment, pause->hook, true, &own)) {
        deployment_note(deploy->report, "%s approved: the deployment goes on", decision.by ? decision.by : "somebody");
        deploy->answered = deploy->pause_id;
        return true;
    }
    /* Where it waits no more (answered in ECS, or over), the next look shows it; a right that lacks is for good. */
    job_log(deploy->job, "%s", own.message);
    return own.kind != ERR_DENIED || err_set_code(err, own.kind, own.code,
                                                  "the deployment was approved, and ECS cannot be told: %s; it goes on "
                                                  "waiting in ECS",
                                                  own.message);
}

bool deploy_heed_pause(struct deploy *deploy, const struct ecs_pause *pause, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    if (deploy->pause && !str_equal(deploy->pause_id, id_of(&arena, pause)) && !end_pause(deploy, err))
        return false;
    if (!pause->hook)
        return true;
    if (!deploy->pause)
        show_pause(deploy, pause);
    return answer(deploy, pause, err);
}
