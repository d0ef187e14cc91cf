/*
 * What can be a member of a release: a service, a scheduled task, static files.
 */
#include "runner/actions/release.h"

#include "common/str.h"

#define PAUSE_MS 2000

/* The member's mark is part of the release's. */
static bool save(struct release_member *member, const struct json *mark, struct err *err) {
    member->mark = mark;
    return release_save(member->release, err);
}

/* ---- a service ---- */

static bool ecs_plan(struct release_member *member, const struct job *view, struct err *err) {
    if (!deploy_plan_read(view, &member->ecs.plan, err))
        return false;
    member->ecs.plan.images_artifact = member->artifact;
    return true;
}

static bool ecs_save(struct deploy *deploy, const struct json *mark, struct err *err) {
    return save(deploy->owner, mark, err);
}

static void ecs_begin(struct release_member *member, const struct json *mark) {
    struct release *release = member->release;
    deploy_init(&member->ecs.deploy, release->job, release->report, &member->ecs.plan, mark);
    member->ecs.deploy.save = ecs_save;
    member->ecs.deploy.owner = member;
    member->ecs.deploy.look_first = true;
}

static bool ecs_prepare(struct release_member *member, struct err *err) {
    return member->ecs.deploy.registered || deploy_prepare(&member->ecs.deploy, err);
}

/* A deployment that is to be undone says so by itself: it was stuck, or a person refused it. */
static bool ecs_apply(struct release_member *member, struct err *err) {
    struct deploy *deploy = &member->ecs.deploy;
    if (deploy_apply(deploy, err) && deploy_follow(deploy, err))
        return true;
    if (deploy->undo != UNDO_NOT && deploy->undo_sentence)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", deploy->undo_sentence);
    return false;
}

static bool ecs_undo(struct release_member *member, const char **sentence, struct err *err) {
    struct deploy *deploy = &member->ecs.deploy;
    struct wire_result result = {.outcome = WIRE_FAILED};
    deploy->undo = UNDO_CANCELLED; /* whatever the reason is: the release says it */
    if (!deploy_undo(deploy, &result, err))
        return false;
    *sentence = result.summary;
    return result.outcome == WIRE_STOPPED ||
           err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", result.error_message ? result.error_message : "");
}

static const char *ecs_runs(struct release_member *member) {
    return arena_printf(member->release->arena, "service '%s' runs %s", member->ecs.plan.service,
                        ecs_short_name(member->ecs.deploy.registered));
}

/* ---- a scheduled task ---- */

static bool scheduled_plan(struct release_member *member, const struct job *view, struct err *err) {
    return scheduled_plan_read(view, &member->scheduled.plan, err);
}

static bool scheduled_save(struct scheduled_task *task, const struct json *mark, struct err *err) {
    return save(task->owner, mark, err);
}

static void scheduled_begin(struct release_member *member, const struct json *mark) {
    struct scheduled_task *task = &member->scheduled.task;
    scheduled_task_init(task, member->release->job, member->release->report, &member->scheduled.plan, mark);
    task->save = scheduled_save;
    task->owner = member;
    task->revision.plan.images_artifact = member->artifact;
}

static bool scheduled_prepare(struct release_member *member, struct err *err) {
    return scheduled_task_prepare(&member->scheduled.task, err);
}

static bool scheduled_apply(struct release_member *member, struct err *err) {
    return scheduled_task_apply(&member->scheduled.task, err);
}

static const char *scheduled_state(struct release_member *member, const char *revision) {
    return arena_printf(member->release->arena, "target '%s' of rule '%s' runs %s", member->scheduled.plan.target_id,
                        member->scheduled.plan.rule, ecs_short_name(revision));
}

static bool scheduled_undo(struct release_member *member, const char **sentence, struct err *err) {
    bool undone;
    if (!scheduled_task_undo(&member->scheduled.task, &undone, err))
        return false;
    *sentence = undone ? scheduled_state(member, member->scheduled.task.revision.previous)
                       : arena_printf(member->release->arena, "target '%s' was not ours to put back",
                                      member->scheduled.plan.target_id);
    return true;
}

static const char *scheduled_runs(struct release_member *member) {
    return scheduled_state(member, member->scheduled.task.revision.registered);
}

/* ---- static files ---- */

static bool s3_plan(struct release_member *member, const struct job *view, struct err *err) {
    if (!s3_deploy_plan_read(view, &member->s3.plan, err))
        return false;
    member->s3.plan.artifact = member->artifact;
    return true;
}

static void s3_begin(struct release_member *member, const struct json *mark) {
    struct release *release = member->release;
    const char *id = arena_printf(release->arena, "%s-%s", release->job->message->action_execution_id, member->name);
    s3_deploy_init(&member->s3.deploy, release->job, release->report, &member->s3.plan, id, mark);
    (void)deployment_target(release->report, member->s3.deploy.target, NULL, release->job->message->execution_id);
}

static bool s3_prepare(struct release_member *member, struct err *err) {
    return s3_deploy_prepare(&member->s3.deploy, err);
}

static bool s3_apply(struct release_member *member, struct err *err) {
    struct json *mark = json_object(member->release->arena);
    json_set_integer(member->release->arena, mark, "beganMs", member->s3.deploy.began_ms);
    return save(member, mark, err) && s3_deploy_apply(&member->s3.deploy, err);
}

/* Does not give up because S3 was busy. */
static bool s3_undo(struct release_member *member, const char **sentence, struct err *err) {
    struct s3_deploy *deploy = &member->s3.deploy;
    deploy->s3.interrupted = job_is_lost;
    for (;;) {
        struct err own = {0};
        size_t count = 0;
        if (s3_deploy_undo(deploy, &count, &own)) {
            *sentence = arena_printf(deploy->arena, "%zu files of %s are back as they were", count, deploy->target);
            return true;
        }
        if (own.kind != ERR_UNAVAILABLE || !job_sleep(deploy->job, PAUSE_MS, STOP_LOST))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(deploy->job, "%s; trying again", own.message);
    }
}

/* How many they are knows who looked through the artifact. */
static const char *s3_runs(struct release_member *member) {
    const struct s3_deploy *deploy = &member->s3.deploy;
    return deploy->files ? arena_printf(member->release->arena, "%zu files are in %s", deploy->count, deploy->target)
                         : arena_printf(member->release->arena, "the files are in %s", deploy->target);
}

static void s3_settle(struct release_member *member) {
    struct s3_deploy *deploy = &member->s3.deploy;
    struct err own = {0};
    deploy->s3.interrupted = job_is_lost;
    if (!s3_deploy_settle(deploy, &own))
        job_log(deploy->job, "copies of earlier files stay below .penstock/before/%s: %s", deploy->id, own.message);
}

/* ---- the table ---- */

static const struct release_kind kinds[] = {
    {.provider = "ECS",
     .plan = ecs_plan,
     .begin = ecs_begin,
     .prepare = ecs_prepare,
     .apply = ecs_apply,
     .undo = ecs_undo,
     .runs = ecs_runs},
    {.provider = "ScheduledTask",
     .plan = scheduled_plan,
     .begin = scheduled_begin,
     .prepare = scheduled_prepare,
     .apply = scheduled_apply,
     .undo = scheduled_undo,
     .runs = scheduled_runs},
    {.provider = "S3",
     .plan = s3_plan,
     .begin = s3_begin,
     .prepare = s3_prepare,
     .apply = s3_apply,
     .undo = s3_undo,
     .runs = s3_runs,
     .settle = s3_settle},
};

const struct release_kind *release_kind_find(const char *provider) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_equal(kinds[i].provider, provider))
            return &kinds[i];
    return NULL;
}

const char *release_kind_names(struct arena *arena) {
    const char *names = "";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        names = arena_printf(arena, "%s%s%s", names, i > 0 ? ", " : "", kinds[i].provider);
    return names;
}
