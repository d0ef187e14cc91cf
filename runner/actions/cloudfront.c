/*
 * Invoke/CloudFront: pages that caches keep are asked for anew.
 */
#include "runner/actions/cloudfront.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/invalidation_paths.h"

#define RETRY_MS 10000
#define LOOK_MS 5000

bool invalidation_prepare(struct invalidation *invalidation, struct job *job, struct deployment_report *report,
                          struct err *err) {
    const char *distribution = job_setting(job, "DistributionId");
    *invalidation = (struct invalidation){.job = job, .report = report, .arena = job->arena};
    if (!distribution || !*distribution)
        return err_set(err, ERR_INVALID, "the action's configuration lacks DistributionId");
    invalidation->cloudfront = (struct cloudfront){
        .aws = job_aws(job), .distribution = distribution, .interrupted = job_is_stopped, .context = job};
    invalidation->target = arena_printf(job->arena, "cloudfront/%s", distribution);
    (void)deployment_target(report, invalidation->target, NULL, NULL);
    return invalidation_paths_read(job->arena, job_setting(job, "Paths"), &invalidation->paths, &invalidation->count,
                                   err);
}

/* Too many invalidations at once pass; so does an outage. False where it is not worth another try. */
static bool wait_for_another(struct invalidation *invalidation, const struct err *why) {
    if (why->kind != ERR_UNAVAILABLE || !job_sleep(invalidation->job, RETRY_MS, STOP_TIMED_OUT))
        return false;
    job_log(invalidation->job, "%s; trying again", why->message);
    return true;
}

bool invalidation_apply(struct invalidation *invalidation, struct err *err) {
    struct cloudfront_invalidation made;
    for (;;) {
        struct err own = {0};
        if (cloudfront_invalidate(&invalidation->cloudfront, invalidation->arena,
                                  invalidation->job->message->action_execution_id, invalidation->paths,
                                  invalidation->count, &made, &own))
            break;
        if (!wait_for_another(invalidation, &own))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    invalidation->id = made.id;
    invalidation->completed = made.completed;
    invalidation->report->external_id = made.id;
    deployment_note(invalidation->report, "invalidation %s of %zu path%s of distribution %s", made.id,
                    invalidation->count, invalidation->count == 1 ? "" : "s", invalidation->cloudfront.distribution);
    return true;
}

bool invalidation_follow(struct invalidation *invalidation, struct err *err) {
    while (!invalidation->completed) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct cloudfront_invalidation seen;
        struct err own = {0};
        deployment_send(invalidation->report, "CloudFront tells its edges");
        if (!job_sleep(invalidation->job, LOOK_MS, STOP_TIMED_OUT))
            return err_set_code(err, ERR_LIMIT, "JobFailed", "invalidation %s was not completed in time; it goes on",
                                invalidation->id);
        if (cloudfront_look(&invalidation->cloudfront, &arena, invalidation->id, &seen, &own))
            invalidation->completed = seen.completed;
        else if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    return true;
}

static bool stopped(const struct invalidation *invalidation, struct wire_result *result) {
    result->outcome = WIRE_STOPPED;
    result->summary = invalidation->id
                          ? arena_printf(invalidation->arena,
                                         "cancelled; invalidation %s goes on: caches only ask again", invalidation->id)
                          : "cancelled";
    return true;
}

bool action_cloudfront(struct job *job, struct wire_result *result, struct err *err) {
    struct deployment_report *report = arena_new(job->arena, struct deployment_report);
    struct invalidation invalidation;
    deployment_begin(report, job, "CLOUDFRONT");
    if (!invalidation_prepare(&invalidation, job, report, err))
        return false;
    bool done =
        !job->message->cancelled && invalidation_apply(&invalidation, err) && invalidation_follow(&invalidation, err);
    result->external_id = invalidation.id;
    if (!done && job_stop_reason(job) == STOP_CANCELLED)
        return stopped(&invalidation, result);
    if (!done)
        return false;
    result->outcome = WIRE_SUCCEEDED;
    result->summary = arena_printf(job->arena, "invalidation %s is completed", invalidation.id);
    return true;
}
