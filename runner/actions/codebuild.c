/*
 * CodeBuild: a buildspec's phases in a container.
 */
#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/build.h"

static bool check(const struct job *job, struct err *err) {
    if (!job->message->build)
        return err_set(err, ERR_INVALID, "the server sent a build without its description");
    if (job->message->input_count > 1 && !job_setting(job, "PrimarySource"))
        return err_set(err, ERR_INVALID, "an action with several input artifacts must say which is PrimarySource");
    return true;
}

static const struct json *describe_end(const struct build *build, const struct wire_result *result) {
    struct json *description = build_describe(build);
    const char *status = build_status(build);
    if (str_equal(status, "STOPPED") && result->outcome != WIRE_STOPPED) /* it could not be */
        status = "FAULT";
    json_set_text(build->arena, description, "buildStatus", status);
    if (build->wants_retry && str_equal(status, "FAILED"))
        json_set_integer(build->arena, json_set_object(build->arena, description, "retry"), "limit",
                         build->retry_limit);
    return description;
}

static void set_result(struct build *build, struct wire_result *result) {
    if (build_set_stopped(build, "the build", result)) {
        /* said */
    } else if (build->record.failed) {
        result->outcome = WIRE_FAILED;
        result->error_code = "JobFailed";
        result->error_message = arena_printf(build->arena, "the build failed in %s%s%s%s", build->record.first_failure,
                                             build->quoted ? "; it last said '" : "",
                                             build->quoted ? build->quoted : "", build->quoted ? "'" : "");
    } else {
        result->outcome = WIRE_SUCCEEDED;
        result->summary = "the build succeeded";
        build_set_variables(build, result);
    }
    build->record.current = "COMPLETED";
    phase_record_begin(&build->record, "COMPLETED", clock_wall_ms(&clock_system));
    result->external_id = build->id;
    result->build = describe_end(build, result);
}

bool action_codebuild(struct job *job, struct wire_result *result, struct err *err) {
    struct build build;
    if (!check(job, err))
        return false;
    build_init(&build, job);
    build.listed = true;
    bool good = build_kill_leftovers(&build, err);
    if (good && job->message->cancelled) {
        result->outcome = WIRE_STOPPED;
        result->summary = "the build was stopped; nothing of it runs here any more";
        result->external_id = build.id;
    } else if (good) {
        build_s3_log_begin(&build);
        build_run(&build);
        set_result(&build, result);
        build_s3_log_end(&build);
        build_end_shells(&build);
    }
    build_release(&build);
    return good;
}
