/*
 * Messages as JSON. An encoder leaves out what is NULL; a decoder fills a struct of its own and hands it over whole, so
 * that *out is untouched where a member is wrong.
 */
#include "common/wire.h"

#include "common/action_types.h"
#include "common/wire_read.h"

#include <string.h>

#define ID_LENGTH_MAX 128
#define ID_OTHERS "-_:" /* a build's id is "project:uuid" */
#define NAME_LENGTH_MAX 100
#define NAME_OTHERS "-_"
#define SHA256_LENGTH 64
#define WORDS_MAX_BYTES 2048 /* of each text about an action: they are copied into events and rows */
#define VARIABLE_LENGTH_MAX 128
#define JOB_SECONDS_MAX (30 * 24 * 3600)

/* Of jobs that are no action: rules have no row in action_types.h. */
#define RULE_CATEGORY "Rule"

static const char *const outcome_names[] = {
    [WIRE_SUCCEEDED] = "succeeded",
    [WIRE_FAILED] = "failed",
    [WIRE_STOPPED] = "stopped",
};

static void set_copy(struct arena *arena, struct json *message, const char *name, const struct json *value) {
    if (value)
        json_set(arena, message, name, json_copy(arena, value));
}

static void set_texts(struct arena *arena, struct json *message, const char *name, const char *const *texts,
                      size_t count) {
    struct json *list = json_set_array(arena, message, name);
    for (size_t i = 0; i < count; i++)
        json_append_text(arena, list, texts[i]);
}

static bool read_int(const struct json *message, const char *name, enum wire_presence presence, int least, int most,
                     int *out, struct err *err) {
    int64_t value = *out;
    if (!wire_integer(message, name, presence, least, most, &value, err))
        return false;
    *out = (int)value;
    return true;
}

static bool is_message(const struct json *message, const char *what, struct err *err) {
    return (message && message->type == JSON_OBJECT) || err_set(err, ERR_INVALID, "%s must be an object", what);
}

/* ---- job ---- */

static void encode_inputs(struct arena *arena, struct json *message, const struct wire_job *job) {
    struct json *list = json_set_array(arena, message, "inputs");
    for (size_t i = 0; i < job->input_count; i++) {
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "name", job->inputs[i].name);
        json_set_text(arena, item, "sha256", job->inputs[i].sha256);
        json_set_integer(arena, item, "sizeBytes", job->inputs[i].size_bytes);
    }
}

static void encode_commands(struct arena *arena, struct json *message, const struct wire_job *job) {
    if (job->command_count > 0)
        set_texts(arena, message, "commands", job->commands, job->command_count);
    set_copy(arena, message, "environment", job->environment);
    if (job->output_variable_count > 0)
        set_texts(arena, message, "outputVariables", job->output_variables, job->output_variable_count);
    set_copy(arena, message, "outputFiles", job->output_files);
    json_set_text(arena, message, "condition", job->condition);
}

static void encode_deploy(struct arena *arena, struct json *message, const struct wire_job *job) {
    json_set_text(arena, message, "roleArn", job->role_arn);
    json_set_text(arena, message, "executionType", job->execution_type);
    json_set_text(arena, message, "stoppedBy", job->stopped_by);
    json_set_text(arena, message, "stopReason", job->stop_reason);
    json_set_text(arena, message, "artifactBucket", job->artifact_bucket);
    set_copy(arena, message, "earlier", job->earlier);
    if (job->succeeded_execution_count > 0)
        set_texts(arena, message, "succeededExecutions", job->succeeded_executions, job->succeeded_execution_count);
}

struct json *wire_job_encode(struct arena *arena, const struct wire_job *job) {
    struct json *message = json_object(arena);
    json_set_text(arena, message, "id", job->id);
    json_set_integer(arena, message, "token", job->token);
    json_set_integer(arena, message, "attempt", job->attempt);
    json_set_text(arena, message, "provider", job->provider);
    json_set_text(arena, message, "category", job->category);
    json_set_text(arena, message, "region", job->region);
    json_set_text(arena, message, "accountId", job->account_id);
    json_set_text(arena, message, "pipeline", job->pipeline);
    json_set_text(arena, message, "stage", job->stage);
    json_set_text(arena, message, "action", job->action);
    json_set_text(arena, message, "executionId", job->execution_id);
    json_set_text(arena, message, "actionExecutionId", job->action_execution_id);
    json_set(arena, message, "configuration",
             job->configuration ? json_copy(arena, job->configuration) : json_object(arena));
    encode_inputs(arena, message, job);
    set_texts(arena, message, "outputs", job->outputs, job->output_count);
    set_copy(arena, message, "source", job->source);
    set_copy(arena, message, "secondarySources", job->secondary_sources);
    set_copy(arena, message, "build", job->build);
    encode_commands(arena, message, job);
    set_copy(arena, message, "checkpoint", job->checkpoint);
    json_set_bool(arena, message, "cancelled", job->cancelled);
    json_set_integer(arena, message, "timeoutSeconds", job->timeout_seconds);
    encode_deploy(arena, message, job);
    return message;
}

static bool is_sha256(const char *text) {
    return strlen(text) == SHA256_LENGTH && strspn(text, "0123456789abcdef") == SHA256_LENGTH;
}

static bool decode_input(struct arena *arena, const struct json *item, struct wire_artifact *out, struct err *err) {
    if (!is_message(item, "each value of 'inputs'", err) ||
        !wire_name(arena, item, "name", NAME_LENGTH_MAX, NAME_OTHERS, &out->name, err) ||
        !wire_text(arena, item, "sha256", WIRE_REQUIRED, &out->sha256, err) ||
        !wire_integer(item, "sizeBytes", WIRE_REQUIRED, 0, INT64_MAX, &out->size_bytes, err))
        return false;
    return is_sha256(out->sha256) || err_set(err, ERR_INVALID, "member 'sha256' must have 64 lower-case hex digits");
}

static bool decode_inputs(struct arena *arena, const struct json *message, struct wire_job *job, struct err *err) {
    const struct json *list;
    if (!wire_list(message, "inputs", &list, err))
        return false;
    struct wire_artifact *inputs = arena_array(arena, struct wire_artifact, list->count);
    json_each(item, list) {
        if (!decode_input(arena, item, &inputs[job->input_count++], err))
            return false;
    }
    job->inputs = inputs;
    return true;
}

static bool decode_variable(struct arena *arena, const struct json *item, struct err *err) {
    const char *name, *value, *type;
    return is_message(item, "each value of 'environment'", err) &&
           wire_name(arena, item, "name", VARIABLE_LENGTH_MAX, "_", &name, err) &&
           wire_text(arena, item, "value", WIRE_REQUIRED, &value, err) &&
           wire_text(arena, item, "type", WIRE_OPTIONAL, &type, err);
}

static bool decode_environment(struct arena *arena, const struct json *message, struct wire_job *job, struct err *err) {
    const struct json *list;
    if (!wire_list_or_none(message, "environment", &list, err))
        return false;
    json_each(item, list) {
        if (!decode_variable(arena, item, err))
            return false;
    }
    job->environment = json_copy(arena, list);
    return true;
}

static bool decode_files(struct arena *arena, const struct json *message, struct wire_job *job, struct err *err) {
    if (!wire_object(arena, message, "outputFiles", WIRE_OPTIONAL, &job->output_files, err))
        return false;
    json_each(member, job->output_files) {
        const char *const *patterns;
        size_t count;
        if (!wire_texts(arena, job->output_files, member->name, &patterns, &count, err))
            return err_wrap(err, "member 'outputFiles'");
    }
    return true;
}

static bool decode_secondary_sources(struct arena *arena, const struct json *message, struct wire_job *job,
                                     struct err *err) {
    const struct json *list;
    const char *identifier;
    if (!wire_list_or_none(message, "secondarySources", &list, err))
        return false;
    json_each(item, list) {
        if (!is_message(item, "each value of 'secondarySources'", err) ||
            !wire_name(arena, item, "identifier", VARIABLE_LENGTH_MAX, "_", &identifier, err))
            return false;
    }
    job->secondary_sources = list ? json_copy(arena, list) : NULL;
    return true;
}

static bool decode_commands(struct arena *arena, const struct json *message, struct wire_job *job, struct err *err) {
    return wire_texts(arena, message, "commands", &job->commands, &job->command_count, err) &&
           decode_environment(arena, message, job, err) &&
           wire_texts(arena, message, "outputVariables", &job->output_variables, &job->output_variable_count, err) &&
           decode_files(arena, message, job, err) &&
           wire_text(arena, message, "condition", WIRE_OPTIONAL, &job->condition, err);
}

static bool decode_job_names(struct arena *arena, const struct json *message, struct wire_job *job, struct err *err) {
    enum action_category category;
    if (!wire_name(arena, message, "id", ID_LENGTH_MAX, ID_OTHERS, &job->id, err) ||
        !wire_name(arena, message, "provider", NAME_LENGTH_MAX, NAME_OTHERS, &job->provider, err) ||
        !wire_text(arena, message, "category", WIRE_REQUIRED, &job->category, err) ||
        !wire_name(arena, message, "region", NAME_LENGTH_MAX, NAME_OTHERS, &job->region, err) ||
        !wire_name(arena, message, "accountId", NAME_LENGTH_MAX, "", &job->account_id, err) ||
        !wire_text(arena, message, "pipeline", WIRE_OPTIONAL, &job->pipeline, err) ||
        !wire_text(arena, message, "stage", WIRE_OPTIONAL, &job->stage, err) ||
        !wire_text(arena, message, "action", WIRE_OPTIONAL, &job->action, err) ||
        !wire_text(arena, message, "executionId", WIRE_OPTIONAL, &job->execution_id, err) ||
        !wire_text(arena, message, "actionExecutionId", WIRE_OPTIONAL, &job->action_execution_id, err))
        return false;
    return action_category_parse(job->category, &category) || strcmp(job->category, RULE_CATEGORY) == 0 ||
           err_set(err, ERR_INVALID, "member 'category' must be a category of actions, not '%.100s'", job->category);
}

static bool decode_deploy(struct arena *arena, const struct json *message, struct wire_job *job, struct err *err) {
    return wire_text(arena, message, "roleArn", WIRE_OPTIONAL, &job->role_arn, err) &&
           wire_text(arena, message, "executionType", WIRE_OPTIONAL, &job->execution_type, err) &&
           wire_text(arena, message, "stoppedBy", WIRE_OPTIONAL, &job->stopped_by, err) &&
           wire_text(arena, message, "stopReason", WIRE_OPTIONAL, &job->stop_reason, err) &&
           wire_text(arena, message, "artifactBucket", WIRE_OPTIONAL, &job->artifact_bucket, err) &&
           wire_document(arena, message, "earlier", WIRE_DEPLOYMENT_MAX, &job->earlier, err) &&
           wire_texts(arena, message, "succeededExecutions", &job->succeeded_executions,
                      &job->succeeded_execution_count, err);
}

bool wire_job_decode(struct arena *arena, const struct json *message, struct wire_job *out, struct err *err) {
    struct wire_job job = {0};
    if (!is_message(message, "a job", err) || !decode_job_names(arena, message, &job, err) ||
        !wire_integer(message, "token", WIRE_REQUIRED, 1, INT64_MAX, &job.token, err) ||
        !read_int(message, "attempt", WIRE_REQUIRED, 1, INT32_MAX, &job.attempt, err) ||
        !wire_object_of_texts(arena, message, "configuration", WIRE_REQUIRED, &job.configuration, err) ||
        !decode_inputs(arena, message, &job, err) ||
        !wire_names(arena, message, "outputs", NAME_LENGTH_MAX, NAME_OTHERS, &job.outputs, &job.output_count, err) ||
        !wire_object(arena, message, "source", WIRE_OPTIONAL, &job.source, err) ||
        !decode_secondary_sources(arena, message, &job, err) ||
        !wire_object(arena, message, "build", WIRE_OPTIONAL, &job.build, err) ||
        !decode_commands(arena, message, &job, err) ||
        !wire_object(arena, message, "checkpoint", WIRE_OPTIONAL, &job.checkpoint, err) ||
        !wire_bool(message, "cancelled", &job.cancelled, err) ||
        !read_int(message, "timeoutSeconds", WIRE_OPTIONAL, 0, JOB_SECONDS_MAX, &job.timeout_seconds, err) ||
        !decode_deploy(arena, message, &job, err))
        return false;
    *out = job;
    return true;
}

/* ---- lease ---- */

struct json *wire_lease_encode(struct arena *arena, const struct wire_lease *lease) {
    struct json *message = json_object(arena);
    json_set_text(arena, message, "claimId", lease->claim_id);
    set_texts(arena, message, "providers", lease->providers, lease->provider_count);
    json_set_integer(arena, message, "waitSeconds", lease->wait_seconds);
    return message;
}

static bool is_uuid(const char *text) {
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (strlen(text) != sizeof shape - 1)
        return false;
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
            return false;
    return true;
}

bool wire_lease_decode(struct arena *arena, const struct json *message, struct wire_lease *out, struct err *err) {
    struct wire_lease lease = {0};
    if (!is_message(message, "a lease", err) ||
        !wire_text(arena, message, "claimId", WIRE_REQUIRED, &lease.claim_id, err) ||
        !wire_names(arena, message, "providers", NAME_LENGTH_MAX, NAME_OTHERS, &lease.providers, &lease.provider_count,
                    err) ||
        !read_int(message, "waitSeconds", WIRE_OPTIONAL, 0, 25, &lease.wait_seconds, err))
        return false;
    if (!is_uuid(lease.claim_id))
        return err_set(err, ERR_INVALID, "member 'claimId' must be a UUID in lower case");
    *out = lease;
    return true;
}

/* ---- result ---- */

struct json *wire_result_encode(struct arena *arena, const struct wire_result *result) {
    struct json *message = json_object(arena);
    json_set_integer(arena, message, "token", result->token);
    json_set_text(arena, message, "outcome", outcome_names[result->outcome]);
    json_set_text(arena, message, "summary", result->summary);
    json_set_text(arena, message, "errorCode", result->error_code);
    json_set_text(arena, message, "errorMessage", result->error_message);
    json_set_text(arena, message, "externalId", result->external_id);
    json_set_text(arena, message, "externalUrl", result->external_url);
    json_set_text(arena, message, "revisionId", result->revision_id);
    json_set_text(arena, message, "revisionSummary", result->revision_summary);
    if (result->revision_created_ms)
        json_set_integer(arena, message, "revisionCreatedMs", result->revision_created_ms);
    struct json *variables = json_set_object(arena, message, "variables");
    for (size_t i = 0; i < result->variable_count; i++)
        json_set_text(arena, variables, result->variables[i].name, result->variables[i].value);
    set_copy(arena, message, "build", result->build);
    set_copy(arena, message, "deployment", result->deployment);
    return message;
}

static bool decode_outcome(struct arena *arena, const struct json *message, struct wire_result *result,
                           struct err *err) {
    const char *name;
    if (!wire_text(arena, message, "outcome", WIRE_REQUIRED, &name, err))
        return false;
    for (size_t i = 0; i < sizeof outcome_names / sizeof *outcome_names; i++) {
        if (strcmp(name, outcome_names[i]) == 0) {
            result->outcome = (enum wire_outcome)i;
            enum wire_presence presence = result->outcome == WIRE_FAILED ? WIRE_REQUIRED : WIRE_OPTIONAL;
            return wire_words(arena, message, "errorCode", presence, WORDS_MAX_BYTES, &result->error_code, err) &&
                   wire_words(arena, message, "errorMessage", presence, WORDS_MAX_BYTES, &result->error_message, err);
        }
    }
    return err_set(err, ERR_INVALID, "member 'outcome' must be succeeded, failed or stopped, not '%.100s'", name);
}

static bool decode_variables(struct arena *arena, const struct json *message, struct wire_result *result,
                             struct err *err) {
    const struct json *object;
    if (!wire_object_of_texts(arena, message, "variables", WIRE_OPTIONAL, &object, err))
        return false;
    if (!object)
        return true;
    if (object->count > WIRE_LIST_MAX)
        return err_set(err, ERR_INVALID, "member 'variables' has %zu values; at most %d are taken", object->count,
                       WIRE_LIST_MAX);
    struct wire_variable *variables = arena_array(arena, struct wire_variable, object->count);
    json_each(member, object) variables[result->variable_count++] =
        (struct wire_variable){.name = member->name, .value = member->text};
    result->variables = variables;
    return true;
}

bool wire_result_decode(struct arena *arena, const struct json *message, struct wire_result *out, struct err *err) {
    struct wire_result result = {0};
    if (!is_message(message, "a result", err) ||
        !wire_integer(message, "token", WIRE_REQUIRED, 1, INT64_MAX, &result.token, err) ||
        !decode_outcome(arena, message, &result, err) ||
        !wire_words(arena, message, "summary", WIRE_OPTIONAL, WORDS_MAX_BYTES, &result.summary, err) ||
        !wire_words(arena, message, "externalId", WIRE_OPTIONAL, WORDS_MAX_BYTES, &result.external_id, err) ||
        !wire_words(arena, message, "externalUrl", WIRE_OPTIONAL, WORDS_MAX_BYTES, &result.external_url, err) ||
        !wire_words(arena, message, "revisionId", WIRE_OPTIONAL, WORDS_MAX_BYTES, &result.revision_id, err) ||
        !wire_words(arena, message, "revisionSummary", WIRE_OPTIONAL, WORDS_MAX_BYTES, &result.revision_summary, err) ||
        !wire_integer(message, "revisionCreatedMs", WIRE_OPTIONAL, 0, INT64_MAX, &result.revision_created_ms, err) ||
        !decode_variables(arena, message, &result, err) ||
        !wire_object(arena, message, "build", WIRE_OPTIONAL, &result.build, err) ||
        !wire_document(arena, message, "deployment", WIRE_DEPLOYMENT_MAX, &result.deployment, err))
        return false;
    *out = result;
    return true;
}

/* ---- progress ---- */

struct json *wire_progress_encode(struct arena *arena, const struct wire_progress *progress) {
    struct json *message = json_object(arena);
    json_set_integer(arena, message, "token", progress->token);
    json_set_text(arena, message, "summary", progress->summary);
    json_set_text(arena, message, "externalId", progress->external_id);
    json_set_text(arena, message, "externalUrl", progress->external_url);
    json_set_integer(arena, message, "percent", progress->percent);
    set_copy(arena, message, "build", progress->build);
    set_copy(arena, message, "deployment", progress->deployment);
    return message;
}

bool wire_progress_decode(struct arena *arena, const struct json *message, struct wire_progress *out, struct err *err) {
    struct wire_progress progress = {.percent = -1};
    if (!is_message(message, "progress", err) ||
        !wire_integer(message, "token", WIRE_REQUIRED, 1, INT64_MAX, &progress.token, err) ||
        !wire_words(arena, message, "summary", WIRE_OPTIONAL, WORDS_MAX_BYTES, &progress.summary, err) ||
        !wire_words(arena, message, "externalId", WIRE_OPTIONAL, WORDS_MAX_BYTES, &progress.external_id, err) ||
        !wire_words(arena, message, "externalUrl", WIRE_OPTIONAL, WORDS_MAX_BYTES, &progress.external_url, err) ||
        !read_int(message, "percent", WIRE_OPTIONAL, -1, 100, &progress.percent, err) ||
        !wire_object(arena, message, "build", WIRE_OPTIONAL, &progress.build, err) ||
        !wire_document(arena, message, "deployment", WIRE_DEPLOYMENT_MAX, &progress.deployment, err))
        return false;
    *out = progress;
    return true;
}
