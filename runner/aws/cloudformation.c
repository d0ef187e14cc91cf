/*
 * CloudFormation, 2010-05-15, by the Query protocol.
 */
#include "runner/aws/cloudformation.h"

#include "common/str.h"

#include <string.h>

/* Parameters of a call as they gather. */
struct form {
    struct arena *arena;
    struct aws_parameter *items;
    size_t count;
    size_t capacity;
};

static void put(struct form *form, const char *name, const char *value) {
    if (!value)
        return;
    if (form->count == form->capacity)
        form->items = arena_grow(form->arena, form->items, sizeof *form->items, &form->capacity);
    form->items[form->count++] = (struct aws_parameter){.name = name, .value = value};
}

static void put_pairs(struct form *form, const char *list, const char *key, const char *value,
                      const struct json *pairs) {
    int number = 1;
    json_each(pair, pairs) {
        put(form, arena_printf(form->arena, "%s.member.%d.%s", list, number, key), pair->name);
        put(form, arena_printf(form->arena, "%s.member.%d.%s", list, number++, value), pair->text ? pair->text : "");
    }
}

static void put_list(struct form *form, const char *list, const char *words) {
    int number = 1;
    for (const char *at = words; at && *at;) {
        size_t length = strcspn(at, ", ");
        if (length > 0)
            put(form, arena_printf(form->arena, "%s.member.%d", list, number++),
                arena_strndup(form->arena, at, length));
        at += length + (at[length] != '\0');
    }
}

static bool call(const struct cloudformation *cloudformation, const char *operation, const struct form *form,
                 const struct json **answer, struct err *err) {
    const struct aws_request request = {.service = "cloudformation",
                                        .host_prefix = "cloudformation",
                                        .region = cloudformation->region,
                                        .operation = operation,
                                        .version = "2010-05-15",
                                        .parameters = form->items,
                                        .parameter_count = form->count,
                                        .urgent = cloudformation->urgent,
                                        .interrupted = cloudformation->interrupted,
                                        .context = cloudformation->context};
    *answer = NULL;
    return aws_call_query(cloudformation->aws, form->arena, &request, answer, err);
}

static bool is_missing(const struct err *err) {
    return strstr(err->message, "does not exist") || strstr(err->message, "ChangeSetNotFound");
}

bool cloudformation_stack(const struct cloudformation *cloudformation, struct arena *arena, const char *name,
                          const struct json **stack, struct err *err) {
    struct form form = {.arena = arena};
    const struct json *answer;
    struct err own = {0};
    *stack = NULL;
    put(&form, "StackName", name);
    if (call(cloudformation, "DescribeStacks", &form, &answer, &own)) {
        *stack = json_first(json_get(answer, "Stacks"));
        return true;
    }
    return is_missing(&own) || err_set_code(err, own.kind, own.code, "%s", own.message);
}

bool cloudformation_events(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                           const struct json **events, struct err *err) {
    struct form form = {.arena = arena};
    const struct json *answer;
    struct err own = {0};
    *events = NULL;
    put(&form, "StackName", stack);
    if (call(cloudformation, "DescribeStackEvents", &form, &answer, &own)) {
        *events = json_get(answer, "StackEvents");
        return true;
    }
    return is_missing(&own) || err_set_code(err, own.kind, own.code, "%s", own.message);
}

bool cloudformation_send(const struct cloudformation *cloudformation, struct arena *arena,
                         const struct cloudformation_order *order, const char **id, struct err *err) {
    struct form form = {.arena = arena};
    const struct json *answer;
    put(&form, "StackName", order->stack);
    put(&form, order->change_set ? "ClientToken" : "ClientRequestToken", order->token);
    put(&form, "TemplateBody", order->template_body);
    put(&form, "TemplateURL", order->template_url);
    put(&form, "RoleARN", order->role_arn && *order->role_arn ? order->role_arn : NULL);
    put(&form, "ChangeSetName", order->change_set);
    put(&form, "ChangeSetType", order->change_set_type);
    put(&form, "StackPolicyBody", order->stack_policy ? json_print(arena, order->stack_policy) : NULL);
    put_list(&form, "Capabilities", order->capabilities);
    put_pairs(&form, "Parameters", "ParameterKey", "ParameterValue", order->parameters);
    put_pairs(&form, "Tags", "Key", "Value", order->tags);
    if (!call(cloudformation, order->operation, &form, &answer, err))
        return false;
    *id = json_get_text(answer, "StackId");
    return true;
}

bool cloudformation_delete(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                           const char *token, const char *role_arn, struct err *err) {
    struct form form = {.arena = arena};
    const struct json *answer;
    put(&form, "StackName", stack);
    put(&form, "ClientRequestToken", token);
    put(&form, "RoleARN", role_arn && *role_arn ? role_arn : NULL);
    return call(cloudformation, "DeleteStack", &form, &answer, err);
}

bool cloudformation_cancel_update(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                                  const char *token, struct err *err) {
    struct form form = {.arena = arena};
    const struct json *answer;
    put(&form, "StackName", stack);
    put(&form, "ClientRequestToken", token);
    return call(cloudformation, "CancelUpdateStack", &form, &answer, err);
}

static struct form about_change_set(struct arena *arena, const char *stack, const char *name) {
    struct form form = {.arena = arena};
    put(&form, "StackName", stack);
    put(&form, "ChangeSetName", name);
    return form;
}

bool cloudformation_change_set(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                               const char *name, const struct json **change_set, struct err *err) {
    const struct form form = about_change_set(arena, stack, name);
    struct err own = {0};
    if (call(cloudformation, "DescribeChangeSet", &form, change_set, &own))
        return true;
    *change_set = NULL;
    return is_missing(&own) || err_set_code(err, own.kind, own.code, "%s", own.message);
}

bool cloudformation_delete_change_set(const struct cloudformation *cloudformation, struct arena *arena,
                                      const char *stack, const char *name, struct err *err) {
    const struct form form = about_change_set(arena, stack, name);
    const struct json *answer;
    struct err own = {0};
    return call(cloudformation, "DeleteChangeSet", &form, &answer, &own) || is_missing(&own) ||
           err_set_code(err, own.kind, own.code, "%s", own.message);
}

bool cloudformation_execute(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                            const char *name, const char *token, struct err *err) {
    struct form form = about_change_set(arena, stack, name);
    const struct json *answer;
    put(&form, "ClientRequestToken", token);
    return call(cloudformation, "ExecuteChangeSet", &form, &answer, err);
}

bool cloudformation_is_unchanged(const char *words) {
    return words && (strstr(words, "No updates are to be performed") || strstr(words, "didn't contain changes"));
}
