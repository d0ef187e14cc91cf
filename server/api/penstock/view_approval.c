/*
 * A manual approval, with what the person is about to let through.
 */
#include "server/api/penstock/view.h"

#include "server/git/reading.h"
#include "server/store/revisions.h"

#include "common/str.h"

#define COMMITS_MAX 50

/* The source action of that name. */
static const struct pipeline_action *find_source(const struct pipeline *pipeline, const char *name) {
    for (size_t i = 0; i < pipeline->stages[0].action_count; i++)
        if (str_equal(pipeline->stages[0].actions[i].name, name))
            return &pipeline->stages[0].actions[i];
    return NULL;
}

/* The first source whose commits can be read here; else the first that has a revision; NULL for none. */
static const struct revision_row *choose_revision(const struct pipeline *pipeline, const struct revision_row *rows,
                                                  size_t count, const char **repository) {
    const struct revision_row *first = NULL;
    *repository = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct pipeline_action *source = find_source(pipeline, rows[i].action);
        if (!rows[i].revision_id || !source)
            continue;
        if (str_equal(source->type->provider, "CodeCommit")) {
            *repository = view_setting(source, "RepositoryName");
            return &rows[i];
        }
        first = first ? first : &rows[i];
    }
    return first;
}

static void show_commits(struct view *view, const char *repository, const char *from, const char *to,
                         struct json *out) {
    struct arena *arena = view->arena;
    const struct hosted_commit *commits;
    size_t count = 0;
    bool truncated = false;
    struct json *list = json_set_array(arena, out, "commits");
    /* What cannot be read (a repository that is gone, a history that was rewritten) leaves the list empty. */
    if (repository && !reading_commits(view->call->server->hosting, arena, repository, from, to, COMMITS_MAX, &commits,
                                       &count, &truncated, NULL))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "id", commits[i].id);
        json_set_text(arena, item, "author", commits[i].author_name);
        json_set_text(arena, item, "summary", commits[i].summary);
        json_set_time(arena, item, "created", commits[i].committer_ms);
    }
    json_set_bool(arena, out, "truncated", truncated);
}

static bool show_changes(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    const struct pipeline *pipeline;
    struct revision_row *rows, before;
    size_t count;
    bool found;
    const char *repository;
    if (!view_definition(view, run->pipeline_id, run->version, &pipeline, err) ||
        !revisions_list(view->tx, view->arena, run->execution_id, &rows, &count, err))
        return false;
    const struct revision_row *revision = choose_revision(pipeline, rows, count, &repository);
    if (!revision)
        return true;
    if (!revisions_before(view->tx, view->arena, run->execution_id, run->stage, revision->action, &found, &before, err))
        return false;
    const char *from = found ? before.revision_id : NULL;
    struct json *changes = json_set_object(view->arena, out, "changes");
    json_set_text(view->arena, changes, "from", from);
    json_set_text(view->arena, changes, "to", revision->revision_id);
    show_commits(view, repository, from, revision->revision_id, changes);
    return true;
}

static bool show_approval(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = view->arena;
    const struct json *configuration = view_parse(arena, run->configuration);
    json_set_text(arena, out, "pipelineName", run->pipeline);
    json_set_text(arena, out, "pipelineExecutionId", run->execution);
    json_set_text(arena, out, "stageName", run->stage);
    json_set_text(arena, out, "actionName", run->action);
    json_set_text(arena, out, "token", run->approval_token);
    json_set_time(arena, out, "since", run->started_ms);
    json_set_time(arena, out, "expires", run->expires_ms);
    json_set_text(arena, out, "customData", json_get_text(configuration, "CustomData"));
    json_set_text(arena, out, "externalEntityLink", json_get_text(configuration, "ExternalEntityLink"));
    return show_changes(view, run, out, err);
}

bool view_approval(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    if (!str_equal(view->approval_of, run->uuid)) {
        struct json *shown = json_object(view->arena);
        if (!show_approval(view, run, shown, err))
            return false;
        view->approval = shown;
        view->approval_of = run->uuid;
    }
    json_set(view->arena, out, "approval", json_copy(view->arena, view->approval));
    return true;
}

bool view_pending_approval(struct view *view, const struct execution_row *execution, struct json *out,
                           struct err *err) {
    struct action_run_row *rows;
    size_t count;
    if (!action_runs_pending_approvals(view->tx, view->arena, execution->pipeline_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (rows[i].execution_id == execution->id)
            return view_approval(view, &rows[i], out, err);
    return true;
}
