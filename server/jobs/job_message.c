/*
 * A job as a runner gets it.
 */
#include "server/jobs/job_message.h"

#include "common/action_types.h"
#include "common/str.h"
#include "server/jobs/batch_message.h"
#include "server/jobs/build_start.h"
#include "server/jobs/job_source.h"
#include "server/jobs/stop_words.h"
#include "server/store/action_runs.h"
#include "server/store/artifact_rows.h"
#include "server/store/deployments.h"
#include "server/store/executions.h"
#include "server/store/job_rows.h"
#include "server/store/pipelines.h"
#include "server/store/projects.h"
#include "server/store/revisions.h"

#include <string.h>

#define SUCCEEDED_TOLD 100

/* What is being put together. */
struct draft {
    struct tx *tx;
    struct arena *arena;
    const struct job_message_settings *settings;
    const struct job_row *job;
    struct wire_job *message;
};

static bool parse(struct draft *draft, const char *text, const struct json **out, struct err *err) {
    return json_parse(draft->arena, text, strlen(text), out, err) || err_wrap(err, "reading a job's rows");
}

static bool set_inputs(struct draft *draft, const struct action_run_row *action, struct err *err) {
    const struct json *names = NULL;
    if (!parse(draft, action->inputs, &names, err))
        return false;
    struct wire_artifact *inputs = arena_array(draft->arena, struct wire_artifact, names->count);
    size_t count = 0;
    json_each(name, names) {
        struct artifact_row row;
        bool found = false;
        if (!artifact_rows_find(draft->tx, draft->arena, action->execution_id, name->text, &found, &row, err))
            return false;
        if (!found)
            return err_set(err, ERR_NOT_FOUND, "the execution has no artifact '%s'", name->text);
        inputs[count++] = (struct wire_artifact){.name = row.name, .sha256 = row.sha256, .size_bytes = row.size_bytes};
    }
    draft->message->inputs = inputs;
    draft->message->input_count = count;
    return true;
}

static bool set_outputs(struct draft *draft, const struct action_run_row *action, struct err *err) {
    const struct json *names = NULL;
    if (!parse(draft, action->outputs, &names, err))
        return false;
    const char **outputs = arena_array(draft->arena, const char *, names->count);
    size_t count = 0;
    json_each(name, names) {
        outputs[count++] = name->text;
    }
    draft->message->outputs = outputs;
    draft->message->output_count = count;
    return true;
}

static bool set_revision(struct draft *draft, struct json *source, const struct action_run_row *action,
                         struct err *err) {
    struct revision_row *rows = NULL;
    size_t count = 0;
    if (!revisions_list(draft->tx, draft->arena, action->execution_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(rows[i].action, action->action))
            continue;
        /* Tried again, it fetches what it fetched before. */
        json_set_text(draft->arena, source, "commit", rows[i].asked ? rows[i].asked : rows[i].revision_id);
        if (rows[i].ref) { /* a tag, a pull request: not of the configuration's branch */
            json_set_text(draft->arena, source, "branch", rows[i].branch);
            json_set_text(draft->arena, source, "ref", rows[i].ref);
        }
    }
    return true;
}

static struct job_sources sources_of(const struct draft *draft) {
    return (struct job_sources){.tx = draft->tx, .arena = draft->arena, .settings = draft->settings};
}

static bool set_source(struct draft *draft, const struct action_run_row *action, struct err *err) {
    const struct json *configuration = draft->message->configuration;
    struct json *source = json_object(draft->arena);
    const struct job_sources sources = sources_of(draft);
    bool ok = true;
    if (str_equal(action->provider, "CodeCommit")) {
        job_source_hosted(&sources, source, json_get_text_or(configuration, "RepositoryName", ""));
        json_set_text(draft->arena, source, "branch", json_get_text(configuration, "BranchName"));
    } else if (str_equal(action->provider, "GitHub")) {
        const char *name = arena_printf(draft->arena, "%s/%s", json_get_text_or(configuration, "Owner", ""),
                                        json_get_text_or(configuration, "Repo", ""));
        ok = job_source_named(&sources, source, name, err);
        json_set_text(draft->arena, source, "branch", json_get_text(configuration, "Branch"));
    } else if (!str_equal(action->provider, "S3") && !str_equal(action->provider, "ECR")) { /* which name their own */
        ok = job_source_named(&sources, source, json_get_text_or(configuration, "FullRepositoryId", ""), err);
        json_set_text(draft->arena, source, "branch", json_get_text(configuration, "BranchName"));
    }
    draft->message->source = source;
    return ok && set_revision(draft, source, action, err);
}

/* A JSON list of texts, or NULL. */
static bool read_texts(struct draft *draft, const char *text, const char *const **out, size_t *out_count,
                       struct err *err) {
    const struct json *list = NULL;
    if (!text)
        return true;
    if (!parse(draft, text, &list, err))
        return false;
    const char **texts = arena_array(draft->arena, const char *, list->count);
    size_t count = 0;
    json_each(item, list) {
        texts[count++] = item->text;
    }
    *out = texts;
    *out_count = count;
    return true;
}

static bool set_commands(struct draft *draft, const struct action_run_row *action, struct err *err) {
    struct wire_job *message = draft->message;
    return read_texts(draft, action->commands, &message->commands, &message->command_count, err) &&
           read_texts(draft, action->output_variable_names, &message->output_variables, &message->output_variable_count,
                      err) &&
           (!action->environment || parse(draft, action->environment, &message->environment, err)) &&
           (!action->output_files || parse(draft, action->output_files, &message->output_files, err));
}

/* What is gone back to: of all that the action told then, what it put where. */
static bool set_earlier(struct draft *draft, const struct action_run_row *action, int64_t execution_id,
                        struct err *err) {
    const struct json *document = NULL;
    const char *text = NULL;
    if (!deployments_of_execution(draft->tx, draft->arena, execution_id, action->stage, action->action, &text, err) ||
        (text && !parse(draft, text, &document, err)))
        return false;
    const struct json *targets = json_get(document, "targets");
    if (!targets)
        return true;
    struct json *earlier = json_object(draft->arena);
    json_set_text(draft->arena, earlier, "kind", json_get_text(document, "kind"));
    json_set(draft->arena, earlier, "targets", json_copy(draft->arena, targets));
    draft->message->earlier = earlier;
    return true;
}

static bool set_deploy(struct draft *draft, const struct action_run_row *action, struct err *err) {
    struct wire_job *message = draft->message;
    struct execution_row execution;
    struct stop_words stop;
    if (!executions_get_by_id(draft->tx, draft->arena, action->execution_id, &execution, err) ||
        !stop_words_read(draft->tx, draft->arena, draft->job, &stop, err))
        return false;
    message->role_arn = action->role_arn;
    message->region = action->region ? action->region : message->region;
    message->execution_type = state_name(&execution_types, (int)execution.type);
    message->stopped_by = stop.by;
    message->stop_reason = stop.reason;
    return !execution.rollback_of || set_earlier(draft, action, execution.rollback_of, err);
}

/* The bucket that the pipeline names as its artifact store: for deploys whose input AWS itself fetches. */
static bool set_bucket(struct draft *draft, const struct action_run_row *action, struct err *err) {
    struct wire_job *message = draft->message;
    const struct json *declaration = NULL;
    const char *text = NULL;
    if (!str_equal(action->category, "Deploy"))
        return true;
    if (!pipelines_get_version(draft->tx, draft->arena, action->pipeline_id, action->version, &text, NULL, err) ||
        !parse(draft, text, &declaration, err))
        return false;
    const struct json *store = json_get(declaration, "artifactStore");
    if (!store)
        store = json_get(json_get(declaration, "artifactStores"), message->region);
    message->artifact_bucket = json_get_text(store, "location");
    return true;
}

/* A deploy of static files keeps those that pages of the latest releases need, and must know which went live. */
static bool set_succeeded(struct draft *draft, const struct action_run_row *action, struct err *err) {
    struct wire_job *message = draft->message;
    if (!str_equal(action->provider, "S3") || !str_equal(action->category, "Deploy"))
        return true;
    return executions_succeeded_uuids(draft->tx, draft->arena, action->pipeline_id, SUCCEEDED_TOLD,
                                      &message->succeeded_executions, &message->succeeded_execution_count, err);
}

static bool set_action(struct draft *draft, struct err *err) {
    struct action_run_row action;
    if (!action_runs_get_by_id(draft->tx, draft->arena, draft->job->action_run_id, &action, err))
        return false;
    struct wire_job *message = draft->message;
    message->category = action.category;
    message->condition = action.condition;
    message->pipeline = action.pipeline;
    message->stage = action.stage;
    message->action = action.action;
    message->execution_id = action.execution;
    message->action_execution_id = action.uuid;
    return parse(draft, action.configuration, &message->configuration, err) && set_inputs(draft, &action, err) &&
           set_outputs(draft, &action, err) && set_commands(draft, &action, err) && set_deploy(draft, &action, err) &&
           set_bucket(draft, &action, err) && set_succeeded(draft, &action, err) &&
           (!str_equal(action.category, "Source") || set_source(draft, &action, err));
}

/* What a holder before told of where artifacts went says nothing of where they go now. */
static bool restore_artifacts(struct draft *draft, const struct build_row *row, struct json *build, struct err *err) {
    static const char *const members[] = {"artifacts", "secondaryArtifacts"};
    const struct json *document = NULL;
    if (!parse(draft, row->document, &document, err))
        return false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct json *value = json_get(document, members[i]);
        json_set(draft->arena, build, members[i], value ? json_copy(draft->arena, value) : NULL);
    }
    return true;
}

/* Caches saved under another number are not to be found. */
static bool set_cache_generation(struct draft *draft, const struct build_row *row, struct json *build,
                                 struct err *err) {
    struct project_row project;
    struct err own = {.kind = ERR_NONE};
    if (projects_get(draft->tx, draft->arena, row->project, &project, &own))
        json_set_integer(draft->arena, build, "cacheGeneration", project.cache_generation);
    return own.kind == ERR_NONE || own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
}

static bool set_build(struct draft *draft, struct err *err) {
    struct build_row row;
    struct json *build = NULL;
    const struct job_sources sources = sources_of(draft);
    if (!builds_get_by_id(draft->tx, draft->arena, draft->job->build_id, &row, err) ||
        !build_describe(draft->arena, &row, &build, err) || !restore_artifacts(draft, &row, build, err) ||
        !set_cache_generation(draft, &row, build, err))
        return false;
    json_set_text(draft->arena, build, "buildspec", json_get_text(json_get(build, "source"), "buildspec"));
    json_set_text(draft->arena, json_set_object(draft->arena, build, "logs"), "deepLink",
                  arena_printf(draft->arena, "%s/logs/%s/raw", draft->settings->base_url, row.log_id));
    draft->message->build = build;
    if (!batch_message(draft->tx, draft->arena, draft->settings, draft->job, &row, build, draft->message, err))
        return false;
    return draft->job->action_run_id || job_sources_of_build(&sources, build, draft->message, err);
}

bool job_message(struct tx *tx, struct arena *arena, const struct job_message_settings *settings, const char *job_id,
                 struct wire_job *out, struct err *err) {
    struct job_row job;
    if (!job_rows_get(tx, arena, job_id, &job, err))
        return false;
    struct wire_job message = {
        .id = job.id,
        .token = job.token,
        .attempt = job.attempts + (job.state != JOB_RUNNING),
        .provider = job.provider,
        .category = action_category_name(ACTION_BUILD),
        .region = settings->region,
        .account_id = settings->account_id,
        .cancelled = job.cancel != JOB_CANCEL_NONE,
        .timeout_seconds = job.timeout_seconds,
    };
    struct draft draft = {.tx = tx, .arena = arena, .settings = settings, .job = &job, .message = &message};
    if ((job.checkpoint && !parse(&draft, job.checkpoint, &message.checkpoint, err)) ||
        (job.action_run_id && !set_action(&draft, err)) || (job.build_id && !set_build(&draft, err)))
        return false;
    *out = message;
    return true;
}
