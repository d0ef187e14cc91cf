/*
 * From an HTTP request to an operation and back.
 */
#include "server/api/aws.h"

#include "server/api/sts.h"
#include "server/store/invocations.h"

#include "common/str.h"

#include <string.h>

static const struct aws_service *const services[] = {&codepipeline_service, &codebuild_service, &codecommit_service,
                                                     &penstock_service};

const char *aws_text(const struct aws_call *call, const char *name) {
    return json_get_text(call->input, name);
}

bool aws_check(struct aws_call *call, const struct json *input, const struct shape *shape, struct err *err) {
    struct definition_errors errors = {.arena = call->arena};
    struct place place = {.value = input};
    shape_check(&errors, &place, shape, DEFINITION_REQUEST);
    if (errors.count == 0)
        return true;
    definition_errors_fail(&errors, call->service->validation, err);
    if (str_equal(err->code, DEFINITION_STRUCTURE)) /* only unknown members, which is how the input looks */
        err->code = call->service->validation;
    return false;
}

/* SDKs put different words before the service: only the last two parts count. */
static bool find_operation(const char *target, const struct aws_service **service,
                           const struct aws_operation **operation) {
    const char *dot = target ? strrchr(target, '.') : NULL;
    if (!dot)
        return false;
    const char *start = dot;
    while (start > target && start[-1] != '.')
        start--;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        const char *name = services[i]->target;
        if (strncmp(start, name, (size_t)(dot - start)) != 0 || name[dot - start])
            continue;
        *service = services[i];
        for (*operation = services[i]->operations; (*operation)->name; (*operation)++)
            if (str_equal((*operation)->name, dot + 1))
                return true;
    }
    return false;
}

/* What one transaction does, and what it leaves for the reply. */
struct attempt {
    struct aws_call *call;
    const struct aws_operation *operation;
    const char *invocation; /* or NULL */
    struct json *out;
    const char *answer; /* `out` as JSON text */
    bool repeated;      /* the answer is an earlier call's */
};

static bool run(struct tx *tx, struct attempt *attempt, struct err *err) {
    attempt->out = json_object(attempt->call->arena);
    if (!attempt->operation->run(tx, attempt->call, attempt->out, err))
        return false;
    attempt->answer = json_print(attempt->call->arena, attempt->out);
    return true;
}

static bool read_work(struct tx *tx, void *context, struct err *err) {
    return run(tx, context, err);
}

struct aws_later_work {
    struct aws_later_work *next;
    void (*work)(const struct aws_call *call, void *context);
    void *context;
};

void aws_later(const struct aws_call *call, void (*work)(const struct aws_call *call, void *context), void *context) {
    struct aws_later_work *item = arena_new(call->arena, struct aws_later_work);
    *item = (struct aws_later_work){.work = work, .context = context};
    *call->later->end = item;
    call->later->end = &item->next;
}

static bool read_and_complete(struct attempt *attempt, struct err *err) {
    const struct aws_call *call = attempt->call;
    if (!db_read(call->server->db, read_work, attempt, err))
        return false;
    for (const struct aws_later_work *item = call->later->first; item; item = item->next)
        item->work(call, item->context);
    if (call->later->first)
        attempt->answer = json_print(call->arena, attempt->out);
    return true;
}

static bool write_work(struct tx *tx, void *context, struct err *err) {
    struct attempt *attempt = context;
    const char *who = attempt->call->request->principal.id, *name = attempt->operation->name;
    if (!attempt->invocation)
        return run(tx, attempt, err);
    bool found = false;
    int status;
    if (!invocations_find(tx, attempt->call->arena, who, name, attempt->invocation, &found, &status, &attempt->answer,
                          err))
        return false;
    attempt->repeated = found;
    if (found)
        return true;
    return run(tx, attempt, err) && invocations_add(tx, who, name, attempt->invocation, 200, attempt->answer, err);
}

static bool perform(struct attempt *attempt, struct err *err) {
    struct db *db = attempt->call->server->db;
    if (attempt->operation->prepare && !attempt->operation->prepare(attempt->call, err))
        return false;
    switch (attempt->operation->kind) {
    case AWS_READ:
        return read_and_complete(attempt, err);
    case AWS_WRITE:
        if (!db_write(db, write_work, attempt, err))
            return false;
        if (attempt->operation->settle && !attempt->repeated)
            attempt->operation->settle(attempt->call);
        return true;
    case AWS_ALONE:
        return run(NULL, attempt, err);
    }
    return false;
}

/* AWS: an SDK's own id for all attempts of one call. Longer ones are nobody's. */
static const char *invocation_id(const struct request *request) {
    const char *id = request_header(request, "amz-sdk-invocation-id");
    return id && *id && strlen(id) <= 64 && request->principal.id ? id : NULL;
}

static bool check_scope(const struct aws_call *call, struct err *err) {
    const char *service = call->request->principal.service;
    if (!service || str_equal(service, call->service->name))
        return true;
    return err_set_code(err, ERR_DENIED, "InvalidSignatureException",
                        "Credential should be scoped to correct service: '%s'. ", call->service->name);
}

static bool read_input(struct aws_call *call, const struct aws_operation *operation, struct err *err) {
    if (call->request->body_size == 0)
        call->input = json_object(call->arena);
    else if (!request_json(call->request, &call->input, err))
        return false;
    if (call->input->type != JSON_OBJECT)
        return err_set_code(err, ERR_INVALID, "SerializationException", "the body must be a JSON object");
    return aws_check(call, call->input, operation->input, err);
}

static void reply_answer(const struct aws_call *call, struct reply *reply, const struct attempt *attempt) {
    const char *type = request_header(call->request, "content-type");
    reply_text(call->request, reply, 200,
               type && str_starts_with(type, "application/x-amz-json-1.0") ? "application/x-amz-json-1.0"
                                                                           : "application/x-amz-json-1.1",
               attempt->operation->silent ? "" : attempt->answer);
}

void aws_door(struct request *request, struct reply *reply) {
    const char *target = request_header(request, "x-amz-target");
    struct aws_later later = {.end = &later.first};
    struct aws_call call = {
        .server = request->server,
        .request = request,
        .arena = request->arena,
        .service = &codepipeline_service,
        .region = request->server->config->region,
        .account_id = request->server->config->account_id,
        .by = request->principal.arn,
        .user = request->principal.name,
        .later = &later,
    };
    const struct aws_operation *operation = NULL;
    struct err err = {0};
    if (!target && sts_wants(request)) {
        sts_answer(&call, reply);
        return;
    }
    if (!find_operation(target, &call.service, &operation)) {
        err_set_code(&err, ERR_INVALID, "UnknownOperationException", "there is no operation '%s' here",
                     target ? target : "");
        aws_reply_error(&call, reply, &err);
        return;
    }
    struct attempt attempt = {.call = &call, .operation = operation, .invocation = invocation_id(request)};
    if (check_scope(&call, &err) && read_input(&call, operation, &err) && perform(&attempt, &err))
        reply_answer(&call, reply, &attempt);
    else
        aws_reply_error(&call, reply, &err);
}
