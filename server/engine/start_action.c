/*
 * Starting actions.
 */
#include "server/engine/start_action.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/engine/carry_out.h"
#include "server/engine/target.h"
#include "server/engine/workers.h"
#include "server/jobs/batch.h"
#include "server/jobs/queue.h"
#include "server/store/events.h"
#include "server/store/executions.h"
#include "server/store/revisions.h"
#include "server/wake.h"

#include <string.h>

#define APPROVAL_MINUTES (7 * 24 * 60) /* AWS: seven days */
#define ACTION_ATTEMPTS 3
/* A deploy (and what else has a target to itself) goes on where its last holder left a mark, so a lost runner is no
 * reason to give up early. */
#define DEPLOY_ATTEMPTS 5

static const char *names_of(struct arena *arena, const struct pipeline_artifact *artifacts, size_t count) {
    struct json *list = json_array(arena);
    for (size_t i = 0; i < count; i++)
        json_append_text(arena, list, artifacts[i].name);
    return json_print(arena, list);
}

static bool resolve_one(struct step *step, const struct execution_row *execution, const char *label, const char *value,
                        const char **out, struct err *why, struct err *err) {
    struct err unresolved = {.kind = ERR_NONE};
    *out = value;
    if (resolve(step, execution->id, execution->uuid, value, out, &unresolved))
        return true;
    if (unresolved.kind != ERR_INVALID)
        return pass_on(err, &unresolved);
    err_wrap(&unresolved, "'%s'", label);
    *why = unresolved;
    *out = value;
    return true;
}

bool resolve_settings(struct step *step, const struct execution_row *execution, const struct pipeline_setting *settings,
                      size_t count, struct json *out, struct err *why, struct err *err) {
    for (size_t i = 0; i < count; i++) {
        const char *value = NULL;
        if (!resolve_one(step, execution, settings[i].key, settings[i].value, &value, why, err))
            return false;
        json_set_text(step->arena, out, settings[i].key, value);
    }
    return true;
}

bool resolve_texts(struct step *step, const struct execution_row *execution, const char *const *texts, size_t count,
                   const struct json **out, struct err *why, struct err *err) {
    struct json *list = count ? json_array(step->arena) : NULL;
    for (size_t i = 0; i < count; i++) {
        const char *text = NULL;
        if (!resolve_one(step, execution, texts[i], texts[i], &text, why, err))
            return false;
        json_append_text(step->arena, list, text);
    }
    *out = list;
    return true;
}

static bool resolve_environment(struct step *step, const struct execution_row *execution,
                                const struct pipeline_action *action, const struct json **out, struct err *why,
                                struct err *err) {
    struct json *list = action->environment_count ? json_array(step->arena) : NULL;
    for (size_t i = 0; i < action->environment_count; i++) {
        const struct pipeline_environment *variable = &action->environment[i];
        struct json *item = json_object(step->arena);
        const char *value = NULL;
        if (!resolve_one(step, execution, variable->name, variable->value, &value, why, err))
            return false;
        json_set_text(step->arena, item, "name", variable->name);
        json_set_text(step->arena, item, "value", value);
        json_set_text(step->arena, item, "type", variable->type);
        json_append(list, item);
    }
    *out = list;
    return true;
}

bool fail_at_once(struct step *step, const struct action_run_row *run, const struct err *why, struct err *err) {
    const struct action_end end = {
        .status = ACTION_FAILED, .error_code = "ConfigurationError", .error_message = why->message};
    return end_action(step, run, &end, err);
}

bool tell_of_action(struct step *step, const struct action_run_row *run, const char *type, const char *status,
                    const char *detail, struct err *err) {
    const struct event_row event = {
        .type = type,
        .pipeline = run->pipeline,
        .execution = run->execution,
        .stage = run->stage,
        .action = run->action,
        .status = status,
        .detail = detail,
    };
    return events_add(step->tx, &event, err);
}

static bool ask_person(struct step *step, const struct action_run_row *run, struct err *err) {
    struct json *detail = json_object(step->arena);
    json_set_time(step->arena, detail, "expires", run->expires_ms);
    tx_wake(step->tx, WAKE_CLOCK);
    return tell_of_action(step, run, "approval", "requested", json_print(step->arena, detail), err);
}

/* The commit that a CodeBuild action builds: of its primary source, where that comes from a source action. */
static bool find_revision(struct step *step, const struct action_run_row *run, const struct json *configuration,
                          const struct pipeline_action *action, struct build_request *out, struct err *err) {
    struct revision_row *rows = NULL;
    size_t count = 0;
    const char *primary = json_get_text(configuration, "PrimarySource");
    if (!primary)
        primary = action->input_count ? action->inputs[0].name : NULL;
    if (!revisions_list(step->tx, step->arena, run->execution_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(rows[i].artifact, primary))
            continue;
        out->source_version = rows[i].revision_id;
        out->branch = rows[i].branch;
    }
    return true;
}

/* CodePipeline gives EnvironmentVariables as a JSON text within the configuration. */
static bool read_environment(struct step *step, const struct json *configuration, const struct json **out,
                             struct err *err) {
    const char *text = json_get_text(configuration, "EnvironmentVariables");
    *out = NULL;
    return !text || json_parse(step->arena, text, strlen(text), out, err) ||
           err_wrap(err, "'EnvironmentVariables' is no JSON list");
}

/* BatchEnabled: the action runs until all builds have ended. */
static bool queue_batch(struct step *step, const struct action_run_row *run, const struct json *configuration,
                        const struct pipeline_action *action, struct err *err) {
    struct build_request request = {
        .project = json_get_text_or(configuration, "ProjectName", ""),
        .initiator = arena_printf(step->arena, "codepipeline/%s", step->pipeline),
        .action_run_id = run->id,
        .action_run = run->uuid,
    };
    struct batch_row batch;
    struct err why = {.kind = ERR_NONE};
    if (!find_revision(step, run, configuration, action, &request, err))
        return false;
    if (!read_environment(step, configuration, &request.environment, &why) ||
        !batch_start(step->tx, step->arena, &request, NULL, &batch, &why)) {
        if (why.kind == ERR_INVALID || why.kind == ERR_NOT_FOUND)
            return fail_at_once(step, run, &why, err);
        return pass_on(err, &why);
    }
    const char *external_id = arena_printf(step->arena, "%s:%s", batch.project, batch.uuid);
    return action_runs_progress(step->tx, run->id, NULL, external_id, NULL, -1, err);
}

static bool queue_build(struct step *step, const struct action_run_row *run, const struct json *configuration,
                        const struct pipeline_action *action, struct err *err) {
    struct build_request request = {
        .project = json_get_text_or(configuration, "ProjectName", ""),
        .initiator = arena_printf(step->arena, "codepipeline/%s", step->pipeline),
        .action_run_id = run->id,
        .action_run = run->uuid,
    };
    struct build_row build;
    struct err why = {.kind = ERR_NONE};
    if (str_equal(json_get_text(configuration, "BatchEnabled"), "true"))
        return queue_batch(step, run, configuration, action, err);
    if (!find_revision(step, run, configuration, action, &request, err))
        return false;
    if (!read_environment(step, configuration, &request.environment, &why) ||
        !build_start(step->tx, step->arena, &request, &build, &why)) {
        if (why.kind == ERR_INVALID || why.kind == ERR_NOT_FOUND)
            return fail_at_once(step, run, &why, err);
        return pass_on(err, &why);
    }
    const char *external_id = arena_printf(step->arena, "%s:%s", build.project, build.uuid);
    return action_runs_progress(step->tx, run->id, NULL, external_id, NULL, -1, err);
}

bool queue_action_job(struct tx *tx, const struct action_run_row *run, struct err *err) {
    bool deploys = run->target || str_equal(run->category, action_category_name(ACTION_DEPLOY));
    const struct queue_new_job job = {
        .provider = run->provider,
        .action_run_id = run->id,
        .log_id = run->uuid,
        .most_attempts = deploys ? DEPLOY_ATTEMPTS : ACTION_ATTEMPTS,
    };
    return queue_add(tx, &job, err);
}

static bool set_going(struct step *step, const struct action_run_row *run, const struct json *configuration,
                      const struct pipeline_action *action, struct err *err) {
    struct err why = {.kind = ERR_NONE};
    switch (action->type->worker) {
    case ACTION_BY_PERSON:
        return ask_person(step, run, err);
    case ACTION_BY_RUNNER:
        if (str_equal(action->type->provider, "CodeBuild"))
            return queue_build(step, run, configuration, action, err);
        return (run->target && !run->holds_target) || queue_action_job(step->tx, run, err);
    case ACTION_BY_WORKER:
        return start_worker_job(step, run, configuration, err);
    case ACTION_BY_NOBODY:
        break;
    }
    err_set(&why, ERR_INVALID, "%s actions are not supported yet", action->type->provider);
    return fail_at_once(step, run, &why, err);
}

/* What an action starts with, its variables filled in. */
struct beginning {
    struct json *configuration;
    const struct json *commands; /* or NULL, as is the next */
    const struct json *environment;
    const struct json *targets; /* the first is the action's own */
    struct err why;             /* not ERR_NONE: it cannot start */
};

static size_t texts_size(const struct json *json) {
    size_t size = json && json->text ? strlen(json->text) : 0;
    json_each(item, json) {
        size += texts_size(item);
    }
    return size;
}

/* AWS: of one action, all values together. */
static void check_size(struct beginning *beginning) {
    size_t size =
        texts_size(beginning->configuration) + texts_size(beginning->commands) + texts_size(beginning->environment);
    if (size > RESOLVED_MAX)
        err_set_code(&beginning->why, ERR_INVALID, "ConfigurationError",
                     "the action's configuration has more than 100 KB once its variables are filled in");
}

static bool prepare(struct step *step, const struct execution_row *execution, const struct pipeline_action *action,
                    struct beginning *out, struct err *err) {
    *out = (struct beginning){.configuration = json_object(step->arena), .targets = json_array(step->arena)};
    if (!resolve_settings(step, execution, action->configuration, action->configuration_count, out->configuration,
                          &out->why, err) ||
        !resolve_texts(step, execution, action->commands, action->command_count, &out->commands, &out->why, err) ||
        !resolve_environment(step, execution, action, &out->environment, &out->why, err))
        return false;
    if (out->why.kind == ERR_NONE)
        check_size(out);
    if (out->why.kind != ERR_NONE)
        return true;
    return target_list(step, action, out->configuration, &out->targets, err);
}

static const char *texts_of(struct arena *arena, const char *const *texts, size_t count) {
    struct json *list = json_array(arena);
    for (size_t i = 0; i < count; i++)
        json_append_text(arena, list, texts[i]);
    return count ? json_print(arena, list) : NULL;
}

/* Which files go into which output artifact: Commands actions say so. */
static const char *files_of(struct arena *arena, const struct pipeline_action *action) {
    struct json *files = json_object(arena);
    bool any = false;
    for (size_t i = 0; i < action->output_count; i++) {
        struct json *patterns = json_array(arena);
        for (size_t j = 0; j < action->outputs[i].file_count; j++)
            json_append_text(arena, patterns, action->outputs[i].files[j]);
        any = any || action->outputs[i].file_count;
        json_set(arena, files, action->outputs[i].name, patterns);
    }
    return any ? json_print(arena, files) : NULL;
}

static const char *printed(struct arena *arena, const struct json *json) {
    return json ? json_print(arena, json) : NULL;
}

static bool add_run(struct step *step, const struct view_execution *execution, const struct pipeline_action *action,
                    const struct beginning *beginning, struct action_run_row *out, struct err *err) {
    struct arena *arena = step->arena;
    char uuid[UUID_SIZE], token[UUID_SIZE];
    hash_uuid(uuid);
    hash_uuid(token);
    bool by_person = action->type->worker == ACTION_BY_PERSON;
    int64_t minutes = action->timeout_minutes ? action->timeout_minutes : APPROVAL_MINUTES;
    int64_t now_ms = clock_wall_ms(tx_clock(step->tx));
    const struct action_run_row run = {
        .uuid = uuid,
        .execution_id = execution->id,
        .stage_run_id = execution->stage_run_id,
        .pipeline_id = step->pipeline_id,
        .stage = execution->definition->stages[execution->stage_index].name,
        .action = action->name,
        .category = action_category_name(action->type->category),
        .provider = action->type->provider,
        .owner = action->type->owner,
        .type_version = action->type->version,
        .run_order = action->run_order,
        .variable_namespace = action->variable_namespace,
        .configuration = json_print(arena, beginning->configuration),
        .commands = printed(arena, beginning->commands),
        .environment = printed(arena, beginning->environment),
        .output_variable_names = texts_of(arena, action->output_variables, action->output_variable_count),
        .output_files = files_of(arena, action),
        .target = beginning->targets->first ? beginning->targets->first->text : NULL,
        .inputs = names_of(arena, action->inputs, action->input_count),
        .outputs = names_of(arena, action->outputs, action->output_count),
        .role_arn = action->role_arn,
        .region = action->region,
        .approval_token = by_person ? token : NULL,
        .expires_ms = by_person ? now_ms + minutes * 60 * 1000 : 0,
        /* AWS shows a PARALLEL execution's token nowhere else. */
        .external_id = by_person && execution->mode == MODE_PARALLEL ? token : NULL,
    };
    int64_t id = 0;
    return action_runs_add(step->tx, &run, &id, err) && action_runs_get_by_id(step->tx, arena, id, out, err);
}

bool start_action(struct step *step, const struct view_execution *execution, const struct pipeline_action *action,
                  struct err *err) {
    struct execution_row row;
    struct action_run_row run;
    struct beginning beginning;
    if (!executions_get_by_id(step->tx, step->arena, execution->id, &row, err) ||
        !prepare(step, &row, action, &beginning, err) || !add_run(step, execution, action, &beginning, &run, err) ||
        !target_claim(step, beginning.targets, &run, err) ||
        !tell_of_action(step, &run, "action", action_status_name(ACTION_IN_PROGRESS), NULL, err))
        return false;
    if (beginning.why.kind != ERR_NONE)
        return fail_at_once(step, &run, &beginning.why, err);
    return set_going(step, &run, beginning.configuration, action, err);
}
