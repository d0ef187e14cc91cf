/*
 * A job as a runner gets it.
 */
#include "server/jobs/job_message.h"

#include "common/action_types.h"
#include "common/str.h"
#include "server/jobs/batch_message.h"
#include "server/jobs/build_state.h"
#include "server/store/action_runs.h"
#include "server/store/artifact_rows.h"
#include "server/store/job_rows.h"
#include "server/store/repositories.h"
#include "server/store/revisions.h"
#include "server/store/source_hooks.h"

#include <string.h>
#include <strings.h>

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

/* What a hook knows of who clones. */
static bool set_password(struct draft *draft, struct json *source, const struct source_hook_row *hook,
                         struct err *err) {
    const char *password = NULL;
    if (!hook->clone_password)
        return true;
    if (!draft->settings->open_secret(draft->settings->context, draft->arena, hook->clone_password,
                                      hook->clone_password_size, &password, err))
        return err_wrap(err, "opening the clone password of '%s'", hook->repository);
    json_set_text(draft->arena, source, "username", hook->clone_user_name ? hook->clone_user_name : "git");
    json_set_text(draft->arena, source, "password", password);
    return true;
}

/* The address of a repository that a pipeline names without one: its hook's, or that of GitHub, which most are at. */
static bool set_named(struct draft *draft, struct json *source, const char *repository, struct err *err) {
    struct source_hook_row hook;
    bool found = false;
    if (!source_hooks_find(draft->tx, draft->arena, repository, &found, &hook, err))
        return false;
    json_set_text(draft->arena, source, "url",
                  found ? hook.clone_url : arena_printf(draft->arena, "https://github.com/%s", repository));
    return !found || set_password(draft, source, &hook, err);
}

/* The parts of "https://HOST/owner/name.git" in which two addresses of one repository are the same. */
static bool read_address(const char *url, size_t *host_length, const char **path, size_t *path_length) {
    const char *host = strstr(url, "://");
    const char *slash = host ? strchr(host + 3, '/') : NULL;
    if (!slash)
        return false;
    size_t length = strlen(slash);
    while (length > 0 && slash[length - 1] == '/')
        length--;
    if (length > 4 && strncmp(slash + length - 4, ".git", 4) == 0)
        length -= 4;
    *host_length = (size_t)(slash - url); /* with the scheme */
    *path = slash;
    *path_length = length;
    return true;
}

/* Scheme and host too: a password goes where it was given for, and nowhere else. */
static bool is_same_address(const char *a, const char *b) {
    size_t a_host, b_host, a_length, b_length;
    const char *a_path, *b_path;
    return read_address(a, &a_host, &a_path, &a_length) && read_address(b, &b_host, &b_path, &b_length) &&
           a_host == b_host && a_length == b_length && strncasecmp(a, b, a_host) == 0 &&
           strncasecmp(a_path, b_path, a_length) == 0;
}

/* An address that was given as such: it stays, with the password of the hook that has the same one. */
static bool set_address(struct draft *draft, struct json *source, const char *url, struct err *err) {
    struct source_hook_row *hooks = NULL;
    size_t count = 0;
    json_set_text(draft->arena, source, "url", url);
    if (!source_hooks_list(draft->tx, draft->arena, &hooks, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (is_same_address(hooks[i].clone_url, url))
            return set_password(draft, source, &hooks[i], err);
    }
    return true;
}

static void set_hosted(struct draft *draft, struct json *source, const char *repository) {
    json_set_text(draft->arena, source, "url",
                  arena_printf(draft->arena, "%s/git/%s", draft->settings->base_url, repository));
    json_set_text(draft->arena, source, "username", "runner");
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

static bool set_source(struct draft *draft, const struct action_run_row *action, struct err *err) {
    const struct json *configuration = draft->message->configuration;
    struct json *source = json_object(draft->arena);
    bool ok = true;
    if (str_equal(action->provider, "CodeCommit")) {
        set_hosted(draft, source, json_get_text_or(configuration, "RepositoryName", ""));
        json_set_text(draft->arena, source, "branch", json_get_text(configuration, "BranchName"));
    } else if (str_equal(action->provider, "GitHub")) {
        const char *name = arena_printf(draft->arena, "%s/%s", json_get_text_or(configuration, "Owner", ""),
                                        json_get_text_or(configuration, "Repo", ""));
        ok = set_named(draft, source, name, err);
        json_set_text(draft->arena, source, "branch", json_get_text(configuration, "Branch"));
    } else {
        ok = set_named(draft, source, json_get_text_or(configuration, "FullRepositoryId", ""), err);
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
           set_outputs(draft, &action, err) && set_commands(draft, &action, err) &&
           (!str_equal(action.category, "Source") || set_source(draft, &action, err));
}

static bool is_commit(const char *text) {
    return text && strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

/* Where a build that no pipeline started gets its source from. */
static bool set_own_source(struct draft *draft, struct json *build, struct err *err) {
    const struct json *described = json_get(build, "source");
    const char *type = json_get_text_or(described, "type", "NO_SOURCE");
    const char *location = json_get_text(described, "location");
    const char *version = json_get_text(build, "sourceVersion");
    if (str_equal(type, "NO_SOURCE") || str_equal(type, "CODEPIPELINE") || str_equal(type, "S3") || !location)
        return true;
    struct json *source = json_object(draft->arena);
    if (str_equal(type, "CODECOMMIT")) {
        const char *name = build_repository(described);
        struct repository_row repository;
        set_hosted(draft, source, name);
        if (!version && repositories_get(draft->tx, draft->arena, name, &repository, NULL))
            version = repository.default_branch;
    } else if (!set_address(draft, source, location, err)) {
        return false;
    }
    json_set_text(draft->arena, source, is_commit(version) ? "commit" : "branch", version);
    draft->message->source = source;
    return true;
}

static bool set_build(struct draft *draft, struct err *err) {
    struct build_row row;
    struct json *build = NULL;
    if (!builds_get_by_id(draft->tx, draft->arena, draft->job->build_id, &row, err) ||
        !build_describe(draft->arena, &row, &build, err))
        return false;
    json_set_text(draft->arena, build, "buildspec", json_get_text(json_get(build, "source"), "buildspec"));
    draft->message->build = build;
    if (!batch_message(draft->tx, draft->arena, draft->settings, draft->job, &row, build, draft->message, err))
        return false;
    return draft->job->action_run_id || set_own_source(draft, build, err);
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
