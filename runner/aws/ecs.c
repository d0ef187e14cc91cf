/*
 * ECS, 2014-11-13.
 */
#include "runner/aws/ecs.h"

#include "common/str.h"
#include "runner/aws/refusal.h"

#include <string.h>

#define PAGE_SIZE 100

static bool is_describing(const char *operation) {
    return str_starts_with(operation, "Describe") || str_starts_with(operation, "List");
}

static struct aws_request request_of(const struct ecs *ecs, const char *operation, const struct json *body) {
    return (struct aws_request){.service = "ecs",
                                .host_prefix = "ecs",
                                .region = ecs->region,
                                .target = "AmazonEC2ContainerServiceV20141113",
                                .operation = operation,
                                .body = body,
                                .once = str_equal(operation, "RegisterTaskDefinition"),
                                .urgent = ecs->urgent,
                                .client = is_describing(operation) ? ecs->client : NULL,
                                .refused = ecs->refused,
                                .interrupted = ecs->interrupted,
                                .context = ecs->context};
}

static void count_calls(const struct ecs *ecs, size_t calls) {
    if (ecs->calls)
        *ecs->calls += (int64_t)calls;
}

static bool refuse(const struct ecs *ecs, const struct err *own, struct err *err) {
    if (strstr(own->message, "ClusterNotFoundException"))
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                            "no cluster '%s' in region '%s'; create it, or correct ClusterName", ecs->cluster,
                            ecs->region);
    if (err)
        *err = *own;
    return false;
}

static bool call(const struct ecs *ecs, struct arena *arena, const char *operation, const struct json *body,
                 const struct json **answer, struct err *err) {
    const struct aws_request request = request_of(ecs, operation, body);
    struct err own = {0};
    count_calls(ecs, 1);
    return aws_call(ecs->aws, arena, &request, answer, &own) || refuse(ecs, &own, err);
}

/* All pages of a list. */
static bool call_all(const struct ecs *ecs, struct arena *arena, const char *operation, const struct json *body,
                     const char *list, const struct json **items, struct err *err) {
    const struct aws_request request = request_of(ecs, operation, body);
    const struct aws_pages pages = {.list = list, .token = "nextToken"};
    struct err own = {0};
    if (!aws_call_all(ecs->aws, arena, &request, &pages, items, &own)) {
        count_calls(ecs, 1);
        return refuse(ecs, &own, err);
    }
    count_calls(ecs, (*items)->count / PAGE_SIZE + 1);
    return true;
}

bool ecs_describe_service(const struct ecs *ecs, struct arena *arena, const struct json **service, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "cluster", ecs->cluster);
    json_append_text(arena, json_set_array(arena, body, "services"), ecs->service);
    if (!call(ecs, arena, "DescribeServices", body, &answer, err))
        return false;
    const struct json *services = json_get(answer, "services");
    if (!services || services->count == 0)
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError", "no service '%s' in cluster '%s'", ecs->service,
                            ecs->cluster);
    const char *status = json_get_text_or(services->first, "status", "ACTIVE");
    if (!str_equal(status, "ACTIVE"))
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError", "service '%s' in cluster '%s' is %s, not ACTIVE",
                            ecs->service, ecs->cluster, status);
    *service = services->first;
    return true;
}

bool ecs_describe_task_definition(const struct ecs *ecs, struct arena *arena, const char *arn,
                                  const struct json **answer, struct err *err) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "taskDefinition", arn);
    json_append_text(arena, json_set_array(arena, body, "include"), "TAGS");
    if (!call(ecs, arena, "DescribeTaskDefinition", body, answer, err))
        return false;
    return json_get(*answer, "taskDefinition") ||
           err_set(err, ERR_INTERNAL, "ECS answered without the task definition '%s'", arn);
}

bool ecs_register(const struct ecs *ecs, struct arena *arena, const struct json *definition, const char **arn,
                  struct err *err) {
    const struct json *answer = NULL;
    if (!call(ecs, arena, "RegisterTaskDefinition", definition, &answer, err))
        return false;
    *arn = json_get_text(json_get(answer, "taskDefinition"), "taskDefinitionArn");
    return *arn || err_set(err, ERR_INTERNAL, "ECS registered a task definition without an ARN");
}

bool ecs_update_service(const struct ecs *ecs, struct arena *arena, const char *task_definition,
                        const struct json **service, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "cluster", ecs->cluster);
    json_set_text(arena, body, "service", ecs->service);
    json_set_text(arena, body, "taskDefinition", task_definition);
    if (!call(ecs, arena, "UpdateService", body, &answer, err))
        return false;
    *service = json_get(answer, "service");
    return *service || err_set(err, ERR_INTERNAL, "ECS updated the service without saying how");
}

bool ecs_list_service_deployments(const struct ecs *ecs, struct arena *arena, int64_t since_ms,
                                  const struct json **list, struct err *err) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "cluster", ecs->cluster);
    json_set_text(arena, body, "service", ecs->service);
    json_set_time(arena, json_set_object(arena, body, "createdAt"), "after", since_ms);
    json_set_integer(arena, body, "maxResults", PAGE_SIZE);
    return call_all(ecs, arena, "ListServiceDeployments", body, "serviceDeployments", list, err);
}

bool ecs_newest_success(const struct ecs *ecs, struct arena *arena, const struct json **deployment, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "cluster", ecs->cluster);
    json_set_text(arena, body, "service", ecs->service);
    json_append_text(arena, json_set_array(arena, body, "status"), "SUCCESSFUL");
    if (!call(ecs, arena, "ListServiceDeployments", body, &answer, err))
        return false;
    *deployment = NULL;
    json_each(candidate, json_get(answer, "serviceDeployments")) {
        if (!*deployment && str_equal(json_get_text(candidate, "status"), "SUCCESSFUL"))
            *deployment = candidate;
    }
    return true;
}

/* One of what a list of ARNs is asked for. */
static bool describe_one(const struct ecs *ecs, struct arena *arena, const char *operation, const char *question,
                         const char *member, const char *arn, const struct json **out, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_append_text(arena, json_set_array(arena, body, question), arn);
    if (!call(ecs, arena, operation, body, &answer, err))
        return false;
    const struct json *found = json_get(answer, member);
    if (!found || found->count == 0)
        return err_set(err, ERR_NOT_FOUND, "ECS knows nothing of '%s'", arn);
    *out = found->first;
    return true;
}

bool ecs_describe_service_deployment(const struct ecs *ecs, struct arena *arena, const char *arn,
                                     const struct json **deployment, struct err *err) {
    return describe_one(ecs, arena, "DescribeServiceDeployments", "serviceDeploymentArns", "serviceDeployments", arn,
                        deployment, err);
}

bool ecs_describe_service_revision(const struct ecs *ecs, struct arena *arena, const char *arn,
                                   const struct json **revision, struct err *err) {
    return describe_one(ecs, arena, "DescribeServiceRevisions", "serviceRevisionArns", "serviceRevisions", arn,
                        revision, err);
}

bool ecs_stop_service_deployment(const struct ecs *ecs, struct arena *arena, const char *arn, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer;
    struct aws_refusal refused = {.type = ""};
    struct ecs own = *ecs;
    own.refused = &refused;
    json_set_text(arena, body, "serviceDeploymentArn", arn);
    json_set_text(arena, body, "stopType", "ROLLBACK");
    const bool good = call(&own, arena, "StopServiceDeployment", body, &answer, err);
    if (ecs->refused)
        *ecs->refused = refused;
    if (!good && err && str_equal(refused.type, "ConflictException"))
        err->kind = ERR_CONFLICT;
    return good;
}

bool ecs_continue_service_deployment(const struct ecs *ecs, struct arena *arena, const char *arn, const char *hook,
                                     bool go_on, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer;
    json_set_text(arena, body, "serviceDeploymentArn", arn);
    json_set_text(arena, body, "hookId", hook);
    json_set_text(arena, body, "action", go_on ? "CONTINUE" : "ROLLBACK");
    return call(ecs, arena, "ContinueServiceDeployment", body, &answer, err);
}

bool ecs_has_no_service_deployments(const struct aws_refusal *refusal) {
    static const char *const names[] = {"UnsupportedFeatureException",
                                        "UnknownOperationException",
                                        "UnknownOperation",
                                        "InvalidAction",
                                        "InvalidActionException",
                                        NULL};
    for (size_t i = 0; names[i]; i++)
        if (str_equal(refusal->type, names[i]))
            return true;
    return refusal->status == 404 || refusal->status == 501;
}

bool ecs_describe_tasks(const struct ecs *ecs, struct arena *arena, const char *const *tasks, size_t count,
                        const struct json **out, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "cluster", ecs->cluster);
    struct json *list = json_set_array(arena, body, "tasks");
    for (size_t i = 0; i < count && i < PAGE_SIZE; i++)
        json_append_text(arena, list, tasks[i]);
    if (!call(ecs, arena, "DescribeTasks", body, &answer, err))
        return false;
    *out = json_get(answer, "tasks");
    return true;
}

static struct json *tasks_wanted(const struct ecs *ecs, struct arena *arena, const char *status) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "cluster", ecs->cluster);
    json_set_text(arena, body, "serviceName", ecs->service);
    json_set_text(arena, body, "desiredStatus", status);
    json_set_integer(arena, body, "maxResults", PAGE_SIZE);
    return body;
}

/* From *arn on, as many as one call may name; *arn is then the first of the others. */
static bool describe_page(const struct ecs *ecs, struct arena *arena, const struct json **arn, struct json *tasks,
                          struct err *err) {
    const char *names[PAGE_SIZE];
    const struct json *found = NULL;
    size_t count = 0;
    for (; *arn && count < PAGE_SIZE; *arn = (*arn)->next)
        if ((*arn)->type == JSON_TEXT)
            names[count++] = (*arn)->text;
    if (count > 0 && !ecs_describe_tasks(ecs, arena, names, count, &found, err))
        return false;
    json_each(task, found) json_append(tasks, json_copy(arena, task));
    return true;
}

bool ecs_stopped_tasks(const struct ecs *ecs, struct arena *arena, const struct json **tasks, struct err *err) {
    const struct json *answer = NULL;
    struct json *found = json_array(arena);
    if (!call(ecs, arena, "ListTasks", tasks_wanted(ecs, arena, "STOPPED"), &answer, err))
        return false;
    const struct json *arns = json_get(answer, "taskArns");
    const struct json *arn = arns ? arns->first : NULL;
    if (!describe_page(ecs, arena, &arn, found, err))
        return false;
    *tasks = found->count ? found : NULL;
    return true;
}

bool ecs_running_tasks(const struct ecs *ecs, struct arena *arena, const struct json **tasks, struct err *err) {
    const struct json *arns = NULL;
    struct json *found = json_array(arena);
    if (!call_all(ecs, arena, "ListTasks", tasks_wanted(ecs, arena, "RUNNING"), "taskArns", &arns, err))
        return false;
    for (const struct json *arn = arns->first; arn;)
        if (!describe_page(ecs, arena, &arn, found, err))
            return false;
    *tasks = found->count ? found : NULL;
    return true;
}

bool ecs_list_revisions(const struct ecs *ecs, struct arena *arena, const char *family, const struct json **arns,
                        struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "familyPrefix", family);
    json_set_text(arena, body, "sort", "DESC");
    json_set_integer(arena, body, "maxResults", 10);
    if (!call(ecs, arena, "ListTaskDefinitions", body, &answer, err))
        return false;
    *arns = json_get(answer, "taskDefinitionArns");
    return true;
}
