/*
 * The protocols of AWS's services, and lists that come in pages.
 */
#include "runner/aws/call.h"

#include "common/str.h"
#include "runner/aws/exchange.h"
#include "runner/aws/xml.h"

#include <string.h>

#define ITEMS_MAX 10000

bool aws_call(struct aws *aws, struct arena *arena, const struct aws_request *request, const struct json **answer,
              struct err *err) {
    struct exchange exchange = {
        .aws = aws,
        .request = request,
        .content_type = arena_printf(arena, "application/x-amz-json-%s", request->json ? request->json : "1.1"),
        .target = arena_printf(arena, "%s.%s", request->target, request->operation),
        .method = "POST",
        .path = "",
        .body = request->body ? json_print(arena, request->body) : "{}"};
    struct http_answer reply;
    exchange.body_size = strlen(exchange.body);
    if (!exchange_carry_out(&exchange, arena, &reply, err))
        return false;
    if (reply.body_size == 0) { /* of operations that answer with nothing */
        *answer = json_object(arena);
        return true;
    }
    return json_parse(arena, reply.body, reply.body_size, answer, err) ||
           err_wrap(err, "%s %s: the answer", request->service, request->operation);
}

static const char *form(struct arena *arena, const struct aws_request *request) {
    const char *text = arena_printf(arena, "Action=%s&Version=%s", request->operation, request->version);
    for (size_t i = 0; i < request->parameter_count; i++)
        text = arena_printf(arena, "%s&%s=%s", text, http_encode(arena, request->parameters[i].name, false),
                            http_encode(arena, request->parameters[i].value, false));
    return text;
}

bool aws_call_query(struct aws *aws, struct arena *arena, const struct aws_request *request, const struct json **answer,
                    struct err *err) {
    struct exchange exchange = {.aws = aws,
                                .request = request,
                                .content_type = "application/x-www-form-urlencoded; charset=utf-8",
                                .method = "POST",
                                .path = "",
                                .body = form(arena, request)};
    struct http_answer reply;
    exchange.body_size = strlen(exchange.body);
    const struct json *root = NULL;
    if (!exchange_carry_out(&exchange, arena, &reply, err))
        return false;
    if (!xml_parse(arena, reply.body, reply.body_size, &root, err))
        return err_wrap(err, "%s %s: the answer", request->service, request->operation);
    *answer = json_get(root, arena_printf(arena, "%sResult", request->operation));
    return true;
}

bool aws_call_rest(struct aws *aws, struct arena *arena, const struct aws_request *request, struct http_answer *answer,
                   bool *unknown, struct err *err) {
    struct exchange exchange = {.aws = aws,
                                .request = request,
                                .content_type = request->base ? NULL : "application/json",
                                .method = request->method ? request->method : "POST",
                                .path = request->path,
                                .body = request->payload ? request->payload : "",
                                .body_size = request->payload_size};
    if (exchange.body_size == 0)
        exchange.body_size = strlen(exchange.body);
    bool good = exchange_carry_out(&exchange, arena, answer, err);
    if (unknown)
        *unknown = !good && exchange.unknown;
    return good;
}

/* ---- lists ---- */

static bool ask_page(struct aws *aws, struct arena *arena, const struct aws_request *request, const char *name,
                     const char *token, const struct json **answer, struct err *err) {
    struct aws_request page = *request;
    if (request->target) {
        struct json *body = request->body ? json_copy(arena, request->body) : json_object(arena);
        if (token)
            json_set_text(arena, body, name, token);
        page.body = body;
        return aws_call(aws, arena, &page, answer, err);
    }
    struct aws_parameter *parameters = arena_array(arena, struct aws_parameter, request->parameter_count + 1);
    for (size_t i = 0; i < request->parameter_count; i++)
        parameters[i] = request->parameters[i];
    if (token)
        parameters[page.parameter_count++] = (struct aws_parameter){.name = name, .value = token};
    page.parameters = parameters;
    return aws_call_query(aws, arena, &page, answer, err);
}

bool aws_call_all(struct aws *aws, struct arena *arena, const struct aws_request *request,
                  const struct aws_pages *pages, const struct json **items, struct err *err) {
    struct json *all = json_array(arena);
    const char *name = pages->asked ? pages->asked : pages->token;
    const char *token = NULL;
    do {
        const struct json *answer = NULL;
        const char *next;
        if (!ask_page(aws, arena, request, name, token, &answer, err))
            return false;
        const struct json *list = json_get(answer, pages->list);
        for (const struct json *item = list ? list->first : NULL; item; item = item->next)
            json_append(all, json_copy(arena, item));
        if (all->count > (pages->most ? pages->most : ITEMS_MAX))
            return err_set(err, ERR_LIMIT, "%s %s: more than %zu of them", request->service, request->operation,
                           pages->most ? pages->most : (size_t)ITEMS_MAX);
        next = json_get_text(answer, pages->token);
        if (next && str_equal(next, token))
            return err_set(err, ERR_INTERNAL, "%s %s: the same page comes again and again", request->service,
                           request->operation);
        token = next;
    } while (token && *token);
    *items = all;
    return true;
}
