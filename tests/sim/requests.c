/*
 * A runner's messages as the server takes them: what the doors in server/api/jobs do between the bytes and the queue.
 */
#include "common/str.h"
#include "server/engine/engine.h"
#include "server/store/runners.h"
#include "tests/sim/runner.h"

#include <stdio.h>

struct asking {
    struct sim *sim;
    const struct request *request;
    struct reply *reply;
    struct queue_fence fence;
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

static bool lease(struct tx *tx, struct asking *asking, struct err *err) {
    const struct wire_lease question = {.claim_id = asking->request->claim,
                                        .providers = providers,
                                        .provider_count = sizeof providers / sizeof *providers};
    struct arena *arena = &asking->sim->scratch;
    const char *job = NULL;
    struct runner_row runner;
    struct err why = {0};
    asking->reply->has_job = false;
    if (!runners_get(tx, arena, asking->fence.runner_id, &runner, err) ||
        !queue_lease(tx, arena, runner.id, &question, &job, err))
        return false;
    if (!job)
        return true;
    asking->reply->has_job = true;
    if (job_message(tx, arena, &settings, job, &asking->reply->job, &why))
        return true;
    *err = why;
    if (why.kind != ERR_UNAVAILABLE && why.kind != ERR_LIMIT)
        return err_set(err, ERR_INTERNAL, "the message of job '%s' cannot be made: %s", job, why.message);
    return false;
}

static bool finish(struct tx *tx, struct asking *asking, struct err *err) {
    const struct wire_variable variable = {.name = "V", .value = "1"};
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

static bool carry_out(struct tx *tx, void *context, struct err *err) {
    struct asking *asking = context;
    struct arena *arena = &asking->sim->scratch;
    const struct wire_progress progress = {.token = asking->request->token, .summary = "half", .percent = 50};
    static const char sha[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const char *found = NULL;
    int64_t size = 0;
    switch (asking->request->kind) {
    case REQUEST_HELLO:
        return hello(tx, asking, err);
    case REQUEST_LEASE:
        return lease(tx, asking, err);
    case REQUEST_ACKNOWLEDGE:
        return queue_acknowledge(tx, &asking->fence, err);
    case REQUEST_HEARTBEAT:
        return queue_heartbeat(tx, &asking->fence, &asking->reply->cancel, err);
    case REQUEST_INPUT:
        return queue_get_artifact(tx, arena, &asking->fence, asking->request->name, &found, &size, err);
    case REQUEST_CHECKPOINT:
        return checkpoint(tx, asking, err);
    case REQUEST_PROGRESS:
        return queue_progress(tx, arena, &asking->fence, &progress, err);
    case REQUEST_ARTIFACT:
        return queue_put_artifact(tx, arena, &asking->fence, asking->request->name, sha, 7, err);
    case REQUEST_RESULT:
        return finish(tx, asking, err);
    }
    return true;
}

static const char *const names[] = {
    [REQUEST_HELLO] = "hello",       [REQUEST_LEASE] = "lease",       [REQUEST_ACKNOWLEDGE] = "acknowledge",
    [REQUEST_HEARTBEAT] = "beat",    [REQUEST_INPUT] = "input",       [REQUEST_CHECKPOINT] = "checkpoint",
    [REQUEST_PROGRESS] = "progress", [REQUEST_ARTIFACT] = "artifact", [REQUEST_RESULT] = "result"};
static const char *const outcomes[] = {
    [WIRE_SUCCEEDED] = " succeeded", [WIRE_FAILED] = " failed", [WIRE_STOPPED] = " stopped"};

static void tell(const struct request *request, enum answer answer, const struct reply *reply, const struct err *err) {
    const char *came = answer == ANSWER_NONE      ? "no answer"
                       : answer == ANSWER_REFUSED ? err->code ? err->code : err->message
                       : reply->has_job           ? reply->job.id
                                                  : "ok";
    note("runner %zu.%zu %s%s %.8s/%lld: %s", request->runner, request->slot, names[request->kind],
         request->kind == REQUEST_RESULT ? outcomes[request->outcome] : "", request->job, (long long)request->token,
         came);
}

enum answer runner_request(struct sim *sim, const struct request *request, struct reply *reply, struct err *err) {
    const struct runner *runner = &sim->runners[request->runner];
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
    tell(request, answer, reply, err);
    if (answer == ANSWER_REFUSED && !str_equal(err->code, "StaleTokenException"))
        violated("what a runner says in good order is taken", "%s of job %s: %s", names[request->kind], request->job,
                 err->message);
    return answer;
}
