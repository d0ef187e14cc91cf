/*
 * From the groups that a runner has read out of the buildspec to rows. A runner is not trusted: names, numbers and
 * dependencies are checked again, and what the project restricts is checked here alone.
 */
#include "server/jobs/batch_state.h"

#include "common/str.h"
#include "server/definition/project.h"
#include "server/definition/project_shape.h"
#include "server/jobs/build_document.h"
#include "server/store/action_runs.h"

#include <string.h>

#define IDENTIFIER_MAX 128

struct expansion {
    struct tx *tx;
    struct arena *arena;
    const struct batch_row *batch;
    const struct json *groups;
    const struct json *document;
    struct batch_trouble *trouble;
};

static bool refuse(struct expansion *expansion, const char *message) {
    *expansion->trouble = (struct batch_trouble){.code = "CLIENT_ERROR", .message = message};
    return false;
}

static bool is_identifier(const char *text) {
    size_t length = text ? strlen(text) : 0;
    return length > 0 && length <= IDENTIFIER_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == length &&
           !str_equal(text, BATCH_SOURCE_GROUP) && !str_equal(text, BATCH_COMBINE_GROUP);
}

static bool is_listed(const struct json *texts, const char *text) {
    json_each(item, texts) {
        if (str_equal(item->text, text))
            return true;
    }
    return false;
}

static bool is_group(const struct expansion *expansion, const char *identifier) {
    json_each(group, expansion->groups) {
        if (str_equal(json_get_text(group, "identifier"), identifier))
            return true;
    }
    return false;
}

static bool check_compute_type(struct expansion *expansion, const struct json *group) {
    const struct json *allowed =
        json_get(json_get(json_get(expansion->document, "buildBatchConfig"), "restrictions"), "computeTypesAllowed");
    const char *type = json_get_text(json_get(group, "overrides"), "computeTypeOverride");
    if (!type)
        type = json_get_text(json_get(expansion->document, "environment"), "computeType");
    if (!allowed || allowed->count == 0 || !type || is_listed(allowed, type))
        return true;
    return refuse(expansion, arena_printf(expansion->arena,
                                          "build '%s' has the compute type %.60s, which the project's batch "
                                          "restrictions do not allow",
                                          json_get_text(group, "identifier"), type));
}

/* What a buildspec can say of a build's environment, and nothing else of StartBuild's. */
static bool check_names(struct expansion *expansion, const struct json *group) {
    static const char *const known[] = {"buildspecOverride",      "computeTypeOverride",
                                        "imageOverride",          "environmentTypeOverride",
                                        "privilegedModeOverride", "environmentVariablesOverride"};
    json_each(override, json_get(group, "overrides")) {
        bool good = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            good = good || str_equal(known[i], override->name);
        if (!good)
            return refuse(expansion, arena_printf(expansion->arena,
                                                  "the runner told of %.60s for build '%s', which no buildspec can say",
                                                  override->name, json_get_text(group, "identifier")));
    }
    return true;
}

static bool check_text(struct definition_errors *errors, const struct json *environment, const char *member,
                       const struct shape *shape) {
    const struct place build = {0};
    const struct place block = PLACE_MEMBER(&build, "environment", environment);
    const struct place place = PLACE_MEMBER(&block, member, json_get(environment, member));
    if (place.value)
        shape_check(errors, &place, shape, DEFINITION_REQUEST);
    return errors->count == 0;
}

/* What StartBuild would refuse, is refused here: a build would only fall back to something that nobody asked for. */
static bool check_settings(struct expansion *expansion, const struct json *group) {
    const struct build_request request = {.project = expansion->batch->project,
                                          .overrides = json_get(group, "overrides")};
    struct definition_errors errors = {.arena = expansion->arena};
    struct json *settings = NULL;
    struct err own = {0};
    const char *identifier = json_get_text(group, "identifier"), *why = own.message;
    if (build_document(expansion->arena, expansion->document, &request, &settings, &own)) {
        const struct json *environment = json_get(settings, "environment");
        if (check_text(&errors, environment, "type", &project_environment_type_shape) &&
            check_text(&errors, environment, "computeType", &project_compute_type_shape) &&
            check_text(&errors, environment, "image", &project_image_shape) && project_check_build(&errors, settings))
            return true;
        why = definition_error_text(expansion->arena, NULL, &errors.list[0]);
    }
    return refuse(expansion, arena_printf(expansion->arena, "build '%s' cannot be made: %s", identifier, why));
}

static bool check_group(struct expansion *expansion, const struct json *group) {
    const char *identifier = json_get_text(group, "identifier");
    if (!is_identifier(identifier))
        return refuse(expansion, "the runner told of a build without a good identifier");
    if (json_get(json_get(group, "overrides"), "fleetOverride"))
        return refuse(expansion, arena_printf(expansion->arena,
                                              "build '%s' asks for a fleet, and there are none here; use compute-type",
                                              identifier));
    json_each(other, json_get(group, "dependsOn")) {
        if (!is_group(expansion, other->text))
            return refuse(expansion,
                          arena_printf(expansion->arena, "build '%s' depends on one that there is not", identifier));
    }
    return check_names(expansion, group) && check_settings(expansion, group) && check_compute_type(expansion, group);
}

static bool check(struct expansion *expansion) {
    int64_t most = json_get_integer(json_get(json_get(expansion->document, "buildBatchConfig"), "restrictions"),
                                    "maximumBuildsAllowed", BATCH_BUILDS_MAX);
    if (!expansion->groups || expansion->groups->type != JSON_ARRAY || expansion->groups->count == 0)
        return refuse(expansion, "the runner told of no builds");
    if ((int64_t)expansion->groups->count > most)
        return refuse(expansion, arena_printf(expansion->arena, "the batch has %zu builds, and the project allows %lld",
                                              expansion->groups->count, (long long)most));
    json_each(group, expansion->groups) {
        if (!check_group(expansion, group))
            return false;
        for (const struct json *other = group->next; other; other = other->next)
            if (str_equal(json_get_text(group, "identifier"), json_get_text(other, "identifier")))
                return refuse(expansion, "the runner told of two builds with one identifier");
    }
    return true;
}

/* ---- rows ---- */

static bool add_group(struct expansion *expansion, const struct json *group, int position, struct err *err) {
    const struct json *depends = json_get(group, "dependsOn"), *given = json_get(group, "overrides");
    struct arena *arena = expansion->arena;
    struct json *overrides = given ? json_copy(arena, given) : json_object(arena);
    if (json_get(group, "shard"))
        json_set(arena, overrides, "shard", json_copy(arena, json_get(group, "shard")));
    const struct batch_group_row row = {
        .position = position,
        .identifier = json_get_text(group, "identifier"),
        .kind = BATCH_GROUP_BUILD,
        .depends_on = depends ? json_print(arena, depends) : "[]",
        .ignore_failure = json_get_bool(group, "ignoreFailure", false),
        .overrides = json_print(arena, overrides),
    };
    return batch_groups_add(expansion->tx, expansion->batch->id, &row, err) &&
           batch_say(expansion->tx, arena, expansion->batch, err, "%s%s%s%s", row.identifier,
                     depends && depends->count ? ", after " : "",
                     depends && depends->count ? json_print(arena, depends) : "",
                     row.ignore_failure ? ", its failure is ignored" : "");
}

/* Where a pipeline's action has output artifacts, they are made of the builds' at the end. */
static bool add_combine(struct expansion *expansion, int position, struct err *err) {
    struct action_run_row action;
    const struct json *outputs = NULL;
    if (!expansion->batch->action_run_id)
        return true;
    if (!action_runs_get_by_id(expansion->tx, expansion->arena, expansion->batch->action_run_id, &action, err) ||
        !batch_read_json(expansion->arena, action.outputs, &outputs, err))
        return false;
    if (outputs->count == 0)
        return true;
    struct json *depends = json_array(expansion->arena);
    json_each(group, expansion->groups) {
        json_append_text(expansion->arena, depends, json_get_text(group, "identifier"));
    }
    const struct batch_group_row row = {
        .position = position,
        .identifier = BATCH_COMBINE_GROUP,
        .kind = BATCH_GROUP_COMBINE,
        .depends_on = json_print(expansion->arena, depends),
        .overrides = "{}",
    };
    return batch_groups_add(expansion->tx, expansion->batch->id, &row, err);
}

bool batch_expand(struct tx *tx, struct arena *arena, const struct batch_row *batch, const struct json *told,
                  struct batch_trouble *trouble, struct err *err) {
    struct expansion expansion = {
        .tx = tx, .arena = arena, .batch = batch, .groups = json_get(told, "groups"), .trouble = trouble};
    int position = 1;
    *trouble = (struct batch_trouble){0};
    if (!batch_read_json(arena, batch->document, &expansion.document, err))
        return false;
    if (!check(&expansion))
        return true;
    if (json_get_bool(told, "fastFail", false) && !batches_set_fast_fail(tx, batch->id, err))
        return false;
    json_each(group, expansion.groups) {
        if (!add_group(&expansion, group, position++, err))
            return false;
    }
    return add_combine(&expansion, position, err);
}
