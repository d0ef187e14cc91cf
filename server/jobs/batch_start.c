/*
 * How batches and their builds are begun.
 */
#include "server/jobs/batch_state.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/jobs/build_document.h"
#include "server/jobs/build_state.h"
#include "server/store/action_runs.h"
#include "server/store/log_rows.h"
#include "server/store/projects.h"
#include "server/wake.h"

#include <string.h>

#define TOKEN_MS (5 * 60 * 1000) /* AWS: an idempotency token is good for five minutes */
#define TIMEOUT_MINUTES 480      /* AWS's default of timeoutInMins */

static bool refuse_combined_zips(const struct json *document, struct err *err) {
    const struct json *artifacts = json_get(document, "artifacts");
    if (!json_get_bool(json_get(document, "buildBatchConfig"), "combineArtifacts", false) ||
        !str_equal(json_get_text(artifacts, "type"), "S3") || !str_equal(json_get_text(artifacts, "packaging"), "ZIP"))
        return true;
    return err_set_code(err, ERR_INVALID, "InvalidInputException",
                        "combineArtifacts with artifacts that are packed as ZIP in S3 is not supported yet; use "
                        "packaging NONE");
}

/* What the builds of the batch begin with. */
static bool make_document(struct tx *tx, struct arena *arena, const struct build_request *request,
                          const struct json *config, struct json **out, struct err *err) {
    struct project_row project;
    const struct json *settings = NULL;
    if (!projects_get(tx, arena, request->project, &project, err) ||
        !batch_read_json(arena, project.document, &settings, err) ||
        !build_document(arena, settings, request, out, err))
        return false;
    const struct json *chosen = config ? config : json_get(settings, "buildBatchConfig");
    if (chosen)
        json_set(arena, *out, "buildBatchConfig", json_copy(arena, chosen));
    json_set_integer(arena, *out, "autoRetryLimit", json_get_integer(settings, "autoRetryLimit", 0));
    json_set_text(arena, *out, "branch", request->branch);
    return refuse_combined_zips(*out, err);
}

int64_t batch_expiry(struct tx *tx, const struct json *document) {
    int64_t minutes = json_get_integer(json_get(document, "buildBatchConfig"), "timeoutInMins", TIMEOUT_MINUTES);
    tx_wake(tx, WAKE_CLOCK);
    return clock_wall_ms(tx_clock(tx)) + minutes * 60 * 1000;
}

/* The log of a pipeline's action is the batch's: each build has one of its own. */
static bool add_log(struct tx *tx, struct arena *arena, const struct batch_row *batch, struct err *err) {
    struct action_run_row action;
    return !batch->action_run_id ||
           (action_runs_get_by_id(tx, arena, batch->action_run_id, &action, err) && log_rows_add(tx, action.uuid, err));
}

static bool make(struct tx *tx, struct arena *arena, const struct build_request *request, const struct json *config,
                 struct batch_row *out, struct err *err) {
    struct json *document = NULL;
    int64_t number = 0, id = 0;
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    if (!make_document(tx, arena, request, config, &document, err) ||
        !batches_next_number(tx, request->project, &number, err))
        return false;
    const struct batch_row row = {
        .uuid = uuid,
        .project = request->project,
        .number = number,
        .document = json_print(arena, document),
        .state = json_print(arena, batch_state_new(arena, clock_wall_ms(tx_clock(tx)))),
        .initiator = request->initiator,
        .idempotency_token = request->idempotency_token,
        .action_run_id = request->action_run_id,
        .expires_ms = batch_expiry(tx, document),
    };
    const struct batch_group_row source = {
        .identifier = BATCH_SOURCE_GROUP, .kind = BATCH_GROUP_SOURCE, .depends_on = "[]", .overrides = "{}"};
    return batches_add(tx, &row, &id, err) && batches_get_by_id(tx, arena, id, out, err) &&
           batch_groups_add(tx, id, &source, err) && add_log(tx, arena, out, err) &&
           batch_tell(tx, out, BUILD_IN_PROGRESS, err) && batch_look(tx, arena, id, err) &&
           batches_get_by_id(tx, arena, id, out, err);
}

bool batch_start(struct tx *tx, struct arena *arena, const struct build_request *request, const struct json *config,
                 struct batch_row *out, struct err *err) {
    bool found = false;
    if (request->idempotency_token &&
        !batches_find_idempotent(tx, arena, request->project, request->idempotency_token,
                                 clock_wall_ms(tx_clock(tx)) - TOKEN_MS, &found, out, err))
        return false;
    return found || make(tx, arena, request, config, out, err);
}

/* ---- a group's build ---- */

static struct json *in_folder(struct arena *arena, const struct json *artifacts, const char *identifier) {
    const char *path = json_get_text_or(artifacts, "path", "");
    struct json *copy = json_copy(arena, artifacts);
    if (str_equal(json_get_text(artifacts, "type"), "S3"))
        json_set_text(arena, copy, "path", arena_printf(arena, "%s%s%s", path, *path ? "/" : "", identifier));
    return copy;
}

/* In S3 each build has its folder, unless they are to be combined in one. */
static void set_folders(struct arena *arena, struct json *document, const struct json *batch, const char *identifier) {
    const struct json *artifacts = json_get(document, "artifacts"), *others = json_get(document, "secondaryArtifacts");
    struct json *list = json_array(arena);
    if (json_get_bool(json_get(batch, "buildBatchConfig"), "combineArtifacts", false))
        return;
    json_each(item, others) {
        json_append(list, in_folder(arena, item, identifier));
    }
    if (artifacts)
        json_set(arena, document, "artifacts", in_folder(arena, artifacts, identifier));
    if (others)
        json_set(arena, document, "secondaryArtifacts", list);
}

/* All builds are of the commit that the first one found. */
static void set_version(struct arena *arena, struct json *document, const struct json *state) {
    const char *version = json_get_text(state, "resolvedSourceVersion");
    if (!version)
        return;
    json_set_text(arena, document, "sourceVersion", version);
    json_set_text(arena, document, "resolvedSourceVersion", version);
}

static bool plan(struct arena *arena, const struct batch_row *batch, const struct batch_group_row *group,
                 struct json **out, const struct json **settings, struct err *err) {
    const struct json *overrides = NULL, *state = NULL;
    if (!batch_read_json(arena, batch->document, settings, err) ||
        !batch_read_json(arena, group->overrides, &overrides, err) ||
        !batch_read_json(arena, batch->state, &state, err))
        return false;
    const struct build_request request = {.project = batch->project, .overrides = overrides};
    if (!build_document(arena, *settings, &request, out, err))
        return false;
    if (group->kind != BATCH_GROUP_BUILD)
        json_set_text(arena, json_set_object(arena, *out, "artifacts"), "type", "NO_ARTIFACTS");
    if (group->kind == BATCH_GROUP_BUILD)
        set_folders(arena, *out, *settings, group->identifier);
    if (group->kind != BATCH_GROUP_SOURCE)
        set_version(arena, *out, state);
    if (json_get(overrides, "shard"))
        json_set(arena, *out, "shard", json_copy(arena, json_get(overrides, "shard")));
    return true;
}

bool batch_start_group(struct tx *tx, struct arena *arena, const struct batch_row *batch,
                       const struct batch_group_row *group, struct err *err) {
    struct json *document = NULL;
    const struct json *settings = NULL;
    struct build_row build;
    if (!plan(arena, batch, group, &document, &settings, err))
        return false;
    bool builds = group->kind == BATCH_GROUP_BUILD;
    const struct build_draft draft = {
        .row = {.project = batch->project,
                .initiator = batch->initiator,
                .action_run_id = batch->action_run_id,
                .branch = json_get_text(settings, "branch"),
                .retry_limit = builds ? (int)json_get_integer(settings, "autoRetryLimit", 0) : 0,
                .batch_id = batch->id,
                .batch_identifier = group->identifier},
        .document = document,
        .provider = builds ? NULL : BATCH_PROVIDER,
    };
    return build_make(tx, arena, &draft, &build, err) &&
           (!group->again || batch_groups_set_again(tx, batch->id, group->position, false, err)) &&
           batch_say(tx, arena, batch, err, "%s: build %s:%s, log /logs/%s/raw", group->identifier, build.project,
                     build.uuid, build.log_id);
}
