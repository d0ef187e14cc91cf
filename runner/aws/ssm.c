/*
 * GetParameters, ten at a time as it takes them; DescribeParameters, fifty at a time.
 */
#include "runner/aws/ssm.h"

#include "common/str.h"
#include "runner/aws/refusal.h"

#include <string.h>

#define AT_A_TIME 10
#define NAMES_CEILING 600
#define FOUND_AT_A_TIME 50

/* A parameter comes back by its bare name, by its ARN where it was asked so, and with the selector apart. */
static bool is_same(const struct json *parameter, const char *asked) {
    const char *name = json_get_text_or(parameter, "Name", "");
    const char *selector = json_get_text_or(parameter, "Selector", "");
    size_t length = strlen(name);
    return str_equal(json_get_text(parameter, "ARN"), asked) ||
           (strncmp(name, asked, length) == 0 && str_equal(asked + length, selector));
}

static const char *value_of(const struct json *answer, const char *asked) {
    json_each(parameter, json_get(answer, "Parameters")) if (is_same(parameter, asked)) return json_get_text(parameter,
                                                                                                             "Value");
    return NULL;
}

static bool get(const struct ssm_query *query, struct arena *arena, size_t first, size_t count, const char **values,
                struct str *missing, struct aws_refusal *refused, struct err *err) {
    struct json *body = json_object(arena);
    struct json *names = json_set_array(arena, body, "Names");
    const struct json *answer = NULL;
    json_set_bool(arena, body, "WithDecryption", true);
    for (size_t i = first; i < first + count; i++) {
        bool repeated = false;
        json_each(name, names) repeated = repeated || str_equal(name->text, query->names[i]);
        if (!repeated) /* which SSM refuses */
            json_append_text(arena, names, query->names[i]);
    }
    const struct aws_request request = {.service = "ssm",
                                        .host_prefix = "ssm",
                                        .region = query->region,
                                        .target = "AmazonSSM",
                                        .operation = "GetParameters",
                                        .body = body,
                                        .refused = refused,
                                        .interrupted = query->interrupted,
                                        .context = query->context};
    if (!aws_call(query->aws, arena, &request, &answer, err))
        return false;
    for (size_t i = first; i < first + count; i++) {
        values[i] = value_of(answer, query->names[i]);
        if (!values[i])
            str_printf(missing, "%s%s", missing->length ? ", " : "", query->names[i]);
    }
    return true;
}

bool ssm_parameters(const struct ssm_query *query, struct arena *arena, const char **values, const char **failed,
                    struct err *err) {
    struct str missing CLEANUP(str_release) = STR_INIT(NAMES_CEILING);
    *failed = "";
    for (size_t i = 0; i < query->count; i += AT_A_TIME) {
        struct aws_refusal refused = {.type = ""};
        size_t left = query->count - i;
        if (get(query, arena, i, left < AT_A_TIME ? left : AT_A_TIME, values, &missing, &refused, err))
            continue;
        *failed = refused.type ? refused.type : "";
        return false;
    }
    return missing.length == 0 || err_set(err, ERR_NOT_FOUND, "parameter does not exist: %s", str_text(&missing));
}

/* The parameters "name" and "/name" are the same one to an ARN, and not to SSM. */
static const char *without_slash(const char *name) {
    return *name == '/' && !strchr(name + 1, '/') ? name + 1 : name;
}

static bool find_some(const struct ssm_query *query, struct arena *arena, size_t first, size_t count, bool *found,
                      struct err *err) {
    struct json *body = json_object(arena);
    struct json *filter = json_append_object(arena, json_set_array(arena, body, "ParameterFilters"));
    json_set_text(arena, filter, "Key", "Name");
    json_set_text(arena, filter, "Option", "Equals");
    struct json *values = json_set_array(arena, filter, "Values");
    for (size_t i = first; i < first + count; i++) {
        const char *name = without_slash(query->names[i]);
        json_append_text(arena, values, name);
        if (!strchr(name, '/'))
            json_append_text(arena, values, arena_printf(arena, "/%s", name));
    }
    json_set_integer(arena, body, "MaxResults", FOUND_AT_A_TIME);
    const struct aws_request request = {.service = "ssm",
                                        .host_prefix = "ssm",
                                        .region = query->region,
                                        .target = "AmazonSSM",
                                        .operation = "DescribeParameters",
                                        .body = body,
                                        .interrupted = query->interrupted,
                                        .context = query->context};
    const struct aws_pages pages = {.list = "Parameters", .token = "NextToken"};
    const struct json *parameters = NULL;
    if (!aws_call_all(query->aws, arena, &request, &pages, &parameters, err))
        return false;
    for (size_t i = first; i < first + count; i++)
        json_each(parameter, parameters) found[i] =
            found[i] ||
            str_equal(without_slash(json_get_text_or(parameter, "Name", "")), without_slash(query->names[i]));
    return true;
}

bool ssm_find(const struct ssm_query *query, struct arena *arena, bool *found, struct err *err) {
    const size_t most = FOUND_AT_A_TIME / 2; /* each may be asked for in two forms */
    for (size_t i = 0; i < query->count; i += most) {
        size_t left = query->count - i;
        if (!find_some(query, arena, i, left < most ? left : most, found, err))
            return false;
    }
    return true;
}
