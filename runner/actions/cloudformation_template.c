/*
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html
 */
#include "runner/actions/cloudformation_template.h"

#include "common/str.h"
#include "runner/actions/stored_artifact.h"
#include "runner/archive/zip.h"

#include <string.h>

#define BODY_MAX 51200       /* what a request takes */
#define TEMPLATE_MAX 1048576 /* what CloudFormation takes from S3 */
#define CONFIGURATION_MAX 102400

bool stack_template_split(struct arena *arena, const char *value, const char **artifact, const char **file) {
    const char *colons = value ? strstr(value, "::") : NULL;
    if (!colons || colons == value || !colons[2])
        return false;
    *artifact = arena_strndup(arena, value, (size_t)(colons - value));
    *file = colons + 2;
    return true;
}

static bool refuse(struct err *err, const char *key, const struct err *own) {
    return err_set_code(err, own->kind == ERR_NONE ? ERR_INVALID : own->kind, "ConfigurationError", "%s: %s", key,
                        own->message);
}

static bool read_file(struct job *job, const char *key, const char *artifact, const char *file, size_t ceiling,
                      const char **text, size_t *size, struct err *err) {
    const char *zip;
    struct err own = {0};
    if (!job_input(job, artifact, &zip, &own))
        return own.kind == ERR_NOT_FOUND ? refuse(err, key, &own) : err_set(err, own.kind, "%s", own.message);
    if (zip_read(job->arena, zip, file, ceiling, text, size, &own))
        return true;
    if (own.kind == ERR_NOT_FOUND)
        (void)err_set(&own, ERR_INVALID, "did not find the file '%s' in the input artifact '%s'", file, artifact);
    return refuse(err, key, &own);
}

static bool read_named(struct job *job, const char *key, size_t ceiling, const char **text, size_t *size,
                       struct err *err) {
    const char *value = job_setting(job, key);
    const char *artifact;
    const char *file;
    if (!stack_template_split(job->arena, value, &artifact, &file))
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "%s must be ARTIFACT::FILE, not '%.200s'", key,
                            value ? value : "");
    return read_file(job, key, artifact, file, ceiling, text, size, err);
}

static bool parse_object(struct job *job, const char *key, const char *text, size_t size, const struct json **out,
                         struct err *err) {
    struct err own = {0};
    if (!json_parse(job->arena, text, size, out, &own))
        return refuse(err, key, &own);
    return (*out)->type == JSON_OBJECT ||
           err_set_code(err, ERR_INVALID, "ConfigurationError", "%s must be a JSON object, not a %s", key,
                        json_type_name((*out)->type));
}

static bool read_template(struct job *job, struct stack_template *out, struct err *err) {
    const char *text;
    size_t size;
    struct stored_artifact stored;
    if (!read_named(job, "TemplatePath", TEMPLATE_MAX, &text, &size, err))
        return false;
    if (size <= BODY_MAX) {
        out->body = text;
        return true;
    }
    if (!stored_artifact_put_text(job, "template", text, size, &stored, err))
        return false;
    out->url = stored_artifact_url(job, &stored);
    return true;
}

static bool check_texts(const char *key, const struct json *object, struct err *err) {
    json_each(member, object) {
        if (member->type != JSON_TEXT)
            return err_set_code(err, ERR_INVALID, "ConfigurationError",
                                "%s: the value of '%s' must be a text, not a %s", key, member->name,
                                json_type_name(member->type));
    }
    return true;
}

static bool read_configuration(struct job *job, struct stack_template *out, struct json *parameters, struct err *err) {
    const char *value = job_setting(job, "TemplateConfiguration");
    const struct json *root;
    const char *text;
    size_t size;
    if (!value || !*value)
        return true;
    if (!read_named(job, "TemplateConfiguration", CONFIGURATION_MAX, &text, &size, err) ||
        !parse_object(job, "TemplateConfiguration", text, size, &root, err))
        return false;
    const struct json *given = json_get(root, "Parameters");
    out->tags = json_get(root, "Tags");
    out->policy = json_get(root, "StackPolicy");
    if (!check_texts("TemplateConfiguration, Parameters", given, err) ||
        !check_texts("TemplateConfiguration, Tags", out->tags, err))
        return false;
    json_each(parameter, given) json_set_text(job->arena, parameters, parameter->name, parameter->text);
    return true;
}

/* {"Fn::GetArtifactAtt": [artifact, "BucketName" | "ObjectKey" | "URL"]} */
static bool get_attribute(struct job *job, const char *artifact, const char *attribute, const char **out,
                          struct err *err) {
    struct stored_artifact stored;
    if (!stored_artifact_put(job, artifact, &stored, err))
        return false;
    *out = str_equal(attribute, "BucketName")  ? stored.bucket
           : str_equal(attribute, "ObjectKey") ? stored.key
           : str_equal(attribute, "URL")       ? stored_artifact_url(job, &stored)
                                               : NULL;
    return *out || err_set_code(err, ERR_INVALID, "ConfigurationError",
                                "ParameterOverrides: Fn::GetArtifactAtt knows BucketName, ObjectKey and URL, not "
                                "'%.100s'",
                                attribute);
}

/* {"Fn::GetParam": [artifact, file, key]} */
static bool get_parameter(struct job *job, const struct json *list, const char **out, struct err *err) {
    const char *artifact = list->first->text;
    const char *file = list->first->next->text;
    const char *key = list->last->text;
    const struct json *root;
    const char *text;
    size_t size;
    if (!read_file(job, "ParameterOverrides", artifact, file, CONFIGURATION_MAX, &text, &size, err) ||
        !parse_object(job, file, text, size, &root, err))
        return false;
    *out = json_get_text(root, key);
    return *out || err_set_code(err, ERR_INVALID, "ConfigurationError",
                                "ParameterOverrides: '%s' of artifact '%s' has no text '%s'", file, artifact, key);
}

static bool is_list_of_texts(const struct json *value, size_t count) {
    json_each(item, value) {
        if (item->type != JSON_TEXT)
            return false;
    }
    return value && value->type == JSON_ARRAY && value->count == count;
}

static bool override_value(struct job *job, const struct json *member, const char **out, struct err *err) {
    const struct json *attribute = json_get(member, "Fn::GetArtifactAtt");
    const struct json *parameter = json_get(member, "Fn::GetParam");
    *out = member->text;
    if (member->type == JSON_TEXT)
        return true;
    if (is_list_of_texts(attribute, 2))
        return get_attribute(job, attribute->first->text, attribute->last->text, out, err);
    if (is_list_of_texts(parameter, 3))
        return get_parameter(job, parameter, out, err);
    return err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "ParameterOverrides: the value of '%s' must be a text, {\"Fn::GetArtifactAtt\": [ARTIFACT, "
                        "ATTRIBUTE]} or {\"Fn::GetParam\": [ARTIFACT, FILE, KEY]}",
                        member->name);
}

static bool read_overrides(struct job *job, struct json *parameters, struct err *err) {
    const char *text = job_setting(job, "ParameterOverrides");
    const struct json *root;
    if (!text || !*text)
        return true;
    if (!parse_object(job, "ParameterOverrides", text, strlen(text), &root, err))
        return false;
    json_each(member, root) {
        const char *value;
        if (!override_value(job, member, &value, err))
            return false;
        json_set_text(job->arena, parameters, member->name, value);
    }
    return true;
}

bool stack_template_read(struct job *job, struct stack_template *out, struct err *err) {
    struct json *parameters = json_object(job->arena);
    *out = (struct stack_template){.parameters = parameters};
    return read_template(job, out, err) && read_configuration(job, out, parameters, err) &&
           read_overrides(job, parameters, err);
}
