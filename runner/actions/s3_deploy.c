/*
 * Deploy/S3: the artifact, or its files, into a bucket. Settings, marks, and how it ends.
 */
#include "runner/actions/s3_deploy.h"

#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/actions.h"

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

static const char *setting(const struct job *job, const char *name) {
    const char *value = job_setting(job, name);
    return value && *value ? value : NULL;
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

/* The folder of the keys, or with Extract=false the one key. */
static bool read_place(struct s3_deploy *deploy, struct err *err) {
    const struct job *job = deploy->job;
    const char *extract = setting(job, "Extract");
    const char *key = setting(job, "ObjectKey");
    bool unpacks = str_equal(extract, "true");
    if (!unpacks && !str_equal(extract, "false"))
        return err_set(err, ERR_INVALID, "Extract must be 'true' or 'false', not '%.50s'", extract ? extract : "");
    if (!unpacks && !key)
        return err_set(err, ERR_INVALID, "set ObjectKey: with Extract false it is the key of the artifact");
    key = key ? fill(deploy, key) : "";
    key += strspn(key, "/");
    if (unpacks) {
        size_t length = strlen(key);
        while (length > 0 && key[length - 1] == '/')
            length--;
        key = length > 0 ? arena_printf(deploy->arena, "%.*s/", (int)length, key) : "";
        deploy->root = arena_printf(deploy->arena, "%s/files", job->folder);
    }
    deploy->prefix = key;
    deploy->target = arena_printf(deploy->arena, "s3/%s/%s", deploy->bucket, key);
    return true;
}

static bool read_rights(struct s3_deploy *deploy, struct err *err) {
    const char *keep = setting(deploy->job, "KeepReleases");
    long long number = 0;
    deploy->rights.acl = setting(deploy->job, "CannedACL");
    deploy->rights.kms_key = setting(deploy->job, "KMSEncryptionKeyARN");
    if (deploy->rights.acl && !is_known_acl(deploy->rights.acl))
        return err_set(err, ERR_INVALID, "CannedACL must be one of S3's, such as 'public-read', not '%.50s'",
                       deploy->rights.acl);
    if (keep && (!deploy->root || !str_to_int64(keep, 1, KEEP_MOST, &number)))
        return err_set(err, ERR_INVALID, "KeepReleases must be a number from 1 to %d, and goes with Extract true",
                       KEEP_MOST);
    deploy->keep = number;
    return static_rules_read(deploy->arena, setting(deploy->job, "ContentTypes"),
                             setting(deploy->job, "CacheControlRules"), setting(deploy->job, "CacheControl"),
                             &deploy->rules, err);
}

bool s3_deploy_init(struct s3_deploy *deploy, struct job *job, struct deployment_report *report, struct err *err) {
    *deploy = (struct s3_deploy){
        .job = job,
        .report = report,
        .arena = job->arena,
        .s3 = {.aws = job_aws(job), .region = job->message->region, .interrupted = job_is_stopped, .context = job},
        .bucket = setting(job, "BucketName"),
        .began_ms = json_get_integer(job->message->checkpoint, "beganMs", job_now_ms(job))};
    if (!deploy->bucket || strchr(deploy->bucket, '/'))
        return err_set(err, ERR_INVALID, "BucketName must be a bucket's name, not '%.100s'",
                       deploy->bucket ? deploy->bucket : "");
    return read_place(deploy, err) && read_rights(deploy, err);
}

static bool mark(struct s3_deploy *deploy, struct err *err) {
    struct json *mark = json_object(deploy->arena);
    json_set_integer(deploy->arena, mark, "beganMs", deploy->began_ms);
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

static bool stopped(struct s3_deploy *deploy, struct wire_result *result, struct err *err) {
    size_t count = 0;
    if (!undo(deploy, &count, err))
        return false;
    result->outcome = WIRE_STOPPED;
    result->summary =
        arena_printf(deploy->arena, "cancelled: %zu files of %s are back as they were%s", count, deploy->target,
                     deploy->uploaded > deploy->replaced ? "; new ones stay, no page refers to them" : "");
    deployment_note(deploy->report, "%s", result->summary);
    return true;
}

/* A site that is half new is worse than an old one. */
static bool failed(struct s3_deploy *deploy, struct err *err) {
    struct err own = {0};
    size_t count = 0;
    if (deploy->replaced == 0)
        return false;
    if (undo(deploy, &count, &own))
        job_log(deploy->job, "%zu files of %s are back as they were", count, deploy->target);
    else
        (void)err_wrap(err, "%s", own.message);
    return false;
}

bool action_s3_deploy(struct job *job, struct wire_result *result, struct err *err) {
    struct deployment_report *report = arena_new(job->arena, struct deployment_report);
    struct s3_deploy deploy;
    deployment_begin(report, job, "S3");
    if (!s3_deploy_init(&deploy, job, report, err))
        return false;
    if (job->message->cancelled) /* its mark, if any, was left by somebody who died since */
        return job->message->checkpoint ? stopped(&deploy, result, err) : err_set(err, ERR_CONFLICT, "cancelled");
    (void)deployment_target(report, deploy.target, NULL, job->message->execution_id);
    bool done = s3_deploy_prepare(&deploy, err) && mark(&deploy, err);
    if (!done)
        return false;
    done = s3_deploy_apply(&deploy, err);
    if (job_stop_reason(job) == STOP_CANCELLED)
        return stopped(&deploy, result, err);
    if (!done)
        return failed(&deploy, err);
    if (!s3_deploy_settle(&deploy, err))
        return err_wrap(err, "the files are in place, but copies of earlier ones stay");
    result->outcome = WIRE_SUCCEEDED;
    result->summary = arena_printf(job->arena, "%zu files in %s: %zu uploaded, %zu unchanged", deploy.count,
                                   deploy.target, (size_t)deploy.uploaded, (size_t)deploy.unchanged);
    return true;
}
