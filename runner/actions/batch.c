/*
 * A batch's own work, which needs no container: reading the buildspec and telling which builds it asks for, before
 * them; putting their artifacts together, after them. The builds themselves are jobs like any other (codebuild.c).
 */
#include "runner/buildspec/batch.h"
#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/build.h"
#include "runner/archive/tree.h"
#include "runner/archive/unzip.h"
#include "runner/archive/zip.h"

#include <string.h>
#include <unistd.h>

/* ---- before: which builds ---- */

static void say_group(struct build *build, const struct batch_group *group) {
    const struct batch_environment *environment = &group->environment;
    const char *text = "";
    const char *const settings[][2] = {{"buildspec", group->buildspec},
                                       {"image", environment->image},
                                       {"type", environment->type},
                                       {"compute-type", environment->compute_type},
                                       {"fleet", environment->fleet}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (settings[i][1])
            text = arena_printf(build->arena, "%s %s=%s", text, settings[i][0], settings[i][1]);
    for (size_t i = 0; i < environment->variable_count; i++)
        text = arena_printf(build->arena, "%s %s=%s", text, environment->variables[i].name,
                            environment->variables[i].value);
    for (size_t i = 0; i < group->depends_on.count; i++)
        text = arena_printf(build->arena, "%s%s%s", text, i ? ", " : " after ", group->depends_on.items[i]);
    build_say(build, "Build %s:%s%s", group->identifier, *text ? text : " as the buildspec says",
              group->ignore_failure ? " (its failure is ignored)" : "");
}

static bool read_batch(struct build *build, const struct json **out, struct err *err) {
    const struct json *task = json_get(build->job->message->build, "batch");
    int64_t most = json_get_integer(task, "most", BATCH_BUILDS_MAX);
    const char *zip = NULL, *name = NULL, *text = NULL;
    size_t size = 0;
    struct batch batch;
    if (!build_fetch_primary(build, &zip, err) || !build_find_spec(build, zip, &name, &text, &size, err) ||
        !batch_parse(build->arena, name, text, size, most > 0 ? (size_t)most : BATCH_BUILDS_MAX, &batch, err))
        return false;
    for (size_t i = 0; i < batch.notices.count; i++)
        build_say(build, "%s", batch.notices.items[i]);
    build_say(build, "%s of %zu build%s%s", batch.kind, batch.group_count, batch.group_count == 1 ? "" : "s",
              batch.fast_fail ? ", the first failure stops the others" : "");
    for (size_t i = 0; i < batch.group_count; i++)
        say_group(build, &batch.groups[i]);
    *out = batch_encode(build->arena, &batch);
    return true;
}

/* ---- after: one artifact out of many ---- */

static void left_out(void *context, const char *sentence) {
    build_say(context, "%s", sentence);
}

static bool interrupted(void *context) {
    const struct build *build = context;
    return job_is_stopped(build->job);
}

/* Unpacks what the builds put out below `folder`: into one place, or each into a folder that is named like it. */
static bool unpack(struct build *build, const char *output, const char *folder, bool together, size_t *count,
                   struct err *err) {
    const struct json *task = json_get(build->job->message->build, "batch");
    json_each(input, json_get(task, "inputs")) {
        const char *identifier = json_get_text_or(input, "identifier", "");
        struct unzip request = {.folder = folder, .left_out = left_out, .interrupted = interrupted, .context = build};
        if (!str_equal(json_get_text(input, "output"), output))
            continue;
        if (!together)
            request.folder = arena_printf(build->arena, "%s/%s", folder, identifier);
        if (!job_input(build->job, json_get_text_or(input, "name", ""), &request.zip, err) || !unzip(&request, err))
            return false;
        (void)unlink(request.zip);
        build_say(build, "%s: took over what %s put out", output, identifier);
        (*count)++;
    }
    return true;
}

static bool add_file(struct zip_writer *zip, const char *folder, const struct tree_file *file, struct err *err) {
    struct zip_entry entry = {
        .name = file->path, .mode = file->mode, .modified = file->modified, .target = file->target, .descriptor = -1};
    struct tree_file opened;
    if (file->target)
        return zip_writer_add(zip, &entry, err);
    if (!tree_open(folder, file, &entry.descriptor, &opened, err))
        return false;
    entry.size = opened.size;
    bool good = zip_writer_add(zip, &entry, err);
    (void)close(entry.descriptor);
    return good;
}

static bool pack(struct build *build, const char *folder, const char *zip_path, struct err *err) {
    const struct tree_file *files;
    size_t count;
    struct zip_writer *zip = NULL;
    if (!tree_list(build->arena, folder, "", &files, &count, err) || !zip_writer_open(zip_path, &zip, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (add_file(zip, folder, &files[i], err))
            continue;
        zip_writer_abandon(zip);
        return false;
    }
    return zip_writer_close(zip, err);
}

static bool combine(struct build *build, struct err *err) {
    const struct wire_job *message = build->job->message;
    bool together = str_equal(job_setting(build->job, "CombineArtifacts"), "true");
    for (size_t i = 0; i < message->output_count; i++) {
        const char *output = message->outputs[i];
        const char *folder = arena_printf(build->arena, "%s/combined-%s", build->job->folder, output);
        const char *zip = arena_printf(build->arena, "%s/output-%s.zip", build->job->folder, output);
        size_t count = 0;
        if (!unpack(build, output, folder, together, &count, err))
            return false;
        if (count == 0)
            return err_set_code(err, ERR_NOT_FOUND, "CLIENT_ERROR",
                                "no build of the batch put out '%s', which the action is to put out", output);
        if (!pack(build, folder, zip, err) || !job_output(build->job, output, zip, err))
            return false;
    }
    return true;
}

/* ---- both ---- */

static void set_result(struct build *build, const char *failure, const struct json *batch, struct wire_result *result) {
    if (build_set_stopped(build, "the batch", result)) {
        /* said */
    } else if (build->record.failed) {
        result->outcome = WIRE_FAILED;
        result->error_code = "JobFailed";
        result->error_message = failure ? failure : "the batch's own work failed";
    } else {
        result->outcome = WIRE_SUCCEEDED;
    }
    build->record.current = "COMPLETED";
    phase_record_begin(&build->record, "COMPLETED", clock_wall_ms(&clock_system));
    struct json *description = build_describe(build);
    if (batch)
        json_set(build->arena, description, "batch", json_copy(build->arena, batch));
    result->external_id = build->id;
    result->build = description;
}

static void act(struct build *build, struct wire_result *result) {
    const struct json *task = json_get(build->job->message->build, "batch");
    const struct json *batch = NULL;
    const char *failure = NULL;
    struct err err = {0};
    bool combines = str_equal(json_get_text(task, "kind"), "combine");
    if (build->job->message->timeout_seconds > 0)
        heartbeat_set_deadline(build->job->heartbeat,
                               clock_boot_ms(&clock_system) + (int64_t)build->job->message->timeout_seconds * 1000);
    build_begin(build, combines ? "UPLOAD_ARTIFACTS" : "DOWNLOAD_SOURCE");
    bool good = combines ? combine(build, &err) : read_batch(build, &batch, &err);
    failure = build_end(build, good ? NULL : &err);
    set_result(build, failure, batch, result);
}

bool action_codebuild_batch(struct job *job, struct wire_result *result, struct err *err) {
    struct build build;
    if (!json_get(job->message->build, "batch"))
        return err_set(err, ERR_INVALID, "the server sent a batch without its description");
    build_init(&build, job);
    build.listed = true;
    if (job->message->cancelled) {
        result->outcome = WIRE_STOPPED;
        result->external_id = build.id;
    } else {
        act(&build, result);
    }
    build_release(&build);
    return true;
}
