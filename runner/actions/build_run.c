/*
 * The way of a build through a container, whoever asks for it: CodeBuild with a buildspec, or Commands with its lines.
 */
#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/build.h"
#include "runner/actions/git_fetch.h"
#include "runner/buildspec/scripts.h"
#include "runner/docker/networks.h"
#include "runner/runner.h"

#include <string.h>

static const char *make_source_folder(struct arena *arena, const char *build_id) {
    char hex[SHA256_HEX_SIZE];
    hash_sha256_hex(build_id, strlen(build_id), hex);
    unsigned long long number = 0;
    for (int i = 0; i < 12; i++)
        number = number * 16 + (unsigned)(strchr("0123456789abcdef", hex[i]) - "0123456789abcdef");
    return arena_printf(arena, "/codebuild/output/src%09llu/src", number % 1000000000);
}

void build_init(struct build *build, struct job *job) {
    const struct json *description = job->message->build;
    *build = (struct build){.job = job, .arena = job->arena, .room = TREE_ROOM_INIT};
    build->id = json_get_text_or(description, "id", job->message->id);
    build->source_folder = make_source_folder(job->arena, build->id);
    build->privileged = json_get_bool(json_get(description, "environment"), "privilegedMode", false);
    build->docker = docker_open(job->runner->engine);
    phase_record_init(&build->record, job->arena, json_get(description, "phases"), clock_wall_ms(&clock_system));
}

void build_release(struct build *build) {
    docker_close(build->docker);
    build->docker = NULL;
}

static void set_deadline(const struct build *build) {
    int64_t minutes = json_get_integer(build->job->message->build, "timeoutInMinutes", 60);
    int64_t seconds = minutes * 60;
    int limit = build->job->message->timeout_seconds;
    if (limit > 0 && limit < seconds)
        seconds = limit;
    heartbeat_set_deadline(build->job->heartbeat, clock_boot_ms(&clock_system) + seconds * 1000);
}

/* PROVISIONING and DOWNLOAD_SOURCE happen side by side and are shown one after the other: this is what the second has
 * done while the first was going on. */
struct source {
    struct tar_feed *feed;
    bool prepared;
    struct err err;
};

static bool provision(struct build *build, struct source *source) {
    struct err err = {0};
    build_begin(build, "PROVISIONING");
    bool good = build_environment(build, clock_wall_ms(&clock_system), &err) && build_container_start(build, &err);
    if (good) {
        build_say(build, "Waiting for DOWNLOAD_SOURCE");
        build_say(build, "Phase is DOWNLOAD_SOURCE");
        build_say(build, "CODEBUILD_SRC_DIR=%s", build->source_folder);
        source->prepared = build_prepare(build, source->feed, &source->err);
        good = build_container_ready(build, &err);
    }
    if (good)
        phase_record_end(&build->record, "SUCCEEDED", NULL, NULL, clock_wall_ms(&clock_system));
    else
        (void)build_end(build, &err);
    return good;
}

static bool fill_container(struct build *build, struct source *source, struct err *err) {
    if (!build_put(build, source->feed, err)) {
        (void)tar_feed_failed(source->feed, err);
        return false;
    }
    return shell_load(build->shell, SCRIPT_FOLDER "/variables.sh", err);
}

/* A repository that does not answer is not this service's fault, nor is it for a build's reader to tell passing trouble
 * from lasting. */
static void blame_source(struct err *err) {
    if (str_equal(err->code, GIT_PASSING) || (!err->code && err->kind == ERR_UNAVAILABLE))
        err->code = "CLIENT_ERROR";
}

static bool is_written(const struct buildspec_phase *phase) {
    return phase->commands.count > 0 || phase->finally.count > 0 || phase->runtime_count > 0;
}

static void say_commands(struct build *build) {
    size_t phases = 0;
    for (int i = 0; i < PHASE_COUNT; i++)
        phases += is_written(&build->spec.phases[i]);
    build_say(build, "Moving to directory %s", build->source_folder);
    build_say(build, "Phases found in YAML: %zu", phases);
    for (int i = 0; i < PHASE_COUNT; i++)
        if (is_written(&build->spec.phases[i]))
            build_say(build, " %s: %zu commands", build_phase_name((enum build_phase)i),
                      build->spec.phases[i].commands.count);
}

static bool download_source(struct build *build, struct source *source) {
    struct err err = source->err;
    phase_record_begin(&build->record, "DOWNLOAD_SOURCE", clock_wall_ms(&clock_system));
    build_tell(build);
    if (!source->prepared)
        blame_source(&err);
    bool good = source->prepared && fill_container(build, source, &err) && build_git_credentials(build, &err) &&
                build_install_runtimes(build, &err);
    if (good) {
        say_commands(build);
        build_cache_restore(build);
    }
    (void)build_end(build, good ? NULL : &err);
    return good;
}

void build_export_variables(struct build *build) {
    const struct buildspec_list *names = &build->spec.exported;
    const char **values = arena_array(build->arena, const char *, names->count + 1);
    struct err err = {0};
    if (names->count == 0)
        return;
    if (!build_values(build, names->items, names->count, values, &err)) {
        build_say(build, "Exported variables are lost: %s", err.message);
        return;
    }
    build->exported = json_array(build->arena);
    for (size_t i = 0; i < names->count; i++) {
        if (!values[i])
            continue;
        if (!build_may_export(build, names->items[i])) {
            build_say(build, "Skipping exported variable %s: secrets and AWS_ variables are not exported",
                      names->items[i]);
            continue;
        }
        struct json *entry = json_append_object(build->arena, build->exported);
        json_set_text(build->arena, entry, "name", names->items[i]);
        json_set_text(build->arena, entry, "value", reporter_masked(build->job->reporter, build->arena, values[i]));
    }
}

static void upload(struct build *build) {
    struct err err = {0};
    build_begin(build, "UPLOAD_ARTIFACTS");
    build_reports_upload(build);
    bool good = build_upload(build, &err);
    if (good)
        build_cache_save(build);
    (void)build_end(build, good ? NULL : &err);
}

bool build_kill_leftovers(struct build *build, struct err *err) {
    const struct wire_job *message = build->job->message;
    const char *const *ids;
    size_t count;
    if (message->attempt <= 1 && !message->cancelled)
        return true;
    if (!containers_with_label(build->docker, build->arena, LABEL_JOB, message->id, &ids, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!container_remove(build->docker, build->arena, ids[i], err))
            return false;
    struct removals counts = {0};
    return volumes_remove_all(build->docker, build->arena, LABEL_JOB, message->id, &counts, err);
}

void build_run(struct build *build) {
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    struct source source = {.feed = feed};
    bool wants_upload = false;
    set_deadline(build);
    if (!provision(build, &source))
        return;
    if (download_source(build, &source)) {
        build_run_phases(build, &wants_upload);
        if (wants_upload && !build->dead && !job_is_stopped(build->job))
            upload(build);
    }
    if (!build->dead && !job_is_stopped(build->job)) {
        phase_record_begin(&build->record, "FINALIZING", clock_wall_ms(&clock_system));
        phase_record_end(&build->record, "SUCCEEDED", NULL, NULL, clock_wall_ms(&clock_system));
    }
}

const char *build_status(const struct build *build) {
    enum stop_reason reason = job_stop_reason(build->job);
    if (reason == STOP_CANCELLED)
        return "STOPPED";
    if (reason == STOP_TIMED_OUT)
        return "TIMED_OUT";
    return build->record.status ? build->record.status : "SUCCEEDED";
}

void build_end_shells(struct build *build) {
    shell_free(build->user_shell);
    build->user_shell = NULL;
    heartbeat_on_stop(build->job->heartbeat, NULL, NULL);
}

void build_set_variables(const struct build *build, struct wire_result *result) {
    struct wire_variable *variables =
        arena_array(build->arena, struct wire_variable, (build->exported ? build->exported->count : 0) + 1);
    json_each(item, build->exported) variables[result->variable_count++] =
        (struct wire_variable){.name = json_get_text(item, "name"), .value = json_get_text(item, "value")};
    result->variables = variables;
}

bool build_set_stopped(struct build *build, const char *subject, struct wire_result *result) {
    struct err err = {0};
    enum stop_reason reason = job_stop_reason(build->job);
    if (reason == STOP_CANCELLED && build_container_kill(build, &err)) {
        result->outcome = WIRE_STOPPED;
        result->summary = arena_printf(build->arena, "%s was stopped and its container is dead", subject);
    } else if (reason == STOP_CANCELLED) {
        result->outcome = WIRE_FAILED;
        result->error_code = "SystemUnavailable";
        result->error_message =
            arena_printf(build->arena, "%s was stopped, but its container could not be: %s", subject, err.message);
    } else if (reason == STOP_TIMED_OUT) {
        (void)build_container_kill(build, &err);
        result->outcome = WIRE_FAILED;
        result->error_code = "JobFailed";
        result->error_message = arena_printf(build->arena, "%s has timed out", subject);
    } else {
        return false;
    }
    return true;
}
