/*
 * PollForJobs: jobs of one custom action type, each under a new nonce. Its answer holds secrets, so it is not kept for
 * a repeated call; what a lost answer offered is offered again when its minute is over.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/codepipeline/action_type.h"
#include "server/api/codepipeline/worker.h"
#include "server/engine/worker_types.h"
#include "server/jobs/worker_queue.h"

#include "common/str.h"

static const struct shape_pattern query_pattern = {
    .aws = "[a-zA-Z0-9_-]+", .expression = "^[a-zA-Z0-9_-]+$", .words = "letters, digits, - and _"};
static const struct shape query_key = {.type = SHAPE_TEXT, .least = 1, .most = 50};
static const struct shape query_value = {.type = SHAPE_TEXT, .least = 1, .most = 50, .pattern = &query_pattern};

const struct shape poll_for_jobs_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "actionTypeId", .required = true, .shape = &action_type_id_shape},
            {.name = "maxBatchSize", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1}},
            {.name = "queryParam",
             .shape = &(const struct shape){.type = SHAPE_MAP, .most = 1, .keys = &query_key, .members = &query_value}},
            {0},
        },
};

struct polling {
    const struct aws_call *call;
    struct worker_poll poll;
    bool any;
    struct json *jobs;
};

static bool find_type(struct tx *tx, const struct polling *polling, struct custom_type *out, struct err *err) {
    const struct worker_poll *poll = &polling->poll;
    const struct json *id = json_get(polling->call->input, "actionTypeId");
    struct custom_type_row row;
    bool found = false;
    if (str_equal(json_get_text(id, "owner"), "Custom") &&
        !custom_type_rows_get(tx, polling->call->arena, poll->category, poll->provider, poll->version, &found, &row,
                              err))
        return false;
    if (found && !row.deleted_ms)
        return worker_type_read(polling->call->arena, &row, out, err);
    return err_set_code(err, ERR_NOT_FOUND, "ActionTypeNotFoundException", "%s is not available",
                        action_type_title(polling->call->arena, poll->category, json_get_text(id, "owner"),
                                          poll->provider, poll->version));
}

/* AWS: a type with a queryable property is polled by its value, another one without any. */
static bool read_query(struct polling *polling, const struct custom_type *type, struct err *err) {
    const struct custom_property *queryable = custom_type_queryable(type);
    const struct json *query = json_get(polling->call->input, "queryParam");
    const struct json *given = json_first(query);
    if (!queryable && given)
        return err_set_code(err, ERR_INVALID, "ValidationException",
                            "the action type has no queryable property; leave queryParam out");
    if (queryable && !(given && str_equal(given->name, queryable->name)))
        return err_set_code(err, ERR_INVALID, "ValidationException",
                            "the action type has the queryable property '%s'; queryParam must name it",
                            queryable->name);
    polling->poll.query_value = given ? given->text : NULL;
    return true;
}

static bool look(struct tx *tx, void *context, struct err *err) {
    struct polling *polling = context;
    struct custom_type type;
    return find_type(tx, polling, &type, err) && read_query(polling, &type, err) &&
           worker_queue_has_work(tx, &polling->poll, &polling->any, err);
}

static bool take(struct tx *tx, void *context, struct err *err) {
    struct polling *polling = context;
    struct worker_job_row *jobs;
    size_t count;
    polling->jobs = json_array(polling->call->arena);
    if (!worker_queue_poll(tx, polling->call->arena, &polling->poll, &jobs, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!worker_show_job(tx, polling->call, jobs[i].id, true,
                             json_append_object(polling->call->arena, polling->jobs), err))
            return false;
    return true;
}

bool poll_for_jobs(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    const struct json *id = json_get(call->input, "actionTypeId");
    struct polling polling = {
        .call = call,
        .poll = {.category = json_get_text(id, "category"),
                 .provider = json_get_text(id, "provider"),
                 .version = json_get_text(id, "version"),
                 .most = (size_t)json_get_integer(call->input, "maxBatchSize", 1)},
        .jobs = json_array(call->arena),
    };
    if (!db_read(call->server->db, look, &polling, err) ||
        (polling.any && !db_write(call->server->db, take, &polling, err)))
        return false;
    json_set(call->arena, out, "jobs", polling.jobs);
    return true;
}
