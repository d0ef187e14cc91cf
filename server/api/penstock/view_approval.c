/*
 * A manual approval, or a deploy that pauses, with what the person is about to let through.
 */
#include "server/api/penstock/view.h"

#include "server/git/reading.h"
#include "server/store/pauses.h"
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

/* One question to git, and where its answer is to be shown. */
struct commits_wanted {
    struct commits_wanted *next;
    const char *repository; /* NULL: one that cannot be read here */
    const char *from;       /* or NULL */
    const char *to;
    struct changes_shown *shown;
};

struct changes_shown {
    struct changes_shown *next;
    struct json *out;
};

static void show_commits(struct arena *arena, const struct hosted_commit *commits, size_t count, bool truncated,
                         struct json *out) {
    struct json *list = json_set_array(arena, out, "commits");
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "id", commits[i].id);
        json_set_text(arena, item, "author", commits[i].author_name);
        json_set_text(arena, item, "summary", commits[i].summary);
        json_set_time(arena, item, "created", commits[i].committer_ms);
    }
    json_set_bool(arena, out, "truncated", truncated);
}

static void read_commits(const struct aws_call *call, void *context) {
    const struct commits_wanted *wanted = context;
    const struct hosted_commit *commits = NULL;
    size_t count = 0;
    bool truncated = false;
    /* What cannot be read (a repository that is gone, a history that was rewritten) leaves the list empty. */
    if (wanted->repository && !reading_commits(call->server->hosting, call->arena, wanted->repository, wanted->from,
                                               wanted->to, COMMITS_MAX, &commits, &count, &truncated, NULL))
        count = 0;
    for (const struct changes_shown *shown = wanted->shown; shown; shown = shown->next)
        show_commits(call->arena, commits, count, truncated, shown->out);
}

static void want_commits(struct view *view, const struct commits_wanted *question, struct json *out) {
    struct commits_wanted *wanted = view->wanted;
    while (wanted && !(str_equal(wanted->repository, question->repository) && str_equal(wanted->from, question->from) &&
                       str_equal(wanted->to, question->to)))
        wanted = wanted->next;
    if (!wanted) {
        wanted = arena_new(view->arena, struct commits_wanted);
        *wanted = *question;
        wanted->next = view->wanted;
        view->wanted = wanted;
        aws_later(view->call, read_commits, wanted);
    }
    struct changes_shown *shown = arena_new(view->arena, struct changes_shown);
    *shown = (struct changes_shown){.next = wanted->shown, .out = out};
    wanted->shown = shown;
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
    const struct commits_wanted question = {.repository = repository, .from = from, .to = revision->revision_id};
    want_commits(view, &question, changes);
    return true;
}

static void show_names(struct arena *arena, const struct action_run_row *run, struct json *out) {
    json_set_text(arena, out, "pipelineName", run->pipeline);
    json_set_text(arena, out, "pipelineExecutionId", run->execution);
    json_set_text(arena, out, "stageName", run->stage);
    json_set_text(arena, out, "actionName", run->action);
}

static void show_manual(struct arena *arena, const struct action_run_row *run, struct json *out) {
    const struct json *configuration = view_parse(arena, run->configuration);
    show_names(arena, run, out);
    json_set_text(arena, out, "token", run->approval_token);
    json_set_time(arena, out, "since", run->started_ms);
    json_set_time(arena, out, "expires", run->expires_ms);
    json_set_text(arena, out, "customData", json_get_text(configuration, "CustomData"));
    json_set_text(arena, out, "externalEntityLink", json_get_text(configuration, "ExternalEntityLink"));
}

static void show_pause(struct arena *arena, const struct action_run_row *run, const struct pause_row *pause,
                       struct json *out) {
    show_names(arena, run, out);
    json_set_text(arena, out, "token", pause->token);
    json_set_time(arena, out, "since", pause->asked_ms);
    json_set_time(arena, out, "expires", pause->expires_ms);
    struct json *shown = json_set_object(arena, out, "pause");
    json_set_text(arena, shown, "id", pause->pause);
    json_set_text(arena, shown, "stage", pause->stage);
    json_set_text(arena, shown, "sentence", pause->sentence);
    json_set_text(arena, shown, "testUrl", pause->test_url);
}

bool view_approval(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    struct pause_row pause;
    bool found = false;
    if (!run->approval_token && !pauses_waiting(view->tx, view->arena, run->id, &found, &pause, err))
        return false;
    if (!run->approval_token && !found)
        return true;
    struct json *approval = json_set_object(view->arena, out, "approval");
    if (found)
        show_pause(view->arena, run, &pause, approval);
    else
        show_manual(view->arena, run, approval);
    return show_changes(view, run, approval, err);
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
