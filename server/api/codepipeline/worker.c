/*
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_JobData.html
 */
#include "server/api/codepipeline/worker.h"

#include "server/api/artifact_store.h"
#include "server/api/codepipeline/action_type.h"
#include "server/api/names.h"
#include "server/auth/auth.h"
#include "server/jobs/worker_message.h"

#include <string.h>

static void show_artifacts(struct arena *arena, const struct worker_artifact *artifacts, size_t count,
                           const char *bucket, struct json *list) {
    for (size_t i = 0; i < count; i++) {
        struct json *artifact = json_append_object(arena, list);
        json_set_text(arena, artifact, "name", artifacts[i].name);
        json_set_text(arena, artifact, "revision", artifacts[i].revision);
        struct json *location = json_set_object(arena, artifact, "location");
        json_set_text(arena, location, "type", "S3");
        struct json *place = json_set_object(arena, location, "s3Location");
        json_set_text(arena, place, "bucketName", bucket);
        json_set_text(arena, place, "objectKey", artifacts[i].object_key);
    }
}

static void show_context(const struct aws_call *call, const struct action_run_row *action, struct json *out) {
    struct arena *arena = call->arena;
    json_set_text(arena, out, "pipelineName", action->pipeline);
    json_set_text(arena, json_set_object(arena, out, "stage"), "name", action->stage);
    struct json *shown = json_set_object(arena, out, "action");
    json_set_text(arena, shown, "name", action->action);
    json_set_text(arena, shown, "actionExecutionId", action->uuid);
    json_set_text(arena, out, "pipelineArn", name_pipeline_arn(call, action->pipeline));
    json_set_text(arena, out, "pipelineExecutionId", action->execution);
}

/* None where nobody has the job now. */
static void show_credentials(const struct aws_call *call, const struct worker_job_row *job, struct json *data) {
    struct auth_worker_credentials credentials;
    if (job->state != WORKER_JOB_DISPATCHED && job->state != WORKER_JOB_IN_PROGRESS)
        return;
    auth_worker_credentials(call->server->auth, call->arena, job->id, job->nonce, &credentials);
    struct json *shown = json_set_object(call->arena, data, "artifactCredentials");
    json_set_text(call->arena, shown, "accessKeyId", credentials.access_key_id);
    json_set_text(call->arena, shown, "secretAccessKey", credentials.secret_access_key);
    json_set_text(call->arena, shown, "sessionToken", credentials.session_token);
}

static bool show_data(struct tx *tx, const struct aws_call *call, const struct worker_message *message,
                      struct json *data, struct err *err) {
    struct arena *arena = call->arena;
    const struct action_run_row *action = &message->action;
    const struct json *configuration;
    struct artifact_store store;
    if (!json_parse(arena, action->configuration, strlen(action->configuration), &configuration, err) ||
        !artifact_store_find(tx, arena, call->server->config, action->pipeline_id, action->version, NULL, &store, err))
        return false;
    json_set(arena, data, "actionTypeId",
             action_type_show_id(arena, message->job.category, "Custom", message->job.provider, message->job.version));
    json_set(arena, json_set_object(arena, data, "actionConfiguration"), "configuration",
             json_copy(arena, configuration));
    show_context(call, action, json_set_object(arena, data, "pipelineContext"));
    show_artifacts(arena, message->inputs, message->input_count, store.bucket,
                   json_set_array(arena, data, "inputArtifacts"));
    show_artifacts(arena, message->outputs, message->output_count, store.bucket,
                   json_set_array(arena, data, "outputArtifacts"));
    show_credentials(call, &message->job, data);
    json_set_text(arena, data, "continuationToken", message->job.continuation_token);
    if (store.encryption_key)
        json_set(arena, data, "encryptionKey", json_copy(arena, store.encryption_key));
    return true;
}

bool worker_show_job(struct tx *tx, const struct aws_call *call, const char *job_id, bool with_nonce, struct json *out,
                     struct err *err) {
    struct worker_message message;
    if (!worker_message(tx, call->arena, job_id, &message, err))
        return false;
    json_set_text(call->arena, out, "id", message.job.id);
    if (!show_data(tx, call, &message, json_set_object(call->arena, out, "data"), err))
        return false;
    if (with_nonce)
        json_set_text(call->arena, out, "nonce", message.job.nonce);
    json_set_text(call->arena, out, "accountId", call->account_id);
    return true;
}
