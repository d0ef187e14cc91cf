/*
 * Deploy/CodeDeploy: the input artifact onto instances. CodeDeploy's agents fetch it from S3, where it is put first.
 */
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/codedeploy_run.h"
#include "runner/actions/stored_artifact.h"
#include "runner/archive/zip.h"
#include "runner/deployfiles/appspec.h"

static const char *const appspec_names[] = {"appspec.yml", "appspec.yaml"};

/* What a revision is, for people. */
static const char *describe(struct arena *arena, const struct json *revision) {
    const struct json *s3 = json_get(revision, "s3Location");
    const struct json *github = json_get(revision, "gitHubLocation");
    if (s3)
        return arena_printf(arena, "s3://%s/%s", json_get_text_or(s3, "bucket", ""), json_get_text_or(s3, "key", ""));
    if (github)
        return arena_printf(arena, "%s at %s", json_get_text_or(github, "repository", ""),
                            json_get_text_or(github, "commitId", ""));
    return json_get_text(revision, "revisionType");
}

static const struct json *previous_revision(struct codedeploy_run *run) {
    return json_get(run->mark, "previous");
}

/* CodeDeploy itself would say so too, once the agents have stopped the application. */
static bool check_appspec(struct codedeploy_run *run, struct err *err) {
    const char *zip;
    if (!job_input(run->job, NULL, &zip, err))
        return false;
    for (size_t i = 0; i < sizeof appspec_names / sizeof *appspec_names; i++) {
        const char *text;
        size_t size;
        struct appspec appspec;
        struct err own = {0};
        if (!zip_read(run->arena, zip, appspec_names[i], APPSPEC_CEILING, &text, &size, &own)) {
            if (own.kind == ERR_NOT_FOUND)
                continue;
            return err_set_code(err, own.kind, "ConfigurationError", "%s", own.message);
        }
        if (!appspec_read(run->arena, appspec_names[i], text, size, &appspec, err))
            return false;
        return appspec.platform == APPSPEC_SERVER ||
               err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "%s is not for instances: it needs 'os' and 'files'; for ECS use CodeDeployToECS",
                            appspec_names[i]);
    }
    return err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "did not find appspec.yml at the root of the input artifact '%s'",
                        run->job->message->inputs[0].name);
}

/* What the group has now: what a rollback after a success goes back to. */
static bool find_previous(struct codedeploy_run *run, const struct json *group, struct err *err) {
    const struct json *last = json_get(group, "lastSuccessfulDeployment");
    const struct json *info;
    const char *id = json_get_text(last, "deploymentId");
    if (!id || json_get(run->mark, "previous"))
        return true;
    if (!codedeploy_get(&run->client, run->arena, id, &info, err))
        return false;
    const struct json *revision = json_get(info, "revision");
    if (revision)
        json_set(run->arena, run->mark, "previous", json_copy(run->arena, revision));
    run->from = describe(run->arena, revision);
    return true;
}

static void show(struct codedeploy_run *run) {
    (void)deployment_target(
        &run->report, arena_printf(run->arena, "codedeploy/%s/%s/%s", run->client.region, run->application, run->group),
        run->from, run->to);
}

static const struct json *revision_of(struct codedeploy_run *run, const struct stored_artifact *stored) {
    struct json *revision = json_object(run->arena);
    json_set_text(run->arena, revision, "revisionType", "S3");
    struct json *place = json_set_object(run->arena, revision, "s3Location");
    json_set_text(run->arena, place, "bucket", stored->bucket);
    json_set_text(run->arena, place, "key", stored->key);
    json_set_text(run->arena, place, "bundleType", "zip");
    return revision;
}

static bool begin(struct codedeploy_run *run, struct err *err) {
    const struct json *group;
    struct stored_artifact stored;
    if (!codedeploy_run_group(run, "Server", &group, err))
        return false;
    show(run);
    if (run->deployment)
        return true;
    if (!check_appspec(run, err) || !find_previous(run, group, err) ||
        !stored_artifact_put(run->job, NULL, &stored, err))
        return false;
    run->to = arena_printf(run->arena, "s3://%s/%s", stored.bucket, stored.key);
    show(run);
    return codedeploy_run_create(run, revision_of(run, &stored), err);
}

bool action_codedeploy(struct job *job, struct wire_result *result, struct err *err) {
    struct codedeploy_run *run = arena_new(job->arena, struct codedeploy_run);
    struct codedeploy_verdict verdict;
    if (!codedeploy_run_begin(run, job, err))
        return false;
    run->previous_revision = previous_revision;
    bool ended = !job->message->cancelled && begin(run, err) &&
                 codedeploy_watch(run, run->deployment, STOP_TIMED_OUT, true, &verdict, err);
    return codedeploy_end(run, ended ? &verdict : NULL, result, err);
}
