/*
 * IAM, 2010-05-08, by the Query protocol. It answers in one region of each partition.
 */
#include "runner/aws/iam.h"

#include "common/str.h"
#include "runner/aws/endpoint.h"

#include <stdio.h>
#include <string.h>

static const struct home {
    const char *regions; /* how their names begin */
    const char *region;
    const char *address;
} homes[] = {
    {"cn-", "cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn"},
    {"us-gov-", "us-gov-west-1", "https://iam.us-gov.amazonaws.com"},
    {"", "us-east-1", "https://iam.amazonaws.com"},
};

static const struct home *home_of(const char *region) {
    const struct home *home = homes;
    while (!str_starts_with(region, home->regions))
        home++;
    return home;
}

/* The policy's text is percent-encoded within the XML. */
static const char *decode(struct arena *arena, const char *text) {
    char *out = arena_strdup(arena, text);
    char *to = out;
    for (const char *from = text; *from; to++) {
        unsigned value;
        if (*from == '%' && sscanf(from + 1, "%2x", &value) == 1 && from[1] && from[2]) {
            *to = (char)value;
            from += 3;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return out;
}

bool iam_role(const struct iam *iam, struct arena *arena, const char *role, const struct json **trust,
              struct err *err) {
    const char *slash = str_starts_with(role, "arn:") ? strrchr(role, '/') : NULL;
    const char *name = slash ? slash + 1 : role;
    const struct aws_parameter of_role = {.name = "RoleName", .value = name};
    const struct home *home = home_of(iam->region);
    const char *given = aws_endpoint_given(arena, "iam");
    const struct aws_request request = {.service = "iam",
                                        .host_prefix = "iam",
                                        .base = given ? given : home->address,
                                        .region = home->region,
                                        .operation = "GetRole",
                                        .version = "2010-05-08",
                                        .parameters = &of_role,
                                        .parameter_count = 1,
                                        .interrupted = iam->interrupted,
                                        .context = iam->context};
    const struct json *result = NULL;
    struct err own = {0};
    if (!aws_call_query(iam->aws, arena, &request, &result, &own)) {
        if (strstr(own.message, ": NoSuchEntity"))
            return err_set(err, ERR_NOT_FOUND, "there is no role '%.200s'", name);
        if (err)
            *err = own;
        return false;
    }
    const char *policy = json_get_text(json_get(result, "Role"), "AssumeRolePolicyDocument");
    const char *text = policy ? decode(arena, policy) : "";
    return json_parse(arena, text, strlen(text), trust, err) || err_wrap(err, "the trust policy of role '%s'", name);
}

/* The word, or a pattern of it that ends with '*', in a text or a list of texts. */
static bool names(const struct json *value, const char *word) {
    if (value && value->type == JSON_TEXT) {
        const size_t length = strcspn(value->text, "*");
        return value->text[length] ? strncmp(value->text, word, length) == 0 : str_equal(value->text, word);
    }
    json_each(item, value && value->type == JSON_ARRAY ? value : NULL) {
        if (names(item, word))
            return true;
    }
    return false;
}

static bool allows(const struct json *statement, const char *service) {
    const struct json *principal = json_get(statement, "Principal");
    return str_equal(json_get_text(statement, "Effect"), "Allow") &&
           names(json_get(statement, "Action"), "sts:AssumeRole") &&
           (names(principal, service) || names(json_get(principal, "Service"), service));
}

bool iam_trusts(const struct json *trust, const char *service) {
    const struct json *statements = json_get(trust, "Statement");
    if (statements && statements->type == JSON_OBJECT)
        return allows(statements, service);
    json_each(statement, statements) {
        if (allows(statement, service))
            return true;
    }
    return false;
}
