/*
 * Deploy/S3: the artifact, or its files, into a bucket. Settings, marks, and how it ends.
 */
#include "runner/actions/s3_deploy.h"

#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/settings.h"

#include <string.h>

#define KEEP_MOST 50
#define PAUSE_MS 2000

static bool is_known_acl(const char *acl) {
    static const char *const acls[] = {
        "private",       "public-read",       "public-read-write",        "authenticated-read",
        "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"};
    for (size_t i = 0; i < sizeof acls / sizeof *acls; i++)
        if (str_equal(acls[i], acl))
            return true;
    return false;
}

static bool read_place(const struct job *job, struct s3_deploy_plan *plan, struct err *err) {
    const char *extract = settings_text(job, "Extract");
    const char *key = settings_text(job, "ObjectKey");
    plan->bucket = settings_text(job, "BucketName");
    plan->extract = str_equal(extract, "true");
    plan->object_key = key ? key : "";
    if (!plan->bucket || strchr(plan->bucket, '/'))
        return err_set(err, ERR_INVALID, "BucketName must be a bucket's name, not '%.100s'",
                       plan->bucket ? plan->bucket : "");
    if (!plan->extract && !str_equal(extract, "false"))
        return err_set(err, ERR_INVALID, "Extract must be 'true' or 'false', not '%.50s'", extract ? extract : "");
    return plan->extract || key ||
           err_set(err, ERR_INVALID, "set ObjectKey: with Extract false it is the key of the artifact");
}

bool s3_deploy_plan_read(const struct job *job, struct s3_deploy_plan *out, struct err *err) {
    struct s3_deploy_plan plan = {
        .rights = {.acl = settings_text(job, "CannedACL"), .kms_key = settings_text(job, "KMSEncryptionKeyARN")}};
    if (!read_place(job, &plan, err))
        return false;
    if (plan.rights.acl && !is_known_acl(plan.rights.acl))
        return err_set(err, ERR_INVALID, "CannedACL must be one of S3's, such as 'public-read', not '%.50s'",
                       plan.rights.acl);
    if (settings_text(job, "KeepReleases") && !plan.extract)
        return err_set(err, ERR_INVALID, "KeepReleases goes with Extract true");
    if (!settings_number(job, "KeepReleases", "a number", KEEP_MOST, 0, &plan.keep, err) ||
        !static_rules_read(job->arena, settings_text(job, "ContentTypes"), settings_text(job, "CacheControlRules"),
                           settings_text(job, "CacheControl"), &plan.rules, err))
        return false;
    *out = plan;
    return true;
}

/* "{datetime}" and "{uuid}" in ObjectKey; the same ones after a crash. */
static const char *fill(struct s3_deploy *deploy, const char *text) {
    struct str out CLEANUP(str_release) = STR_INIT(4096);
    char moment[CLOCK_TEXT_SIZE];
    clock_format_basic(deploy->began_ms, moment);
    while (*text) {
        if (str_starts_with(text, "{datetime}")) {
            str_append(&out, moment);
            text += strlen("{datetime}");
        } else if (str_starts_with(text, "{uuid}")) {
            str_append(&out, deploy->job->message->action_execution_id);
            text += strlen("{uuid}");
        } else {
            str_append_char(&out, *text++);
        }
    }
    return arena_strdup(deploy->arena, str_text(&out));
}

/* Without slashes in front; of a folder, with one behind. */
static const char *prefix_of(struct s3_deploy *deploy, const struct s3_deploy_plan *plan) {
    const char *key = fill(deploy, plan->object_key);
    key += strspn(key, "/");
    size_t length = strlen(key);
    if (!plan->extract)
        return key;
    while (length > 0 && key[length - 1] == '/')
        length--;
    return length > 0 ? arena_printf(deploy->arena, "%.*s/", (int)length, key) : "";
}

void s3_deploy_init(struct s3_deploy *deploy, struct job *job, struct deployment_report *report,
                    const struct s3_deploy_plan *plan, const char *id, const struct json *mark) {
    *deploy = (struct s3_deploy){
        .job = job,
        .report = report,
        .arena = job->arena,
        .s3 = {.aws = job_aws(job), .region = job->message->region, .interrupted = job_is_stopped, .context = job},
        .id = id,
        .artifact = plan->artifact,
        .bucket = plan->bucket,
        .rights = plan->rights,
        .rules = plan->rules,
        .keep = plan->keep,
        .began_ms = json_get_integer(mark, "beganMs", job_now_ms(job))};
    deploy->prefix = prefix_of(deploy, plan);
    deploy->target = arena_printf(job->arena, "s3/%s/%s", deploy->bucket, deploy->prefix);
    deploy->root = plan->extract ? arena_printf(job->arena, "%s/files-%s", job->folder, id) : NULL;
}

static bool mark(struct s3_deploy *deploy, bool settled, struct err *err) {
    struct json *mark = json_object(deploy->arena);
    json_set_integer(deploy->arena, mark, "beganMs", deploy->began_ms);
    if (settled)
        json_set_bool(deploy->arena, mark, "settled", true);
    return job_checkpoint(deploy->job, mark, err);
}

/* An undo does not give up because S3 was busy. */
static bool undo(struct s3_deploy *deploy, size_t *count, struct err *err) {
    deploy->s3.interrupted = job_is_lost;
    for (;;) {
        struct err own = {0};
        if (s3_deploy_undo(deploy, count, &own))
            return true;
        if (own.kind != ERR_UNAVAILABLE || !job_sleep(deploy->job, PAUSE_MS, STOP_LOST))
            return err_set_code(err, own.kind, own.code, "what was written over could not be put back: %s",
                                own.message);
        job_log(deploy->job, "%s; trying again", own.message);
    }
}

/* What an undo has come to. */
static const char *how_it_is(const struct s3_deploy *deploy, size_t count) {
    const char *others =
        deploy->left > 0
            ? arena_printf(deploy->arena, "; %zu that somebody else has written since are left as they are",
                           (size_t)deploy->left)
            : "";
    return arena_printf(deploy->arena, "%zu files of %s are back as they were%s", count, deploy->target, others);
}

static bool stopped(struct s3_deploy *deploy, struct wire_result *result, struct err *err) {
    size_t count = 0;
    struct err own = {0};
    if (job_is_lost(deploy->job)) /* the next holder is at work already */
        return err_set(err, ERR_CONFLICT, "the job is somebody else's now");
    if (!undo(deploy, &count, &own)) {
        deployment_note(deploy->report, "%s", own.message);
        return job_undo_failed(deploy->job, result, &own);
    }
    result->outcome = WIRE_STOPPED;
    result->summary =
        arena_printf(deploy->arena, "cancelled: %s%s", how_it_is(deploy, count),
                     deploy->uploaded > deploy->replaced ? "; new ones stay, no page refers to them" : "");
    deployment_note(deploy->report, "%s", result->summary);
    return true;
}

/* A site that is half new is worse than an old one. An earlier holder may have written over files that are unchanged to
 * us. */
static bool failed(struct s3_deploy *deploy, struct err *err) {
    struct err own = {0};
    size_t count = 0;
    if ((deploy->replaced == 0 && !deploy->job->message->checkpoint) || job_is_lost(deploy->job))
        return false;
    if (undo(deploy, &count, &own))
        job_log(deploy->job, "%s", how_it_is(deploy, count));
    else
        (void)err_wrap(err, "%s", own.message);
    return false;
}

/* From here on it stays: what it would take to go back is removed. */
static bool settle(struct s3_deploy *deploy, struct wire_result *result, struct err *err) {
    struct err own = {0};
    if (!mark(deploy, true, err))
        return false;
    deploy->s3.interrupted = job_is_lost;
    if (!s3_deploy_settle(deploy, &own))
        job_log(deploy->job, "copies of earlier files stay below .penstock/before/%s: %s", deploy->id, own.message);
    result->outcome = WIRE_SUCCEEDED;
    result->summary = arena_printf(deploy->arena, "%zu files in %s: %zu uploaded, %zu unchanged", deploy->count,
                                   deploy->target, (size_t)deploy->uploaded, (size_t)deploy->unchanged);
    return true;
}

/* An earlier holder had done all. */
static bool settle_again(struct s3_deploy *deploy, struct wire_result *result, struct err *err) {
    if (!settle(deploy, result, err))
        return false;
    result->summary =
        arena_printf(deploy->arena, "all files of %s were in place before the %s", deploy->target,
                     deploy->job->message->cancelled ? "cancel came" : "runner that put them there was lost");
    return true;
}

static bool carry_out(struct s3_deploy *deploy, struct wire_result *result, struct err *err) {
    const struct json *earlier = deploy->job->message->checkpoint;
    if (json_get_bool(earlier, "settled", false))
        return settle_again(deploy, result, err);
    const bool ready = !deploy->job->message->cancelled && s3_deploy_prepare(deploy, err) && mark(deploy, false, err);
    const bool done = ready && s3_deploy_apply(deploy, err);
    /* Before its mark a holder changes nothing. */
    if (job_stop_reason(deploy->job) == STOP_CANCELLED && (ready || earlier))
        return stopped(deploy, result, err);
    return done ? settle(deploy, result, err) : failed(deploy, err);
}

bool action_s3_deploy(struct job *job, struct wire_result *result, struct err *err) {
    struct deployment_report *report = arena_new(job->arena, struct deployment_report);
    struct s3_deploy_plan plan;
    struct s3_deploy deploy;
    deployment_begin(report, job, "S3");
    if (!s3_deploy_plan_read(job, &plan, err))
        return false;
    s3_deploy_init(&deploy, job, report, &plan, job->message->action_execution_id, job->message->checkpoint);
    (void)deployment_target(report, deploy.target, NULL, job->message->execution_id);
    return carry_out(&deploy, result, err);
}
