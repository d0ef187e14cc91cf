/*
 * GetSecretValue.
 */
#include "runner/aws/secrets_manager.h"

#include "common/str.h"
#include "runner/aws/refusal.h"

#include <string.h>

#define ARN_COLONS 6 /* arn:aws:secretsmanager:region:account:secret:name */

static const char *region_of(struct arena *arena, const struct secret_query *query) {
    const char *at = query->secret;
    if (!str_starts_with(at, "arn:"))
        return query->region;
    for (int i = 0; at && i < 3; i++) {
        at = strchr(at, ':');
        at = at ? at + 1 : NULL;
    }
    return at && strcspn(at, ":") > 0 ? arena_strndup(arena, at, strcspn(at, ":")) : query->region;
}

static bool refuse(const struct secret_query *query, const struct aws_refusal *refused, const struct err *own,
                   struct err *err) {
    (void)query;
    if (!refused->type || !*refused->type)
        return err_set(err, own->kind, "%s", own->message);
    return err_set(err, own->kind, "%s: %.700s", refused->type, refused->message);
}

/* A member that is no text is taken as it is written in JSON, as CodeBuild does with numbers. */
bool secret_member(const struct secret_query *query, struct arena *arena, const char *text, const char **value,
                   struct err *err) {
    const struct json *root = NULL;
    if (!query->json_key || !*query->json_key) {
        *value = text;
        return true;
    }
    if (!json_parse(arena, text, strlen(text), &root, NULL) || root->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "the secret '%.300s' is no JSON object, so it has no key '%.100s'",
                       query->secret, query->json_key);
    const struct json *found = json_get(root, query->json_key);
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "the secret '%.300s' has no key '%.100s'", query->secret, query->json_key);
    *value = found->type == JSON_TEXT ? found->text : json_print(arena, found);
    return true;
}

bool secret_text(const struct secret_query *query, struct arena *arena, const char **text, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    struct aws_refusal refused = {0};
    struct err own = {0};
    json_set_text(arena, body, "SecretId", query->secret);
    json_set_text(arena, body, "VersionStage", query->version_stage);
    json_set_text(arena, body, "VersionId", query->version_id);
    const struct aws_request request = {.service = "secrets-manager",
                                        .signing_name = "secretsmanager",
                                        .host_prefix = "secretsmanager",
                                        .region = region_of(arena, query),
                                        .target = "secretsmanager",
                                        .operation = "GetSecretValue",
                                        .body = body,
                                        .refused = &refused,
                                        .interrupted = query->interrupted,
                                        .context = query->context};
    if (!aws_call(query->aws, arena, &request, &answer, &own))
        return refuse(query, &refused, &own, err);
    *text = json_get_text(answer, "SecretString");
    return *text ||
           err_set(err, ERR_INVALID, "the secret '%.300s' is binary; only a text can be a variable", query->secret);
}

bool secret_find(const struct secret_query *query, struct arena *arena, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    struct err own = {0};
    json_set_text(arena, body, "SecretId", query->secret);
    const struct aws_request request = {.service = "secrets-manager",
                                        .signing_name = "secretsmanager",
                                        .host_prefix = "secretsmanager",
                                        .region = region_of(arena, query),
                                        .target = "secretsmanager",
                                        .operation = "DescribeSecret",
                                        .body = body,
                                        .interrupted = query->interrupted,
                                        .context = query->context};
    if (!aws_call(query->aws, arena, &request, &answer, &own)) {
        if (own.kind == ERR_NOT_FOUND)
            return err_set(err, ERR_NOT_FOUND, "there is no secret '%.300s'", query->secret);
        return err_set(err, own.kind, "%s", own.message);
    }
    return !json_get(answer, "DeletedDate") ||
           err_set(err, ERR_NOT_FOUND, "the secret '%.300s' is about to be deleted", query->secret);
}

bool secret_value(const struct secret_query *query, struct arena *arena, const char **value, struct err *err) {
    const char *text = NULL;
    return secret_text(query, arena, &text, err) && secret_member(query, arena, text, value, err);
}

bool secret_reference(struct arena *arena, const char *reference, struct secret_query *out, struct err *err) {
    const char **parts[] = {&out->json_key, &out->version_stage, &out->version_id};
    const char *end = reference;
    if (str_starts_with(reference, "arn:"))
        for (int i = 0; end && i < ARN_COLONS; i++) {
            end = strchr(end, ':');
            end = end ? end + 1 : NULL;
        }
    if (!end || !*end || *end == ':')
        return err_set(err, ERR_INVALID, "'%.300s' names no secret", reference);
    end += strcspn(end, ":");
    out->secret = arena_strndup(arena, reference, (size_t)(end - reference));
    for (size_t i = 0; i < sizeof parts / sizeof *parts && *end; i++) {
        size_t length = strcspn(end + 1, ":");
        *parts[i] = length > 0 ? arena_strndup(arena, end + 1, length) : NULL;
        end += 1 + length;
    }
    if (*end)
        return err_set(err, ERR_INVALID,
                       "'%.300s' has too many parts; write secret-id:json-key:version-stage:version-id", reference);
    if (out->version_stage && out->version_id)
        return err_set(err, ERR_INVALID, "'%.300s' names a version's stage and its id; one of them is enough",
                       reference);
    return true;
}
