/*
 * A batch as BatchGetBuildBatches shows it, and what its combining build is given.
 */
#include "server/jobs/batch_state.h"

#include "common/str.h"
#include "server/jobs/batch_inputs.h"

#include <string.h>

static void set_from(struct arena *arena, struct json *batch, const char *name, const struct json *object,
                     const char *member) {
    const struct json *value = json_get(object, member);
    if (value)
        json_set(arena, batch, name, json_copy(arena, value));
}

/* {type, location?, identifier}: of one set of artifacts. */
static void add_artifact(struct arena *arena, struct json *out, const struct json *artifacts, const char *identifier) {
    json_set_text(arena, out, "type", json_get_text_or(artifacts, "type", "NO_ARTIFACTS"));
    json_set_text(arena, out, "location", json_get_text(artifacts, "location"));
    json_set_text(arena, out, "identifier", identifier);
}

static bool summarize(struct arena *arena, const struct build_row *build, const char *arn_prefix, struct json *out,
                      struct err *err) {
    struct json *described = NULL;
    if (!build_describe(arena, build, &described, err))
        return false;
    json_set_text(arena, out, "arn", arena_printf(arena, "%s%s:%s", arn_prefix, build->project, build->uuid));
    json_set_time(arena, out, "requestedOn", build->started_ms);
    json_set_text(arena, out, "buildStatus", build_status_name(build->status));
    add_artifact(arena, json_set_object(arena, out, "primaryArtifact"), json_get(described, "artifacts"),
                 build->batch_identifier);
    struct json *secondary = json_set_array(arena, out, "secondaryArtifacts");
    json_each(item, json_get(described, "secondaryArtifacts")) {
        add_artifact(arena, json_append_object(arena, secondary), item, json_get_text(item, "artifactIdentifier"));
    }
    return true;
}

/* The newest build of a group is its current one, unless a retry waits to begin; those before it are prior ones. A
 * group that the end of the batch left without a build is STOPPED. */
static bool add_group(struct arena *arena, const struct batch_row *batch, const struct batch_group_row *group,
                      const struct build_row *builds, size_t count, const char *arn_prefix, struct json *out,
                      struct err *err) {
    const struct json *depends = NULL;
    struct json *prior = json_array(arena);
    bool current = false;
    if (!batch_read_json(arena, group->depends_on, &depends, err))
        return false;
    json_set_text(arena, out, "identifier", group->identifier);
    json_set(arena, out, "dependsOn", json_copy(arena, depends));
    json_set_bool(arena, out, "ignoreFailure", group->ignore_failure);
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(builds[i].batch_identifier, group->identifier))
            continue;
        current = builds[i].id == group->build_id && !group->again;
        struct json *summary =
            current ? json_set_object(arena, out, "currentBuildSummary") : json_append_object(arena, prior);
        if (!summarize(arena, &builds[i], arn_prefix, summary, err))
            return false;
    }
    if (!current && batch->status != BUILD_IN_PROGRESS)
        json_set_text(arena, json_set_object(arena, out, "currentBuildSummary"), "buildStatus",
                      build_status_name(BUILD_STOPPED));
    if (prior->count)
        json_set(arena, out, "priorBuildSummaryList", prior);
    return true;
}

static bool add_groups(struct tx *tx, struct arena *arena, const struct batch_row *batch, const char *arn_prefix,
                       struct json *out, struct err *err) {
    struct batch_group_row *groups = NULL;
    struct build_row *builds = NULL;
    size_t group_count = 0, build_count = 0;
    if (!batch_groups_list(tx, arena, batch->id, &groups, &group_count, err) ||
        !builds_of_batch(tx, arena, batch->id, &builds, &build_count, err))
        return false;
    struct json *list = json_set_array(arena, out, "buildGroups");
    for (size_t i = 0; i < group_count; i++)
        if (!add_group(arena, batch, &groups[i], builds, build_count, arn_prefix, json_append_object(arena, list), err))
            return false;
    return true;
}

bool batch_describe(struct tx *tx, struct arena *arena, const struct batch_row *row, const char *arn_prefix,
                    struct json **out, struct err *err) {
    static const char *const members[] = {"sourceVersion",
                                          "source",
                                          "secondarySources",
                                          "secondarySourceVersions",
                                          "artifacts",
                                          "secondaryArtifacts",
                                          "cache",
                                          "environment",
                                          "serviceRole",
                                          "queuedTimeoutInMinutes",
                                          "vpcConfig",
                                          "encryptionKey",
                                          "fileSystemLocations",
                                          "buildBatchConfig"};
    const struct json *document = NULL, *state = NULL;
    if (!batch_read_json(arena, row->document, &document, err) || !batch_read_json(arena, row->state, &state, err))
        return false;
    struct json *batch = json_object(arena);
    json_set_text(arena, batch, "id", arena_printf(arena, "%s:%s", row->project, row->uuid));
    json_set_integer(arena, batch, "buildBatchNumber", row->number);
    json_set_time(arena, batch, "startTime", row->started_ms);
    json_set_time(arena, batch, "endTime", row->ended_ms);
    json_set_text(arena, batch, "currentPhase", json_get_text(state, "currentPhase"));
    json_set_text(arena, batch, "buildBatchStatus", build_status_name(row->status));
    json_set_text(arena, batch, "projectName", row->project);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        set_from(arena, batch, members[i], document, members[i]);
    set_from(arena, batch, "resolvedSourceVersion", document, "resolvedSourceVersion");
    set_from(arena, batch, "resolvedSourceVersion", state, "resolvedSourceVersion");
    set_from(arena, batch, "phases", state, "phases");
    set_from(arena, batch, "logConfig", document, "logsConfig");
    set_from(arena, batch, "buildTimeoutInMinutes", document, "timeoutInMinutes");
    json_set_bool(arena, batch, "complete", row->status != BUILD_IN_PROGRESS);
    json_set_text(arena, batch, "initiator", row->initiator);
    *out = batch;
    return add_groups(tx, arena, row, arn_prefix, batch, err);
}

/* ---- what the combining build is given ---- */

static bool add_inputs_of(struct tx *tx, struct arena *arena, const struct batch_group_row *group,
                          struct batch_input **rows, size_t *count, size_t *capacity, struct err *err) {
    struct job_row job;
    struct artifact_row *artifacts = NULL;
    size_t artifact_count = 0;
    bool found = false;
    if (!job_rows_of_build(tx, arena, group->build_id, &found, &job, err))
        return false;
    if (found && !artifact_rows_of_job(tx, arena, job.id, &artifacts, &artifact_count, err))
        return false;
    for (size_t i = 0; i < artifact_count; i++) {
        if (*count == *capacity)
            *rows = arena_grow(arena, *rows, sizeof **rows, capacity);
        (*rows)[*count] = (struct batch_input){.name = arena_printf(arena, "b%zu", *count),
                                               .identifier = group->identifier,
                                               .output = artifacts[i].name,
                                               .sha256 = artifacts[i].sha256,
                                               .size_bytes = artifacts[i].size_bytes};
        (*count)++;
    }
    return true;
}

bool batch_inputs_list(struct tx *tx, struct arena *arena, int64_t batch_id, struct batch_input **out, size_t *count,
                       struct err *err) {
    struct batch_group_row *groups = NULL;
    struct batch_input *rows = NULL;
    size_t group_count = 0, found = 0, capacity = 0;
    if (!batch_groups_list(tx, arena, batch_id, &groups, &group_count, err))
        return false;
    for (size_t i = 0; i < group_count; i++)
        if (groups[i].kind == BATCH_GROUP_BUILD && groups[i].build_id && groups[i].build_status == BUILD_SUCCEEDED &&
            !add_inputs_of(tx, arena, &groups[i], &rows, &found, &capacity, err))
            return false;
    *out = rows;
    *count = found;
    return true;
}
