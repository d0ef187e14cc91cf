/*
 * A runner's messages as the server takes them: what the doors in server/api/jobs do between the bytes and the queue.
 */
#include "common/str.h"
#include "server/engine/engine.h"
#include "server/store/runners.h"
#include "tests/sim/look.h"
#include "tests/sim/runner.h"

#include <stdio.h>

struct asking {
    struct sim *sim;
    const struct request *request;
    struct reply *reply;
    struct queue_fence fence;
    int64_t unfit; /* the action run whose input was not there, else 0 */
};

static const struct job_message_settings settings = {
    .base_url = "http://penstock.example.com", .region = "eu-central-1", .account_id = "123456789012"};

static const char *const providers[] = {"CodeCommit",      "CodeBuild",    "ECS",    "Commands",
                                        "CloudWatchAlarm", "LambdaInvoke", "GitHub", "CodeStarSourceConnection"};

static bool hello(struct tx *tx, struct asking *asking, struct err *err) {
    const struct runner *runner = &asking->sim->runners[asking->request->runner];
    const char *instance = arena_printf(&asking->sim->scratch, "instance-%d", asking->request->instance);
    return engine_runner_hello(tx, &asking->sim->scratch, runner->id, instance, "1", err);
}

/* A job whose input is not there fails with that sentence. */
static bool fail_unfit(struct tx *tx, struct asking *asking, const char *job_id, const struct err *why,
                       struct err *err) {
    struct arena *arena = &asking->sim->scratch;
    struct job_row job;
    if (!job_rows_get(tx, arena, job_id, &job, err))
        return false;
    const struct queue_fence fence = {.job_id = job_id, .token = job.token, .runner_id = asking->fence.runner_id};
    const struct wire_result result = {.token = job.token,
                                       .outcome = WIRE_FAILED,
                                       .error_code = "ConfigurationError",
                                       .error_message = arena_strdup(arena, why->message)};
    asking->reply->has_job = false;
    asking->unfit = job.action_run_id;
    return engine_finish_job(tx, arena, &fence, &result, err);
}

static bool lease(struct tx *tx, struct asking *asking, struct err *err) {
    const struct wire_lease question = {.claim_id = asking->request->claim,
                                        .providers = providers,
                                        .provider_count = sizeof providers / sizeof *providers};
    struct arena *arena = &asking->sim->scratch;
    const char *job = NULL;
    struct runner_row runner;
    struct err why = {0};
    asking->reply->has_job = false;
    asking->unfit = 0;
    if (!runners_get(tx, arena, asking->fence.runner_id, &runner, err) ||
        !queue_lease(tx, arena, runner.id, &question, &job, err))
        return false;
    if (!job)
        return true;
    asking->reply->has_job = true;
    if (job_message(tx, arena, &settings, job, &asking->reply->job, &why))
        return true;
    if (why.kind != ERR_NOT_FOUND) {
        *err = why;
        return false;
    }
    return fail_unfit(tx, asking, job, &why, err);
}

static bool finish(struct tx *tx, struct asking *asking, struct err *err) {
    /* Its own name: whoever uses it shows whose it was. */
    const struct wire_variable variable = {.name = "V", .value = asking->request->action_run};
    const struct wire_result result = {
        .token = asking->request->token,
        .outcome = (enum wire_outcome)asking->request->outcome,
        .summary = "ended",
        .error_code = asking->request->outcome == WIRE_FAILED ? "JobFailed" : NULL,
        .error_message = asking->request->outcome == WIRE_FAILED ? "it failed" : NULL,
        .revision_id = "0123456789012345678901234567890123456789",
        .variables = &variable,
        .variable_count = 1,
    };
    return engine_finish_job(tx, &asking->sim->scratch, &asking->fence, &result, err);
}

static bool checkpoint(struct tx *tx, struct asking *asking, struct err *err) {
    struct json *mark = json_object(&asking->sim->scratch);
    json_set_text(&asking->sim->scratch, mark, "intent", "deploy");
    return queue_checkpoint(tx, &asking->fence, mark, err);
}

/* What an action run makes is its own. */
static void artifact_of(const char *action_run, const char *name, char out[SHA256_HEX_SIZE]) {
    char text[128];
    int length = snprintf(text, sizeof text, "%s/%s", action_run, name);
    hash_sha256_hex(text, (size_t)length, out);
}

static bool progress(struct tx *tx, struct asking *asking, struct err *err) {
    struct arena *arena = &asking->sim->scratch;
    struct json *deployment = json_object(arena);
    json_set_text(arena, deployment, "kind", "ECS");
    if (asking->request->asks) {
        struct json *pause = json_set_object(arena, deployment, "pause");
        json_set_text(arena, pause, "id", "hook");
        json_set_text(arena, pause, "sentence", "go on?");
    }
    const struct wire_progress told = {
        .token = asking->request->token, .summary = "half", .percent = 50, .deployment = deployment};
    return queue_progress(tx, arena, &asking->fence, &told, err);
}

static bool beat(struct tx *tx, struct asking *asking, struct err *err) {
    struct queue_word word;
    if (!queue_heartbeat(tx, &asking->sim->scratch, &asking->fence, &word, err))
        return false;
    asking->reply->cancel = word.cancel;
    asking->reply->answer = word.answered ? word.answer.state : PAUSE_WAITING;
    return true;
}

static bool carry_out(struct tx *tx, void *context, struct err *err) {
    struct asking *asking = context;
    struct arena *arena = &asking->sim->scratch;
    char sha[SHA256_HEX_SIZE];
    int64_t size = 0;
    switch (asking->request->kind) {
    case REQUEST_HELLO:
        return hello(tx, asking, err);
    case REQUEST_LEASE:
        return lease(tx, asking, err);
    case REQUEST_ACKNOWLEDGE:
        return queue_acknowledge(tx, &asking->fence, err);
    case REQUEST_HEARTBEAT:
        return beat(tx, asking, err);
    case REQUEST_INPUT:
        return queue_get_artifact(tx, arena, &asking->fence, asking->request->name, &asking->reply->sha256, &size, err);
    case REQUEST_CHECKPOINT:
        return checkpoint(tx, asking, err);
    case REQUEST_PROGRESS:
        return progress(tx, asking, err);
    case REQUEST_ARTIFACT:
        artifact_of(asking->request->action_run, asking->request->name, sha);
        return queue_put_artifact(tx, arena, &asking->fence, asking->request->name, arena_strdup(arena, sha), 7, err);
    case REQUEST_RESULT:
        return finish(tx, asking, err);
    case REQUEST_RETURN:
        return queue_return(tx, &asking->fence, err);
    }
    return true;
}

static const char *const names[] = {
    [REQUEST_HELLO] = "hello",       [REQUEST_LEASE] = "lease",       [REQUEST_ACKNOWLEDGE] = "acknowledge",
    [REQUEST_HEARTBEAT] = "beat",    [REQUEST_INPUT] = "input",       [REQUEST_CHECKPOINT] = "checkpoint",
    [REQUEST_PROGRESS] = "progress", [REQUEST_ARTIFACT] = "artifact", [REQUEST_RESULT] = "result",
    [REQUEST_RETURN] = "return"};
static const char *const outcomes[] = {
    [WIRE_SUCCEEDED] = " succeeded", [WIRE_FAILED] = " failed", [WIRE_STOPPED] = " stopped"};

static void tell_request(const struct request *request, enum answer answer, const struct reply *reply,
                         const struct err *err) {
    const char *came = answer == ANSWER_NONE      ? "no answer"
                       : answer == ANSWER_REFUSED ? err->code ? err->code : err->message
                       : reply->has_job           ? reply->job.id
                                                  : "ok";
    note("runner %zu.%zu %s%s %.8s/%lld: %s", request->runner, request->slot, names[request->kind],
         request->kind == REQUEST_RESULT ? outcomes[request->outcome] : "", request->job, (long long)request->token,
         came);
}

/* What a stage that was skipped did not make is the only thing that may be missing. */
static void check_skipped(struct sim *sim, int64_t action_run_id) {
    const struct seen *seen = sim->seen;
    look(sim, false);
    for (size_t i = 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[i];
        if (action->id != action_run_id)
            continue;
        for (size_t j = 0; j < seen->stage_count; j++) {
            if (seen->stages[j].execution_id == action->execution_id && seen->stages[j].status == STAGE_SKIPPED)
                return;
        }
        violated("what a stage made is there for the next", "action run %s has no input", action->uuid);
    }
}

/* What was last seen may be old, but a token only grows. */
static void check_fence(const struct sim *sim, const struct request *request) {
    if (request->kind == REQUEST_HELLO || request->kind == REQUEST_LEASE)
        return;
    for (size_t i = 0; i < sim->seen->job_count; i++) {
        const struct seen_job *job = &sim->seen->jobs[i];
        if (str_equal(job->id, request->job) && job->token > request->token)
            violated("who lost a job is fenced off", "%s with token %lld was taken for job %s, which has %lld",
                     names[request->kind], (long long)request->token, request->job, (long long)job->token);
    }
}

static const struct seen_action *find_maker(const struct sim *sim, const struct request *request, const char *sha256) {
    for (size_t i = sim->seen->action_count; i-- > 0;) {
        char sha[SHA256_HEX_SIZE];
        artifact_of(sim->seen->actions[i].uuid, request->name, sha);
        if (str_equal(sha, sha256))
            return &sim->seen->actions[i];
    }
    return NULL;
}

static bool may_use(const struct sim *sim, const char *user_uuid, const struct seen_action *maker) {
    const struct seen_action *user = seen_action(sim->seen, user_uuid);
    if (!maker || !user || maker->status != ACTION_SUCCEEDED || maker->set_aside)
        return false;
    const struct seen_execution *execution = seen_execution(sim->seen, user->execution_id);
    return maker->execution_id == execution->id || maker->execution_id == execution->rollback_of;
}

/* The output variable that a build was given, of an action as below. */
static void check_variable(struct sim *sim, const struct wire_job *job) {
    const struct json *environment = json_get(json_get(job->build, "environment"), "environmentVariables");
    json_each(variable, environment) {
        const char *value = json_get_text(variable, "value");
        if (!str_equal(json_get_text(variable, "name"), "V") ||
            may_use(sim, job->action_execution_id, seen_action(sim->seen, value)))
            continue;
        look(sim, false);
        if (!may_use(sim, job->action_execution_id, seen_action(sim->seen, value)))
            violated("a variable is what an earlier action put out", "action run %s got '%s', which is not that",
                     job->action_execution_id, value);
    }
}

/* By an action that succeeded, in the same execution or in the one that it rolls back to, and that is not done again.
 */
static bool was_made(const struct sim *sim, const struct request *request, const char *sha256) {
    return may_use(sim, request->action_run, find_maker(sim, request, sha256));
}

static void check_input(struct sim *sim, const struct request *request, const char *sha256) {
    if (was_made(sim, request, sha256))
        return;
    look(sim, false); /* it may have been made since the last one */
    if (!was_made(sim, request, sha256))
        violated("an input is what an earlier action made", "action run %s got '%s', which is not that",
                 request->action_run, request->name);
}

/* A side effect comes next: whose action has ended must not get so far. */
static void check_begun(struct sim *sim, const struct request *request) {
    const struct seen *seen = sim->seen;
    look(sim, false);
    for (size_t i = 0; i < seen->job_count; i++) {
        if (!str_equal(seen->jobs[i].id, request->job))
            continue;
        for (size_t j = 0; j < seen->action_count; j++) {
            if (seen->actions[j].id == seen->jobs[i].action_run_id && seen->actions[j].status != ACTION_IN_PROGRESS)
                violated("what has ended is not worked on", "action run %s has ended and job %s may begin",
                         seen->actions[j].uuid, request->job);
        }
    }
}

enum answer runner_request(struct sim *sim, const struct request *request, struct reply *reply, struct err *err) {
    struct runner *runner = &sim->runners[request->runner];
    struct asking asking = {
        .sim = sim,
        .request = request,
        .reply = reply,
        .fence = {.job_id = request->job, .token = request->token, .runner_id = runner->id},
    };
    /* The door knows no token of a removed runner. And nobody is greeted by a process that is dead. */
    if (!runner->exists || (request->kind == REQUEST_HELLO && request->instance != runner->instance))
        return ANSWER_NONE;
    enum answer answer = server_ask(sim, carry_out, &asking, err);
    tell_request(request, answer, reply, err);
    if (answer == ANSWER_DONE)
        check_fence(sim, request);
    if (answer == ANSWER_DONE && reply->has_job && reply->job.build)
        check_variable(sim, &reply->job);
    if (answer == ANSWER_DONE && request->kind == REQUEST_INPUT)
        check_input(sim, request, reply->sha256);
    if (answer == ANSWER_DONE && request->kind == REQUEST_CHECKPOINT)
        check_begun(sim, request);
    if (answer == ANSWER_DONE && asking.unfit) {
        check_skipped(sim, asking.unfit);
        err_set_code(err, ERR_CONFLICT, "StaleTokenException", "the job could not be handed out");
        return ANSWER_REFUSED;
    }
    if (answer == ANSWER_REFUSED && err->kind == ERR_NOT_FOUND && runner->doubtful) {
        runner->exists = false;
        return ANSWER_NONE;
    }
    /* An acknowledgement that was late came first: it was begun. */
    if (answer == ANSWER_REFUSED && request->kind == REQUEST_RETURN && str_equal(err->code, "ConflictException"))
        return answer;
    if (answer == ANSWER_REFUSED && !str_equal(err->code, "StaleTokenException"))
        violated("what a runner says in good order is taken", "%s of job %s: %s", names[request->kind], request->job,
                 err->message);
    return answer;
}
