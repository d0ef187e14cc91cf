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
#include "server/store/repositories.h"

#include <string.h>

#define TOKEN_MS (5 * 60 * 1000) /* AWS: an idempotency token is good for five minutes */
#define QUEUED_MINUTES 480       /* AWS's default of queuedTimeoutInMinutes */

static bool read_json(struct arena *arena, const char *text, const struct json **out, struct err *err) {
    return json_parse(arena, text, strlen(text), out, err) || err_wrap(err, "reading a build's row");
}

/* Any runner does the builds of x86-64; those of ARM wait for one on such a machine (runner/actions/actions.c). */
static const char *provider_of(const struct json *document) {
    const char *type = json_get_text_or(json_get(document, "environment"), "type", "");
    return str_starts_with(type, "ARM_") ? BUILD_PROVIDER_ARM : BUILD_PROVIDER;
}

static bool add_job(struct tx *tx, const struct build_row *build, const struct build_draft *draft, int limit,
                    struct err *err) {
    const struct json *document = draft->document;
    int64_t queued_minutes = json_get_integer(document, "queuedTimeoutInMinutes", QUEUED_MINUTES);
    const struct queue_new_job job = {
        .provider = draft->provider ? draft->provider : provider_of(document),
        .action_run_id = build->action_run_id,
        .build_id = build->id,
        .batch_id = build->batch_id,
        .log_id = build->log_id,
        .most_attempts = BUILD_ATTEMPTS,
        .timeout_seconds = (int)json_get_integer(document, "timeoutInMinutes", 60) * 60,
        .project = draft->provider ? NULL : build->project, /* reading a buildspec takes nobody's place */
        .project_limit = limit,
        .queued_until_ms = clock_wall_ms(tx_clock(tx)) + queued_minutes * 60 * 1000,
    };
    return queue_add(tx, &job, err);
}

bool build_make(struct tx *tx, struct arena *arena, const struct build_draft *draft, struct build_row *out,
                struct err *err) {
    struct project_row project;
    const struct json *settings = NULL;
    int64_t number = 0, id = 0;
    if (!projects_get(tx, arena, draft->row.project, &project, err) ||
        !read_json(arena, project.document, &settings, err) ||
        !projects_next_number(tx, draft->row.project, &number, err))
        return false;
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    struct build_row row = draft->row;
    row.uuid = uuid;
    row.number = number;
    row.document = json_print(arena, draft->document);
    row.state = json_print(arena, build_state_new(arena, clock_wall_ms(tx_clock(tx))));
    int limit = (int)json_get_integer(settings, "concurrentBuildLimit", 0);
    return builds_add(tx, &row, &id, err) && builds_get_by_id(tx, arena, id, out, err) &&
           add_job(tx, out, draft, limit, err) && build_tell(tx, out, BUILD_IN_PROGRESS, err);
}

const char *build_repository(const struct json *source) {
    const char *location = json_get_text_or(source, "location", "");
    const char *slash = strrchr(location, '/');
    return slash ? slash + 1 : location;
}

static bool is_commit(const char *text) {
    return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

/* The branch that a build is of; NULL where it has none, or none that can be told before it has run. */
static bool find_branch(struct tx *tx, struct arena *arena, const struct build_request *request,
                        const struct json *document, const char **out, struct err *err) {
    const struct json *source = json_get(document, "source");
    const char *type = json_get_text_or(source, "type", "NO_SOURCE");
    const char *version = json_get_text(document, "sourceVersion");
    struct repository_row repository;
    *out = request->branch;
    if (request->action_run_id || str_equal(type, "NO_SOURCE") || str_equal(type, "S3"))
        return true;
    if (version && *version) {
        if (str_starts_with(version, "refs/heads/"))
            *out = version + strlen("refs/heads/");
        else if (!is_commit(version) && !str_starts_with(version, "refs/") && !str_starts_with(version, "pr/"))
            *out = version;
        return true;
    }
    struct err own = {.kind = ERR_NONE};
    if (!str_equal(type, "CODECOMMIT"))
        return true;
    if (repositories_get(tx, arena, build_repository(source), &repository, &own))
        *out = repository.default_branch;
    return own.kind == ERR_NONE || own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
}

static int retry_limit(const struct json *project, const struct json *overrides) {
    return (int)json_get_integer(overrides, "autoRetryLimitOverride", json_get_integer(project, "autoRetryLimit", 0));
}

static bool make(struct tx *tx, struct arena *arena, const struct build_request *request, struct build_row *out,
                 struct err *err) {
    struct project_row project;
    const struct json *settings = NULL;
    struct json *document = NULL;
    struct build_draft draft = {.row = {.project = request->project,
                                        .initiator = request->initiator,
                                        .idempotency_token = request->idempotency_token,
                                        .action_run_id = request->action_run_id}};
    if (!projects_get(tx, arena, request->project, &project, err) ||
        !read_json(arena, project.document, &settings, err) ||
        !build_document(arena, settings, request, &document, err) ||
        !find_branch(tx, arena, request, document, &draft.row.branch, err))
        return false;
    draft.document = document;
    draft.row.retry_limit = retry_limit(settings, request->overrides);
    return build_make(tx, arena, &draft, out, err);
}

bool build_plan(struct arena *arena, const struct json *project, const struct build_request *request, struct json **out,
                struct err *err) {
    return build_document(arena, project, request, out, err);
}

bool build_find_started(struct tx *tx, struct arena *arena, const char *project, const char *token, bool *found,
                        struct build_row *out, struct err *err) {
    *found = false;
    return !token ||
           builds_find_idempotent(tx, arena, project, token, clock_wall_ms(tx_clock(tx)) - TOKEN_MS, found, out, err);
}

bool build_start(struct tx *tx, struct arena *arena, const struct build_request *request, struct build_row *out,
                 struct err *err) {
    bool found = false;
    return build_find_started(tx, arena, request->project, request->idempotency_token, &found, out, err) &&
           (found || make(tx, arena, request, out, err));
}

static void set_from(struct arena *arena, struct json *build, const char *name, const struct json *first,
                     const struct json *second) {
    const struct json *value = json_get(first, name);
    if (!value)
        value = json_get(second, name);
    if (value)
        json_set(arena, build, name, json_copy(arena, value));
}

static void lay_over(struct arena *arena, struct json *artifacts, const struct json *told) {
    json_each(member, told) {
        json_set(arena, artifacts, member->name, json_copy(arena, member));
    }
}

static const struct json *find_artifacts(const struct json *list, const char *identifier) {
    json_each(item, list) {
        if (str_equal(json_get_text(item, "artifactIdentifier"), identifier))
            return item;
    }
    return NULL;
}

/* The settings, with what the runner told of each laid over them: location, sha256sum, md5sum. */
static void describe_artifacts(struct arena *arena, struct json *build, const struct json *document,
                               const struct json *state) {
    const struct json *primary = json_get(document, "artifacts"), *secondary = json_get(document, "secondaryArtifacts");
    if (primary) {
        struct json *copy = json_copy(arena, primary);
        lay_over(arena, copy, json_get(state, "artifacts"));
        json_set(arena, build, "artifacts", copy);
    }
    if (!secondary)
        return;
    struct json *list = json_set_array(arena, build, "secondaryArtifacts");
    json_each(item, secondary) {
        struct json *copy = json_copy(arena, item);
        lay_over(arena, copy,
                 find_artifacts(json_get(state, "secondaryArtifacts"), json_get_text(item, "artifactIdentifier")));
        json_append(list, copy);
    }
}

bool build_describe(struct arena *arena, const struct build_row *row, struct json **out, struct err *err) {
    static const char *const members[] = {"sourceVersion",
                                          "resolvedSourceVersion",
                                          "phases",
                                          "source",
                                          "secondarySources",
                                          "secondarySourceVersions",
                                          "cache",
                                          "environment",
                                          "serviceRole",
                                          "timeoutInMinutes",
                                          "queuedTimeoutInMinutes",
                                          "vpcConfig",
                                          "encryptionKey",
                                          "fileSystemLocations",
                                          "logsConfig",
                                          "exportedEnvironmentVariables",
                                          "reportArns"};
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
    describe_artifacts(arena, build, document, state);
    json_set_bool(arena, build, "buildComplete", row->status != BUILD_IN_PROGRESS);
    json_set_text(arena, build, "initiator", row->initiator);
    *out = build;
    return true;
}
