/*
 * How builds begin, and how they are shown.
 */
#include "server/jobs/build_start.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/jobs/build_document.h"
#include "server/jobs/build_state.h"
#include "server/jobs/queue.h"
#include "server/store/projects.h"

#include <string.h>

#define TOKEN_MS (5 * 60 * 1000) /* AWS: an idempotency token is good for five minutes */

static bool read_json(struct arena *arena, const char *text, const struct json **out, struct err *err) {
    return json_parse(arena, text, strlen(text), out, err) || err_wrap(err, "reading a build's row");
}

static bool add_job(struct tx *tx, const struct build_request *request, const struct build_row *build,
                    const struct json *document, struct err *err) {
    const struct queue_new_job job = {
        .provider = "CodeBuild",
        .action_run_id = request->action_run_id,
        .build_id = build->id,
        .log_id = build->log_id,
        .most_attempts = BUILD_ATTEMPTS,
        .timeout_seconds = (int)json_get_integer(document, "timeoutInMinutes", 60) * 60,
    };
    return queue_add(tx, &job, err);
}

static bool make(struct tx *tx, struct arena *arena, const struct build_request *request, struct build_row *out,
                 struct err *err) {
    struct project_row project;
    const struct json *settings = NULL;
    struct json *document = NULL;
    int64_t number = 0, id = 0;
    if (!projects_get(tx, arena, request->project, &project, err) ||
        !read_json(arena, project.document, &settings, err) ||
        !build_document(arena, settings, request, &document, err) ||
        !projects_next_number(tx, request->project, &number, err))
        return false;
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    const struct build_row row = {
        .uuid = uuid,
        .project = request->project,
        .number = number,
        .document = json_print(arena, document),
        .state = json_print(arena, build_state_new(arena, clock_wall_ms(tx_clock(tx)))),
        .initiator = request->initiator,
        .idempotency_token = request->idempotency_token,
        .action_run_id = request->action_run_id,
    };
    if (!builds_add(tx, &row, &id, err) || !builds_get_by_id(tx, arena, id, out, err))
        return false;
    return add_job(tx, request, out, document, err) && build_tell(tx, out, BUILD_IN_PROGRESS, err);
}

bool build_start(struct tx *tx, struct arena *arena, const struct build_request *request, struct build_row *out,
                 struct err *err) {
    bool found = false;
    if (request->idempotency_token && !builds_find_idempotent(tx, arena, request->project, request->idempotency_token,
                                                              clock_wall_ms(tx_clock(tx)) - TOKEN_MS, &found, out, err))
        return false;
    return found || make(tx, arena, request, out, err);
}

static void set_from(struct arena *arena, struct json *build, const char *name, const struct json *first,
                     const struct json *second) {
    const struct json *value = json_get(first, name);
    if (!value)
        value = json_get(second, name);
    if (value)
        json_set(arena, build, name, json_copy(arena, value));
}

bool build_describe(struct arena *arena, const struct build_row *row, struct json **out, struct err *err) {
    static const char *const members[] = {"sourceVersion",
                                          "resolvedSourceVersion",
                                          "phases",
                                          "source",
                                          "secondarySources",
                                          "secondarySourceVersions",
                                          "artifacts",
                                          "secondaryArtifacts",
                                          "cache",
                                          "environment",
                                          "serviceRole",
                                          "timeoutInMinutes",
                                          "queuedTimeoutInMinutes",
                                          "vpcConfig",
                                          "encryptionKey",
                                          "fileSystemLocations",
                                          "logsConfig",
                                          "exportedEnvironmentVariables"};
    const struct json *document = NULL, *state = NULL;
    if (!read_json(arena, row->document, &document, err) || !read_json(arena, row->state, &state, err))
        return false;
    struct json *build = json_object(arena);
    json_set_text(arena, build, "id", arena_printf(arena, "%s:%s", row->project, row->uuid));
    json_set_integer(arena, build, "buildNumber", row->number);
    json_set_time(arena, build, "startTime", row->started_ms);
    json_set_time(arena, build, "endTime", row->ended_ms);
    json_set_text(arena, build, "currentPhase", json_get_text(state, "currentPhase"));
    json_set_text(arena, build, "buildStatus", build_status_name(row->status));
    json_set_text(arena, build, "projectName", row->project);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        set_from(arena, build, members[i], state, document);
    json_set_bool(arena, build, "buildComplete", row->status != BUILD_IN_PROGRESS);
    json_set_text(arena, build, "initiator", row->initiator);
    *out = build;
    return true;
}
