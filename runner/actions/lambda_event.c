/*
 * The event, as CodePipeline's user guide has it ("JSON event example").
 */
#include "runner/actions/lambda_event.h"

#include "common/str.h"

const char *lambda_event_key(struct job *job, const char *artifact) {
    const struct wire_job *message = job->message;
    return arena_printf(job->arena, "%.100s/%.100s/%s.zip", message->pipeline ? message->pipeline : "penstock",
                        artifact, message->action_execution_id);
}

static void add_artifact(struct job *job, struct json *list, const char *name, const char *bucket) {
    struct json *artifact = json_append_object(job->arena, list);
    if (bucket) {
        struct json *location = json_set_object(job->arena, artifact, "location");
        struct json *place = json_set_object(job->arena, location, "s3Location");
        json_set_text(job->arena, place, "bucketName", bucket);
        json_set_text(job->arena, place, "objectKey", lambda_event_key(job, name));
        json_set_text(job->arena, location, "type", "S3");
    }
    json_set_text(job->arena, artifact, "name", name);
}

const char *lambda_event(struct job *job, const struct lambda_event *event) {
    const struct wire_job *message = job->message;
    struct arena *arena = job->arena;
    struct json *root = json_object(arena);
    struct json *inner = json_set_object(arena, root, "CodePipeline.job");
    json_set_text(arena, inner, "id", message->action_execution_id);
    json_set_text(arena, inner, "accountId", message->account_id);
    struct json *data = json_set_object(arena, inner, "data");
    struct json *configuration =
        json_set_object(arena, json_set_object(arena, data, "actionConfiguration"), "configuration");
    json_set_text(arena, configuration, "FunctionName", event->function);
    json_set_text(arena, configuration, "UserParameters", job_setting(job, "UserParameters"));
    struct json *inputs = json_set_array(arena, data, "inputArtifacts");
    for (size_t i = 0; i < message->input_count; i++)
        add_artifact(job, inputs, message->inputs[i].name, event->bucket);
    struct json *outputs = json_set_array(arena, data, "outputArtifacts");
    for (size_t i = 0; i < message->output_count; i++)
        add_artifact(job, outputs, message->outputs[i], event->bucket);
    json_set_text(arena, data, "continuationToken", event->continuation_token);
    return json_print(arena, root);
}
