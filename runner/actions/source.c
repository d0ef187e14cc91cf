/*
 * Source actions that are git repositories: CodeCommit (hosted here), GitHub, connections. The output artifact is the
 * commit's tree; the variables are AWS's for each provider.
 */
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/fetch.h"
#include "runner/actions/git_fetch.h"

#define VARIABLES_MAX 8

struct variables {
    struct wire_variable *list;
    size_t count;
};

static void add(struct variables *variables, const char *name, const char *value) {
    if (value)
        variables->list[variables->count++] = (struct wire_variable){.name = name, .value = value};
}

static void fill(const struct job *job, const struct fetched *fetched, struct variables *variables) {
    bool connection = str_equal(job->message->provider, "CodeStarSourceConnection");
    bool github = str_equal(job->message->provider, "GitHub");
    add(variables, "CommitId", fetched->commit);
    add(variables, "CommitMessage", fetched->message);
    add(variables, "BranchName", fetched->branch);
    add(variables, "AuthorDate", fetched->author_date);
    if (connection) {
        add(variables, "ConnectionArn", job_setting(job, "ConnectionArn"));
        add(variables, "FullRepositoryName", job_setting(job, "FullRepositoryId"));
        return;
    }
    add(variables, "CommitterDate", fetched->committer_date);
    add(variables, "RepositoryName", job_setting(job, github ? "Repo" : "RepositoryName"));
    if (github && job_setting(job, "Owner") && job_setting(job, "Repo"))
        add(variables, "CommitUrl",
            arena_printf(job->arena, "https://github.com/%s/%s/commit/%s", job_setting(job, "Owner"),
                         job_setting(job, "Repo"), fetched->commit));
}

static const char *commit_url(const struct variables *variables) {
    for (size_t i = 0; i < variables->count; i++)
        if (str_equal(variables->list[i].name, "CommitUrl"))
            return variables->list[i].value;
    return NULL;
}

static void tidy(void *mirror) {
    git_tidy(mirror);
}

bool action_source(struct job *job, struct wire_result *result, struct err *err) {
    struct fetched fetched = {0};
    const char *format = job_setting(job, "OutputArtifactFormat");
    if (format && !str_equal(format, "CODE_ZIP"))
        return err_set(err, ERR_INVALID, "OutputArtifactFormat %.50s is not supported yet; use CODE_ZIP", format);
    if (job->message->cancelled)
        return err_set(err, ERR_CONFLICT, "cancelled");
    if (!fetch_source(job, &fetched, err))
        return false;
    job->after = tidy;
    job->after_context = arena_strdup(job->arena, fetched.mirror);
    for (size_t i = 0; i < job->message->output_count; i++)
        if (!job_output(job, job->message->outputs[i], fetched.zip, err))
            return false;
    struct variables variables = {.list = arena_array(job->arena, struct wire_variable, VARIABLES_MAX)};
    fill(job, &fetched, &variables);
    job_log(job, "commit %s: %s", fetched.commit, fetched.message);
    *result = (struct wire_result){.outcome = WIRE_SUCCEEDED,
                                   .summary = fetched.message,
                                   .external_id = fetched.commit,
                                   .external_url = commit_url(&variables),
                                   .revision_id = fetched.commit,
                                   .revision_summary = fetched.message,
                                   .revision_created_ms = fetched.committed_ms,
                                   .variables = variables.list,
                                   .variable_count = variables.count};
    return true;
}
